"""A group's hold on a JetStream durable: one member active at a time, everything in order.

JetStream alone would deliver a dead member's messages again only after a timeout, behind newer ones
of the same key, and would spread a key over all members. Two features of NATS 2.14 prevent that:

- the durable is *pinned*: the server serves one member until it stops asking for ``PIN_SECONDS``;
- a member that begins, takes over or misses a message *resets* the durable to the last
  acknowledgement in a row, so that all behind it comes again in order. What had been done already
  is recognised by the inbox.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import cast

from msgspec.json import encode
from nats.aio.client import Client
from nats.aio.subscription import Subscription as Inbox

from taxlien.kit.bus.nats_client import FastClient, header
from taxlien.kit.bus.nats_connections import Reader, ask, translated
from taxlien.kit.bus.nats_packs import lengths_of, part
from taxlien.kit.bus.protocol import BusError, Delivery

PIN_SECONDS = 10
PIN_GROUP = "active"
TYPE_HEADER = "Taxlien-Type"

_PULL_SECONDS = 4
_ALIVE_SECONDS = 2.0
_REMNANT_SECONDS = 1.0
# A request ends when this much was sent for it: packs hold many events, and all must wait in memory.
_PULL_BYTES = 8_000_000
_NANOSECONDS = 1_000_000_000
_PULL_OVER, _WRONG_PIN = {"404", "408"}, "423"
_PASSING = ("Message Size Exceeds", "Batch Completed", "Server Shutdown", "Leadership Change")


class _Message:
    """A delivery as it came. ``number`` is the durable's own, from 1 after each reset."""

    __slots__ = ("body", "headers", "number", "pin", "reply", "subject")

    def __init__(self, subject: str, reply: str, body: bytes, headers: bytes) -> None:
        self.subject, self.reply, self.body, self.headers = subject, reply, body, headers
        # $JS.ACK.<stream>.<durable>.<deliveries>.<stream number>.<number>.<time>.<pending>, where
        # newer servers put two parts more before the stream.
        parts = reply.split(".")
        self.number = int(parts[6] if len(parts) == 9 else parts[8])
        self.pin = header(headers, "Nats-Pin-Id")


class _Pack:
    """The events of a message, parted when they are handed out. ``first`` is the receipt of the first
    event, ``stop`` one above the last's; ``reply`` acknowledges the message."""

    __slots__ = ("body", "first", "kind", "left", "lengths", "next", "reply", "stop")

    def __init__(self, message: _Message, kind: str, first: int) -> None:
        self.kind, self.body, self.reply = kind, message.body, message.reply
        self.lengths = lengths_of(message.body, message.headers)
        self.first = self.next = first
        self.stop = first + max(1, len(self.lengths))
        self.left = 1  # where the next event begins

    @property
    def begun(self) -> bool:
        """Tell whether some of the events were handed out."""
        return self.next > self.first

    def take(self, most: int) -> list[bytes]:
        """Return the next events, at most ``most``."""
        begin = self.next - self.first
        self.next = min(self.stop, self.next + most)
        if not self.lengths:
            return [self.body]
        found, self.left = part(self.body, self.lengths[begin : begin + most], self.left)
        return found


class NatsSubscription:
    """One request for messages is out at a time, for as many as the last ``fetch`` asked for.

    A message is a pack of many events or one event; who fetches gets events, who passes over parts
    none. ``receipt`` numbers them in the order they came, and is never given twice.
    """

    def __init__(
        self, reader: Reader, client: FastClient, prefix: str, stream: str, durable: str
    ) -> None:
        self._reader = reader
        self._client = client
        self._events = f"{prefix}.events."
        self._durable = f"{stream}.{durable}"
        self._inbox = client.new_inbox()
        self._subscription: Inbox | None = None
        self._alive: asyncio.Task[None] | None = None
        self._queue: deque[_Pack] = deque()
        self._waiting = 0  # events in the queue
        self._open: deque[_Pack] = deque()  # all handed out, not acknowledged in a row
        self._receipt = 1  # of the next event that comes
        self._done: set[int] = set()
        self._arrived = asyncio.Event()
        self._expected = 0  # messages the server may still send for the last request
        self._pull_ends = 0.0
        self._pin = ""
        self._next = 0  # the durable's number of the next message; 0 before the first reset
        self._must_reset = False
        self._aside: list[_Message] | None = None  # what arrives while a reset is under way
        self._reset_at = 0.0
        self._doubt = False
        self._idle = False
        self._lost: str | None = None

    @classmethod
    async def open(
        cls, reader: Reader, prefix: str, stream: str, durable: str, *, alone: bool
    ) -> NatsSubscription:
        """Return a subscription that is ready to fetch. ``alone``: no other member is there."""
        self = cls(reader, await reader.connected(), prefix, stream, durable)
        self._subscription = await self._client.subscribe(self._inbox)
        self._client.hand_over(self._subscription, self._receive)
        if alone:
            await unpin(self._client, self._durable)
            await self._reset()
        self._alive = asyncio.create_task(self._stay_pinned())
        reader.watch(self._reconnected)
        return self

    async def fetch(self, max_messages: int, timeout: float) -> list[Delivery]:
        async with translated("fetch"):
            if not await self._some(max_messages, timeout):
                return []
            # Ask for the next before these are taken: a cancelled fetch must not take any with it.
            taken = min(max_messages, self._waiting)
            await self._pull(max_messages, taken)
        return self._hand_out(taken)

    async def pass_over(
        self, max_messages: int, timeout: float, when: Callable[[], Awaitable[bool]]
    ) -> int | None:
        async with translated("fetch"):
            if not await self._some(max_messages, timeout):
                return 0
        seen = deque(self._queue)
        if not await when():
            return None
        passed = 0
        # By identity: what a reset meanwhile has dropped comes again, as others.
        while seen and self._queue and self._queue[0] is seen.popleft():
            pack = self._queue.popleft()
            passed += pack.stop - pack.next
            self._done.update(range(pack.next, pack.stop))
            self._open.append(pack)
        self._waiting -= passed
        async with translated("ack"):
            await self._acknowledge()
        return passed

    async def ack_all(self, deliveries: Sequence[Delivery]) -> None:
        self._done.update(cast(int, delivery.receipt) for delivery in deliveries)
        async with translated("ack"):
            await self._acknowledge()

    async def _some(self, wanted: int, timeout: float) -> bool:
        """Return whether an event is there, waiting up to ``timeout`` seconds for the first."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + timeout
        while self._must_reset or not self._queue:
            if self._lost is not None:
                raise BusError(f"fetch: {self._lost}")
            if self._must_reset or (self._idle and await self._is_orphaned()):
                await self._reset()
                continue
            self._idle = False
            self._arrived.clear()
            await self._pull(wanted)
            try:
                async with asyncio.timeout_at(min(ends, self._pull_ends)):
                    await self._arrived.wait()
            except TimeoutError:
                if loop.time() >= ends:
                    return False
        return True

    async def _acknowledge(self) -> None:
        """One acknowledgement to the server stands for all before it, so it waits for those."""
        last = ""
        while self._open and self._done.issuperset(
            events := range(self._open[0].first, self._open[0].stop)
        ):
            last = self._open.popleft().reply
            self._done.difference_update(events)
        if not self._open and not (self._queue and self._queue[0].begun):
            self._done.clear()  # what is left was handed out before a reset, and came again
        if last:
            await self._client.publish(last)

    async def close(self) -> None:
        if self._lost == "closed":
            return
        self._lost = "closed"
        self._reader.unwatch(self._reconnected)
        if self._alive is not None:
            self._alive.cancel()
        self._drop_queue()
        if self._client.is_connected and self._subscription is not None:
            async with translated("close"):
                await self._subscription.unsubscribe()
                await self._client.flush(timeout=5)  # acknowledgements first, then the next member
                if self._pin:
                    await unpin(self._client, self._durable)

    async def _pull(self, wanted: int, taken: int = 0) -> None:
        now = asyncio.get_running_loop().time()
        waiting = self._expected > 0 and now < self._pull_ends
        if self._lost is not None or waiting or self._waiting - taken >= wanted:
            return
        self._expected = wanted
        self._pull_ends = now + _PULL_SECONDS + 1
        request = {
            "batch": wanted,
            "max_bytes": _PULL_BYTES,
            "expires": _PULL_SECONDS * _NANOSECONDS,
            "group": PIN_GROUP,
        }
        if self._pin:
            request["id"] = self._pin
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._durable}"
        await self._client.publish(subject, encode(request), self._inbox)

    async def _reset(self) -> None:
        """Have all that is not acknowledged delivered again, in order; drop what came before."""
        self._aside = []
        try:
            answer = await ask(self._client, f"$JS.API.CONSUMER.RESET.{self._durable}", {})
            self._drop_queue()
            self._open.clear()
            self._done.clear()
            self._expected = 0
            self._next = int(answer["ack_floor"]["consumer_seq"]) + 1
            self._must_reset = self._doubt = False
            self._reset_at = asyncio.get_running_loop().time()
            for message in self._aside:
                self._pin = message.pin
                self._line_up(message)
        finally:
            self._aside = None

    async def _is_orphaned(self) -> bool:
        """Tell whether the member that was served has gone and left something unacknowledged."""
        state = await ask(self._client, f"$JS.API.CONSUMER.INFO.{self._durable}", {})
        groups = state.get("priority_groups") or [{}]
        return bool(state["num_ack_pending"]) and not groups[0].get("pinned_client_id")

    def _receive(self, subject: str, reply: str, body: bytes, headers: bytes) -> None:
        if not reply:
            self._pull_ended(headers)
        else:
            self._expected -= 1
            message = _Message(subject, reply, body, headers)
            if self._aside is not None:
                self._aside.append(message)
            elif message.pin == self._pin or message.number == self._next:
                self._pin = message.pin
                if not self._must_reset:
                    self._line_up(message)
            else:
                # Served from now on, in the place of another member: what did that one leave?
                self._pin = message.pin
                self._must_reset = True
        self._arrived.set()

    def _line_up(self, message: _Message) -> None:
        """Take the message if it is the next one.

        Another number is a remnant of before the reset, or something was lost on the way. Remnants
        do not come for longer than a moment.
        """
        if message.number == self._next:
            self._unpack(message)
            self._next += 1
        elif asyncio.get_running_loop().time() > self._reset_at + _REMNANT_SECONDS:
            self._must_reset = True
        else:
            self._doubt = True

    def _pull_ended(self, headers: bytes) -> None:
        line = headers.decode(errors="replace").splitlines()[0] if headers else ""
        _, status, description = (*line.split(" ", 2), "", "")[:3]  # NATS/1.0 408 Request Timeout
        self._expected = 0
        if status == _WRONG_PIN:
            # This one was silent for too long and another may have been pinned: what waits here is
            # not its own any more, and the next message it gets begins with a reset.
            self._pin = ""
            self._next = 0
            self._must_reset = False
            self._drop_queue()
        elif status in _PULL_OVER or description.startswith(_PASSING):
            self._must_reset = self._must_reset or self._doubt
            self._idle = not self._pin
        else:
            self._lost = f"status {status} {description}"

    def _reconnected(self) -> None:
        self._expected = 0
        self._must_reset = bool(self._pin)
        self._arrived.set()

    def _unpack(self, message: _Message) -> None:
        if message.subject.startswith(self._events):
            kind = message.subject[len(self._events) :]
        else:
            kind = header(message.headers, TYPE_HEADER)
        pack = _Pack(message, kind, self._receipt)
        self._receipt = pack.stop
        self._waiting += pack.stop - pack.first
        self._queue.append(pack)

    def _hand_out(self, most: int) -> list[Delivery]:
        found: list[Delivery] = []
        while most and self._queue:
            pack = self._queue[0]
            receipt = pack.next
            bodies = pack.take(most)
            found += [
                Delivery(pack.kind, body, number, self)
                for number, body in enumerate(bodies, start=receipt)
            ]
            most -= len(bodies)
            self._waiting -= len(bodies)
            if pack.next == pack.stop:
                self._open.append(self._queue.popleft())
        return found

    def _drop_queue(self) -> None:
        self._queue.clear()
        self._waiting = 0

    async def _stay_pinned(self) -> None:
        """Keep asking while a handler takes long: who does not ask loses the pin."""
        while self._lost is None:
            await asyncio.sleep(_ALIVE_SECONDS)
            if self._pin and self._client.is_connected:
                await self._pull(self._waiting + 1)


async def unpin(client: Client, durable: str) -> None:
    """Let another member of the group be served at once."""
    await ask(client, f"$JS.API.CONSUMER.UNPIN.{durable}", {"group": PIN_GROUP})
