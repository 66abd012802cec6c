"""A group's hold on a JetStream durable: pulls ahead, acknowledges without waiting, keeps alive."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription as Inbox

from taxlien.kit.bus.nats_connections import Reader, translated
from taxlien.kit.bus.protocol import BusError, Delivery

PULL_SECONDS = 30
KEEP_ALIVE_SECONDS = 10.0
_NAK, _PROGRESS = b"-NAK", b"+WPI"
_FATAL = {"404", "409", "503"}
_HARMLESS = ("Message Size Exceeds", "Batch Completed", "Server Shutdown", "Leadership Change")


class NatsSubscription:
    """One pull request is out at a time, for as many messages as the last ``fetch`` asked for.

    While messages are fetched and not yet acknowledged, the server is told every 10 s that they are
    being worked on; a process that dies stops telling, and they go to another after ``ACK_WAIT``.
    """

    def __init__(
        self, reader: Reader, client: Client, prefix: str, stream: str, durable: str
    ) -> None:
        self._reader = reader
        self._client = client
        self._events = f"{prefix}.events."
        self._ask = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"
        self._inbox = client.new_inbox()
        self._subscription: Inbox | None = None
        self._queue: deque[Msg] = deque()
        self._unacked: dict[str, None] = {}  # in the order of delivery
        self._arrived = asyncio.Event()
        self._expected = 0
        self._pull_ends = 0.0
        self._lost: str | None = None
        self._keeper: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, reader: Reader, prefix: str, stream: str, durable: str) -> NatsSubscription:
        """Return a subscription that is ready to fetch."""
        self = cls(reader, await reader.connected(), prefix, stream, durable)
        self._subscription = await self._client.subscribe(self._inbox, cb=self._receive)
        self._keeper = asyncio.create_task(self._keep_alive())
        reader.watch(self._reconnected)
        return self

    async def fetch(self, max_messages: int, timeout: float) -> list[Delivery]:
        loop = asyncio.get_running_loop()
        ends = loop.time() + timeout
        async with translated("fetch"):
            while not self._queue:
                if self._lost is not None:
                    raise BusError(f"fetch: {self._lost}")
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
        return [self._delivery(self._queue.popleft()) for _ in range(taken)]

    async def ack_all(self, deliveries: Sequence[Delivery]) -> None:
        async with translated("ack"):
            for delivery in deliveries:
                reply = str(delivery.receipt)
                self._unacked.pop(reply, None)
                await self._client.publish(reply)

    async def close(self) -> None:
        self._reader.unwatch(self._reconnected)
        if self._keeper is not None:
            self._keeper.cancel()
        if self._client.is_connected and self._subscription is not None:
            async with translated("close"):
                await self._subscription.unsubscribe()
                for reply in self._unacked:
                    await self._client.publish(reply, _NAK)
                await self._client.flush(timeout=5)
        self._unacked.clear()
        self._queue.clear()
        self._lost = "closed"

    async def _pull(self, wanted: int, taken: int = 0) -> None:
        now = asyncio.get_running_loop().time()
        if self._lost is not None or len(self._queue) - taken >= wanted:
            return
        if self._expected > 0 and now < self._pull_ends:
            return
        self._expected = wanted
        self._pull_ends = now + PULL_SECONDS + 1
        request = {"batch": wanted, "expires": PULL_SECONDS * 1_000_000_000}
        await self._client.publish(self._ask, msgspec.json.encode(request), self._inbox)

    async def _receive(self, message: Msg) -> None:
        status = message.headers.get("Status") if message.headers else None
        if status is not None and not message.reply:
            self._pull_ended(status, (message.headers or {}).get("Description", ""))
        else:
            self._queue.append(message)
            self._unacked[message.reply] = None
            self._expected -= 1
        self._arrived.set()

    def _pull_ended(self, status: str, description: str) -> None:
        """Take note that the server has ended the pull; some reasons mean the durable is gone."""
        self._expected = 0
        if status in _FATAL and not description.startswith(_HARMLESS):
            self._lost = f"status {status} {description}"

    def _reconnected(self) -> None:
        self._expected = 0
        self._arrived.set()

    def _delivery(self, message: Msg) -> Delivery:
        if message.subject.startswith(self._events):
            kind = message.subject[len(self._events) :]
        else:
            kind = (message.headers or {}).get("Taxlien-Type", "")
        # $JS.ACK.<stream>.<durable>.<times delivered>. ..., or with domain and account before it.
        parts = message.reply.split(".")
        attempt = int(parts[4] if len(parts) == 9 else parts[6])
        return Delivery(kind, message.data, attempt, message.reply, self)

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(KEEP_ALIVE_SECONDS)
            if self._client.is_connected:
                for reply in list(self._unacked):
                    await self._client.publish(reply, _PROGRESS)
