"""The two connections of a NATS bus: one that publishes and never reconnects, one that reads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
import nats
import nats.errors
import nats.js.errors
import structlog
from nats.aio.client import Client
from nats.js import JetStreamContext

from taxlien.kit.bus.nats_client import Command, FastClient
from taxlien.kit.bus.protocol import BusError

CONNECT_SECONDS = 5
STORE_SECONDS = 15.0
_PING_SECONDS = 10
_PENDING_BYTES = 64 * 1024 * 1024

_log = structlog.get_logger("taxlien.kit.bus.nats")

Prepare = Callable[[JetStreamContext], Awaitable[None]]


@asynccontextmanager
async def translated(doing: str) -> AsyncIterator[None]:
    """Turn what the NATS client raises into ``BusError``."""
    try:
        yield
    except (nats.errors.Error, OSError, TimeoutError) as error:
        raise BusError(f"{doing}: {type(error).__name__}: {error}") from error


async def ask(client: Client, subject: str, request: object) -> dict[str, Any]:
    """Return the answer of JetStream's API, for what the client library has no function for."""
    reply = await client.request(subject, msgspec.json.encode(request), timeout=CONNECT_SECONDS)
    answer: dict[str, Any] = msgspec.json.decode(reply.data)
    if error := answer.get("error"):
        raise BusError(f"{subject}: {error.get('description', error)}")
    return answer


async def _quiet(error: Exception) -> None:
    _log.debug("nats_connection", error=f"{type(error).__name__}: {error}")


@dataclass(slots=True)
class _Batch:
    """The answers that are still out for one ``send``."""

    missing: int
    done: asyncio.Future[None] = field(default_factory=lambda: asyncio.Future())

    def stored(self) -> None:
        self.missing -= 1
        if self.missing == 0 and not self.done.done():
            self.done.set_result(None)

    def fail(self, error: BusError) -> None:
        if not self.done.done():
            self.done.set_exception(error)


class Publisher:
    """Publishes in order. Its connection ends with the first failure, on purpose.

    A client that reconnects by itself sends what it has buffered, while what was under way on the
    old socket is gone: a later message would be stored before an earlier one. With a connection of
    its own, what the server stores is always a prefix of what was sent, and sending all of it again
    (the server drops the known ids) keeps the order.
    """

    def __init__(self, server: str, *, prepare: Prepare) -> None:
        self._server = server
        self._prepare = prepare
        self._client: FastClient | None = None
        self._inbox = ""
        self._batches: dict[str, _Batch] = {}
        self._number = 0
        self._connecting = asyncio.Lock()

    async def send(self, commands: Iterable[Command]) -> None:
        """Publish ``(subject, body, headers)`` in order; returns when all are stored."""
        waiting = list(commands)
        if not waiting:
            return
        async with translated("publish"):
            client = await self._connected()
            self._number += 1
            reply = f"{self._inbox}.{self._number}"
            batch = self._batches[reply] = _Batch(len(waiting))
            try:
                async with asyncio.timeout(STORE_SECONDS):
                    await client.publish_all(waiting, reply)
                    await batch.done
            except BaseException:
                await self._drop(client)
                raise
            finally:
                del self._batches[reply]
                batch.done.cancel()

    async def close(self) -> None:
        """Close the connection; batches under way fail."""
        if self._client is not None:
            await self._drop(self._client)

    async def _connected(self) -> FastClient:
        async with self._connecting:
            if self._client is not None and self._client.is_connected:
                return self._client
            client = FastClient()
            try:
                await client.connect(
                    self._server,
                    allow_reconnect=False,
                    connect_timeout=CONNECT_SECONDS,
                    ping_interval=_PING_SECONDS,
                    pending_size=_PENDING_BYTES,
                    error_cb=_quiet,
                    closed_cb=self._fail_batches,
                    name="taxlien-publisher",
                )
                await self._prepare(client.jetstream())
                self._inbox = client.new_inbox()
                answers = await client.subscribe(f"{self._inbox}.*")
                client.hand_over(answers, self._answered)
            except BaseException:
                await client.close()
                raise
            self._client = client
            return client

    def _answered(self, subject: str, _: str, answer: bytes, headers: bytes) -> None:
        batch = self._batches.get(subject)
        if batch is None:
            return
        if headers or b'"error"' in answer:
            batch.fail(BusError(f"publish: {_reason(answer, headers)}"))
        else:
            batch.stored()

    async def _fail_batches(self) -> None:
        for batch in list(self._batches.values()):
            batch.fail(BusError("publish: the connection was lost"))

    async def _drop(self, client: FastClient) -> None:
        if self._client is client:
            self._client = None
        await client.close()


class Reader:
    """The connection for everything else. It reconnects by itself, for as long as it takes."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._client: FastClient | None = None
        self._connecting = asyncio.Lock()
        self._watchers: set[Callable[[], None]] = set()

    async def connected(self) -> FastClient:
        """Return the connection. Raises ``BusError`` when there is none and the server is away."""
        async with self._connecting:
            if self._client is None or self._client.is_closed:
                self._client = await self._connect()
        if not self._client.is_connected:
            raise BusError("not connected now")
        return self._client

    async def _connect(self) -> FastClient:
        client = FastClient()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await client.connect(
                    self._server,
                    connect_timeout=CONNECT_SECONDS,
                    ping_interval=_PING_SECONDS,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=0.25,  # type: ignore[arg-type]  # seconds; any number does
                    pending_size=_PENDING_BYTES,
                    error_cb=_quiet,
                    reconnected_cb=self._reconnected,
                    name="taxlien-reader",
                )
        except BaseException:
            await client.close()
            raise
        return client

    def watch(self, reconnected: Callable[[], None]) -> None:
        """Call ``reconnected`` after every reconnect: what was asked for before is forgotten."""
        self._watchers.add(reconnected)

    def unwatch(self, reconnected: Callable[[], None]) -> None:
        """Undo ``watch``."""
        self._watchers.discard(reconnected)

    async def close(self) -> None:
        """Send what is buffered, then close."""
        if self._client is not None:
            client, self._client = self._client, None
            if client.is_connected:
                async with translated("close"):
                    await client.flush(timeout=5)
            await client.close()

    async def _reconnected(self) -> None:
        for reconnected in list(self._watchers):
            reconnected()


def _reason(answer: bytes, headers: bytes) -> str:
    if headers:
        return f"no stream answered ({headers.decode(errors='replace').strip()})"
    try:
        error = msgspec.json.decode(answer)["error"]
        return str(error.get("description", error))
    except (msgspec.DecodeError, KeyError, AttributeError):
        return "the server's answer is not understood"
