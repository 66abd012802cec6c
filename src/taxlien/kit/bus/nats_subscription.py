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
from collections.abc import Sequence
from itertools import count
from typing import NamedTuple, cast

from msgspec.json import encode
from nats.aio.client import Client
from nats.aio.subscription import Subscription as Inbox

from taxlien.kit.bus.nats_client import FastClient, header
from taxlien.kit.bus.nats_connections import Reader, ask, translated
from taxlien.kit.bus.nats_packs import unpacked
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


class _Part(NamedTuple):
    """An event of a message. The last one of it has the ``reply`` that acknowledges the message."""

    receipt: int
    kind: str
    body: bytes
    reply: str


class NatsSubscription:
    """One request for messages is out at a time, for as many as the last ``fetch`` asked for.

    A message is a pack of many events or one event; who fetches gets events. ``receipt`` numbers
    them in the order they came, and is never given twice.
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
        self._queue: deque[_Part] = deque()
        self._open: deque[_Part] = deque()  # handed out, not acknowledged in a row
        self._receipts = count(1)
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
        loop = asyncio.get_running_loop()
        ends = loop.time() + timeout
        async with translated("fetch"):
            while self._must_reset or not self._queue:
                if self._lost is not None:
                    raise BusError(f"fetch: {self._lost}")
                if self._must_reset or (self._idle and await self._is_orphaned()):
                    await self._reset()
                    continue
                self._idle = False
                self._arrived.clear()
                await self._pull(max_messages)
                try:
                    async with asyncio.timeout_at(min(ends, self._pull_ends)):
                        await self._arrived.wait()
                except TimeoutError:
                    if loop.time() >= ends:
                        return []
            # Ask for the next before these are taken: a cancelled fetch must not take any with it.
            taken = min(max_messages, len(self._queue))
            await self._pull(max_messages, taken)
        return [self._hand_out() for _ in range(min(taken, len(self._queue)))]

    async def ack_all(self, deliveries: Sequence[Delivery]) -> None:
        """One acknowledgement to the server stands for all before it, so it waits for those."""
        last = ""
        self._done.update(cast(int, delivery.receipt) for delivery in deliveries)
        while self._open and self._open[0].receipt in self._done:
            part = self._open.popleft()
            self._done.discard(part.receipt)
            last = part.reply or last
        if not self._open:
            self._done.clear()  # what is left was handed out before a reset, and came again
        if last:
            async with translated("ack"):
                await self._client.publish(last)

    async def close(self) -> None:
        if self._lost == "closed":
            return
        self._lost = "closed"
        self._reader.unwatch(self._reconnected)
        if self._alive is not None:
            self._alive.cancel()
        self._queue.clear()
        if self._client.is_connected and self._subscription is not None:
            async with translated("close"):
                await self._subscription.unsubscribe()
                await self._client.flush(timeout=5)  # acknowledgements first, then the next member
                if self._pin:
                    await unpin(self._client, self._durable)

    async def _pull(self, wanted: int, taken: int = 0) -> None:
        now = asyncio.get_running_loop().time()
        waiting = self._expected > 0 and now < self._pull_ends
        if self._lost is not None or waiting or len(self._queue) - taken >= wanted:
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
            for waiting in (self._queue, self._open, self._done):
                waiting.clear()
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
            self._queue.clear()
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
        *bodies, last = unpacked(message.body, message.headers)
        self._queue += [_Part(next(self._receipts), kind, body, "") for body in bodies]
        self._queue.append(_Part(next(self._receipts), kind, last, message.reply))

    def _hand_out(self) -> Delivery:
        part = self._queue.popleft()
        self._open.append(part)
        return Delivery(part.kind, part.body, part.receipt, self)

    async def _stay_pinned(self) -> None:
        """Keep asking while a handler takes long: who does not ask loses the pin."""
        while self._lost is None:
            await asyncio.sleep(_ALIVE_SECONDS)
            if self._pin and self._client.is_connected:
                await self._pull(len(self._queue) + 1)


async def unpin(client: Client, durable: str) -> None:
    """Let another member of the group be served at once."""
    await ask(client, f"$JS.API.CONSUMER.UNPIN.{durable}", {"group": PIN_GROUP})
