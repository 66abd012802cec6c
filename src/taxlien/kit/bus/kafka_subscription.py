"""A group's hold on Kafka topics: reads in its own thread, commits what is acknowledged in a row."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from taxlien.kit.bus.kafka_clients import ANSWER_SECONDS, TYPE_HEADER, Settings, log
from taxlien.kit.bus.protocol import BusError, Delivery

T = TypeVar("T")
Place = tuple[str, int]  # topic, partition

# A handler may pause between attempts for long; a dead process is noticed by its heartbeat anyway.
_CLOSE_SECONDS = 15.0
_TURN_SECONDS = 0.25
_BETWEEN_FETCHES_MILLISECONDS = 3_600_000


@dataclass(slots=True)
class _Progress:
    """How far one partition is: the offset to read next, and those read but not acknowledged."""

    next: int
    open: dict[int, None] = field(default_factory=dict)
    committed: int = -1

    def safe(self) -> int:
        """Return the offset below which everything is acknowledged."""
        return next(iter(self.open), self.next)


class KafkaSubscription:
    """One consumer of a group. All its calls run in one thread, one after another."""

    def __init__(
        self,
        settings: Settings,
        group: str,
        topics: Sequence[str],
        types: frozenset[str],
        replays: str,
    ) -> None:
        own: Settings = {
            "group.id": group,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "max.poll.interval.ms": _BETWEEN_FETCHES_MILLISECONDS,
            "session.timeout.ms": 30_000,
            "fetch.wait.max.ms": 100,
            "allow.auto.create.topics": True,
        }
        self._group = group
        self._types = types
        self._replays = replays
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"kafka-{group}")
        self._consumer = Consumer({**own, **settings}, logger=log)
        self._consumer.subscribe(
            list(topics), on_assign=self._assigned, on_revoke=self._gone, on_lost=self._gone
        )
        self._progress: dict[Place, _Progress] = {}
        self._queue: deque[Delivery] = deque()
        self._begun: list[TopicPartition] = []  # partitions just got
        self._closed = False

    async def fetch(self, max_messages: int, timeout: float) -> list[Delivery]:
        await self._some(max_messages, timeout)
        taken = min(max_messages, len(self._queue))
        return [self._queue.popleft() for _ in range(taken)]

    async def pass_over(
        self, max_messages: int, timeout: float, when: Callable[[], Awaitable[bool]]
    ) -> int | None:
        await self._some(max_messages, timeout)
        seen = list(self._queue)
        if not seen:
            return 0
        if not await when():
            return None
        taken = 0
        # By identity: a partition that was taken away meanwhile took its messages with it.
        while taken < len(seen) and self._queue and self._queue[0] is seen[taken]:
            self._queue.popleft()
            taken += 1
        await self.ack_all(seen[:taken])
        return taken

    async def _some(self, max_messages: int, timeout: float) -> None:
        ends = time.monotonic() + timeout
        while not self._queue and (left := ends - time.monotonic()) > 0:
            # What the thread reads goes to the queue, so that a cancelled fetch loses nothing; in
            # short turns, so that whoever comes next need not wait for it.
            await self._run("fetch", self._read, max_messages, min(left, _TURN_SECONDS))

    async def ack_all(self, deliveries: Sequence[Delivery]) -> None:
        await self._run("ack", self._acknowledge, [delivery.receipt for delivery in deliveries])

    async def close(self) -> None:
        if self._closed:
            return
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._run("close", self._leave)
        except TimeoutError:
            log.warning("%s did not leave its group in time", self._group)
        finally:
            self._closed = True
            self._queue.clear()
            self._thread.shutdown(wait=False)

    async def _run(self, doing: str, function: Callable[..., T], *arguments: object) -> T:
        if self._closed:
            raise BusError(f"{doing}: closed")
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._thread, function, *arguments
            )
        except KafkaException as error:
            raise BusError(f"{doing}: {error}") from error

    def _read(self, wanted: int, timeout: float) -> None:
        first = self._consumer.poll(timeout)
        if self._begun:
            self._write_down_beginning()
        if first is None:
            return
        rest = self._consumer.consume(wanted - 1, 0) if wanted > 1 else []
        for message in (first, *rest):
            self._take(message)
        if not self._queue:
            self._commit(asynchronous=True)

    def _take(self, message: Message) -> None:
        error = message.error()
        if error is not None:
            # A topic that is not there yet, or a broker away for now: the client goes on by itself.
            if error.fatal() or error.code() == KafkaError._MAX_POLL_EXCEEDED:
                raise KafkaException(error)
            log.info("%s", error)
            return
        place, offset = (message.topic() or "", message.partition() or 0), message.offset() or 0
        progress = self._progress.setdefault(place, _Progress(next=offset))
        progress.next = offset + 1
        kind = _type_of(message)
        if kind in self._types or place[0] == self._replays:
            progress.open[offset] = None
            self._queue.append(Delivery(kind, message.value() or b"", (place, offset), self))

    def _acknowledge(self, receipts: Sequence[tuple[Place, int]]) -> None:
        for place, offset in receipts:
            progress = self._progress.get(place)
            if progress is not None:
                progress.open.pop(offset, None)
        self._commit(asynchronous=True)

    def _commit(self, *, asynchronous: bool) -> None:
        offsets = []
        for (topic, partition), progress in self._progress.items():
            safe = progress.safe()
            if not asynchronous or safe > progress.committed:
                progress.committed = safe
                offsets.append(TopicPartition(topic, partition, safe))
        if not offsets:
            return
        if asynchronous:
            self._consumer.commit(offsets=offsets, asynchronous=True)
        else:
            self._consumer.commit(offsets=offsets, asynchronous=False)

    def _assigned(self, _: Consumer, places: list[TopicPartition]) -> None:
        # Only noted: a call of the consumer from inside its own callback can end the thread for good
        # when the consumer is being closed.
        self._begun = list(places)

    def _write_down_beginning(self) -> None:
        """Commit where a new group begins, so that its lag is known before its first ack."""
        places, self._begun = self._begun, []
        for place in self._consumer.committed(places, timeout=ANSWER_SECONDS):
            if place.offset < 0:
                low, _ = self._consumer.get_watermark_offsets(place, timeout=ANSWER_SECONDS)
                start = TopicPartition(place.topic, place.partition, low)
                self._consumer.commit(offsets=[start], asynchronous=True)

    def _gone(self, _: Consumer, places: list[TopicPartition]) -> None:
        """Forget what belongs to another member of the group now."""
        lost = {(place.topic, place.partition) for place in places}
        for place in lost:
            self._progress.pop(place, None)
        for delivery in tuple(self._queue):
            if delivery.receipt[0] in lost:  # type: ignore[index]
                with suppress(ValueError):  # handed out just now: then it is handled twice
                    self._queue.remove(delivery)

    def _leave(self) -> None:
        try:
            self._commit(asynchronous=False)
        except KafkaException as error:
            # The group is being shared out anew: what is not written down comes once more.
            log.info("not committed at close: %s", error)
        finally:
            self._consumer.close()


def _type_of(message: Message) -> str:
    headers = message.headers() or []
    pairs = headers.items() if isinstance(headers, dict) else headers
    for name, value in pairs:
        if name == TYPE_HEADER:
            return value.decode() if isinstance(value, bytes) else str(value)
    return ""
