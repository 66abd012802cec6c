"""Runs one marked handler: inbox, handler and commit as one, then the acknowledgement."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial

import msgspec
import structlog
from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from prometheus_client import Counter, Histogram

from taxlien.kit.backoff import Backoff
from taxlien.kit.bus.protocol import Bus, BusError, Delivery, Subscription
from taxlien.kit.database import Database, Session, describe, is_connection_lost
from taxlien.kit.errors import NotNow
from taxlien.kit.events import Envelope, Event, decode
from taxlien.kit.handlers import Handler, Unless, mark_of
from taxlien.kit.inbox import record_new
from taxlien.kit.turns import Turns

_LINKS = 32
_PASSING_SECONDS = 0.05  # packs come one after the other: one look for several

_log = structlog.get_logger("taxlien.kit.consumer")
_tracer = trace.get_tracer("taxlien.kit.consumer")
_propagator = TraceContextTextMapPropagator()
_consumed = Counter("taxlien_events_consumed", "Events handled and committed", ["group"])
_repeated = Counter("taxlien_events_repeated", "Events that the inbox knew already", ["group"])
_passed = Counter("taxlien_events_passed_over", "Events that meant nothing to a group", ["group"])
_failures = Counter("taxlien_handler_failures", "Attempts that failed", ["group"])
_letters = Counter("taxlien_dead_letters", "Events given up", ["group"])
_seconds = Histogram("taxlien_handler_seconds", "From inbox to commit", ["group"])


class _StoppedError(Exception):
    """Work was left undone, and unacknowledged, since the process is to stop."""


@dataclass(slots=True)
class _Item:
    """A delivery that could be read, and what it says."""

    delivery: Delivery
    envelope: Envelope
    event: Event


class Consumer:
    """Delivers events to one handler, at least once, with one effect, in the order of each key.

    A handler that fails is tried ``max_deliver`` times with growing pauses, while what follows
    waits; then the event becomes a dead letter. A batch that fails is taken apart first. While the
    database is away nothing counts as a try: the consumer waits for it.
    """

    def __init__(
        self,
        database: Database,
        bus: Bus,
        handler: Handler,
        *,
        service: str,
        max_deliver: int = 5,
        backoff: float = 0.2,
        longest_backoff: float = 30.0,
        turns: Turns | None = None,
    ) -> None:
        """``backoff`` is the first pause in seconds; ``turns`` are shared by those who give way.

        Raises ``TypeError`` for an unmarked handler.
        """
        mark = mark_of(handler)
        if mark is None:
            raise TypeError(f"{handler!r} listens to nothing: mark it with @on or @on_batch")
        self.group = f"{service}.{getattr(handler, '__name__', 'handler')}"
        self._database = database
        self._bus = bus
        self._handler = handler
        self._mark = mark
        self._kinds = {event.wire_type(): event for event in mark.events}
        self._max_deliver = max_deliver
        self._first_pause = backoff
        self._longest_pause = longest_backoff
        self._turns = turns or Turns()
        self._fetching = asyncio.timeout(None)

    async def run(self, stop: asyncio.Event) -> None:
        """Handle events until ``stop`` is set. Outlives the loss of the database and of the bus."""
        hurrying = asyncio.create_task(self._end_the_wait(stop))
        try:
            await self._run(stop)
        finally:
            hurrying.cancel()

    async def _run(self, stop: asyncio.Event) -> None:
        backoff = Backoff(first=self._first_pause, longest=5.0)
        while not stop.is_set():
            try:
                subscription = await self._bus.subscribe(self.group, self._mark.types)
                try:
                    await self._serve(subscription, stop, backoff)
                finally:
                    with suppress(BusError):
                        await subscription.close()
            except _StoppedError:
                return
            except Exception as error:
                _log.warning("consumer_interrupted", group=self.group, error=describe(error))
                await _wait(stop, backoff.next())

    async def _serve(
        self, subscription: Subscription, stop: asyncio.Event, backoff: Backoff
    ) -> None:
        most, wait = self._mark.max_messages, self._mark.max_wait
        while not stop.is_set():
            if self._mark.unless is not None:
                meaningless = partial(self._is_nothing, self._mark.unless, stop)
                passed = await subscription.pass_over(most, wait, meaningless)
                if passed is not None:
                    _passed.labels(self.group).inc(passed)
                    backoff.reset()
                    if passed:
                        await _wait(stop, _PASSING_SECONDS)
                    continue
            if self._mark.patient:
                await self._turns.wait(stop)
            fetched = await self._fetch(subscription, stop)
            if fetched:
                with nullcontext() if self._mark.patient else self._turns.first():
                    await self._handle(await self._readable(fetched), stop)
                    await subscription.ack_all(fetched)
            backoff.reset()

    async def _fetch(self, subscription: Subscription, stop: asyncio.Event) -> list[Delivery]:
        """Return what waits or comes next: nothing once it is to stop, and nothing is lost by that."""
        try:
            async with asyncio.timeout(None) as self._fetching:
                return await subscription.fetch(self._mark.max_messages, self._mark.max_wait)
        except TimeoutError:
            if not stop.is_set():
                raise
            return []

    async def _end_the_wait(self, stop: asyncio.Event) -> None:
        await stop.wait()
        with suppress(RuntimeError):  # it handles something just now, and will look up by itself
            self._fetching.reschedule(0)

    async def _is_nothing(self, unless: Unless, stop: asyncio.Event) -> bool:
        """Ask the listener whether what has come can matter to it, waiting for the database."""
        backoff = Backoff(first=self._first_pause, longest=5.0)
        while True:
            try:
                async with self._database.session() as session:
                    return await unless(session)
            except Exception as error:
                if not is_connection_lost(error):
                    raise
                _log.warning("consumer_waits", group=self.group, error=describe(error))
            await _pause(stop, backoff.next())

    async def _readable(self, deliveries: Sequence[Delivery]) -> list[_Item]:
        """Return what can be read, each event once; the rest become dead letters."""
        items: dict[object, _Item] = {}
        for delivery in deliveries:
            try:
                envelope = decode(delivery.body)
                kind = self._kinds[envelope.type]
                items.setdefault(envelope.id, _Item(delivery, envelope, envelope.event(kind)))
            except (msgspec.MsgspecError, UnicodeDecodeError, KeyError) as error:
                await self._give_up(delivery, error)
        return list(items.values())

    async def _handle(self, items: list[_Item], stop: asyncio.Event) -> None:
        if self._mark.batch and len(items) > 1:
            try:
                await self._when_connected(items, stop)
                return
            except _StoppedError:
                raise
            except Exception as error:
                self._count_failure(error, events=len(items))
        for item in items:
            await self._handle_alone(item, stop)

    async def _handle_alone(self, item: _Item, stop: asyncio.Event) -> None:
        backoff = Backoff(first=self._first_pause, longest=self._longest_pause)
        for attempt in range(1, self._max_deliver + 1):
            try:
                await self._when_connected([item], stop)
                return
            except _StoppedError:
                raise
            except Exception as error:
                self._count_failure(error, events=1, event_type=item.envelope.type, attempt=attempt)
                if attempt == self._max_deliver:
                    await self._give_up(item.delivery, error)
                    return
            await _pause(stop, backoff.next())

    async def _when_connected(self, items: list[_Item], stop: asyncio.Event) -> None:
        """Apply ``items``, waiting for what they need for as long as it is away."""
        backoff = Backoff(first=self._first_pause, longest=5.0)
        while True:
            try:
                await self._apply(items)
                return
            except Exception as error:
                if not (is_connection_lost(error) or isinstance(error, NotNow)):
                    raise
                _log.warning("consumer_waits", group=self.group, error=describe(error))
            await _pause(stop, backoff.next())

    async def _apply(self, items: list[_Item]) -> None:
        started = time.perf_counter()
        with self._span(items):
            async with self._database.session() as session:
                fresh = await record_new(session, self.group, [item.envelope.id for item in items])
                if len(fresh) < len(items):
                    events = [item.event for item in items if item.envelope.id in fresh]
                else:
                    events = [item.event for item in items]
                if events:
                    await self._call(session, events)
        _seconds.labels(self.group).observe(time.perf_counter() - started)
        _consumed.labels(self.group).inc(len(events))
        _repeated.labels(self.group).inc(len(items) - len(events))

    async def _call(self, session: Session, events: list[Event]) -> None:
        if self._mark.batch:
            await self._handler(session, events)
            return
        for event in events:
            await self._handler(session, event)

    @contextmanager
    def _span(self, items: Sequence[_Item]) -> Iterator[None]:
        """Open a span under the trace that the events came from; several traces become links."""
        parents = {item.envelope.traceparent for item in items} - {None}
        contexts = [
            _propagator.extract({"traceparent": parent or ""})
            for parent in sorted(map(str, parents))[:_LINKS]
        ]
        only = contexts[0] if len(contexts) == 1 else None
        links = [
            trace.Link(trace.get_current_span(context).get_span_context())
            for context in contexts
            if only is None
        ]
        with _tracer.start_as_current_span(
            f"consume {self.group}", context=only, kind=trace.SpanKind.CONSUMER, links=links
        ):
            yield

    async def _give_up(self, delivery: Delivery, error: Exception) -> None:
        await self._bus.dead_letter(self.group, delivery, describe(error))
        _letters.labels(self.group).inc()
        _log.error("dead_letter", group=self.group, event_type=delivery.type, error=describe(error))

    def _count_failure(self, error: Exception, **known: object) -> None:
        _failures.labels(self.group).inc()
        _log.warning("handler_failed", group=self.group, error=describe(error), **known)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    """Wait; when ``stop`` is set meanwhile, leave what is under way to the next delivery."""
    await _wait(stop, seconds)
    if stop.is_set():
        raise _StoppedError


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
