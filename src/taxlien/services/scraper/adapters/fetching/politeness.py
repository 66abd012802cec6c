"""Taking turns at a host: rate and concurrency that hold across all workers, kept in Valkey.

One script decides on the server's own clock, so that workers whose clocks differ agree. What Valkey
forgets in a restart is only how lately the host was asked; what it cannot answer is not asked at all.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeVar

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from taxlien.kit.backoff import Backoff
from taxlien.kit.ids import new_id
from taxlien.services.scraper.logic.sites import Politeness

from .outcomes import Unreachable

T = TypeVar("T")

_TROUBLE = (RedisError, OSError, TimeoutError)
_LEASE_SECONDS = 300.0  # a turn whose holder died is another's after this
_LOOK_SECONDS = 0.05  # between two looks for a free place

# A generic cell rate algorithm beside a set of leases. Times are microseconds of the server's clock.
# KEYS: next free moment, leases, rest. ARGV: microseconds per request, burst, places, lease, token.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local rest = redis.call('PTTL', KEYS[3])
if rest > 0 then return rest * 1000 end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now))
if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[3]) then return -1 end
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local due = math.max(now, tonumber(redis.call('GET', KEYS[1]) or 0))
local wait = due - (burst - 1) * interval - now
if wait > 0 then return math.ceil(wait) end
local following = due + interval
redis.call('SET', KEYS[1], string.format('%.0f', following), 'PX', math.ceil((following - now) / 1000) + 1)
redis.call('ZADD', KEYS[2], string.format('%.0f', now + tonumber(ARGV[4])), ARGV[5])
redis.call('PEXPIRE', KEYS[2], math.ceil(tonumber(ARGV[4]) / 1000))
return 0
"""


class Turns(Protocol):
    """Who may ask a host now."""

    def turn(self, host: str, politeness: Politeness) -> Any:
        """Return an async context manager that waits for a turn and holds it. Raises ``Unreachable``."""
        ...

    async def rest(self, host: str, seconds: float) -> None:
        """Leave ``host`` alone for ``seconds``, all workers together."""
        ...


class LocalTurns:
    """Turns within this process, for the simulator: no rate, only so many at once."""

    def __init__(self) -> None:
        self._places: dict[str, asyncio.Semaphore] = {}
        self._resting: dict[str, float] = {}

    @asynccontextmanager
    async def turn(self, host: str, politeness: Politeness) -> AsyncIterator[None]:
        """Hold one of the host's places."""
        places = self._places.setdefault(host, asyncio.Semaphore(politeness.concurrency))
        async with places:
            pause = self._resting.get(host, 0.0) - time.monotonic()
            if pause > 0:
                await asyncio.sleep(pause)
            yield

    async def rest(self, host: str, seconds: float) -> None:
        """Let those who come next wait."""
        self._resting[host] = time.monotonic() + seconds


class ValkeyTurns:
    """Turns of all workers. A process sends one request at a time per host to wait for."""

    def __init__(self, url: str, namespace: str, *, patience: float) -> None:
        """``patience`` is seconds to wait for a Valkey that is away before giving the page up."""
        if url.startswith("valkey"):
            url = "redis" + url.removeprefix("valkey")
        self._redis: Redis = Redis.from_url(
            url,
            socket_timeout=1.0,
            socket_connect_timeout=1.0,
            retry=Retry(NoBackoff(), 1),
        )
        self._namespace = namespace
        self._patience = patience
        self._take = self._redis.register_script(_TAKE)
        self._queues: dict[str, asyncio.Lock] = {}
        self._owed: set[tuple[str, str]] = set()

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    @asynccontextmanager
    async def turn(self, host: str, politeness: Politeness) -> AsyncIterator[None]:
        """Wait for a turn and hold it, at most 300 s. Raises ``Unreachable`` where Valkey stays away."""
        token = new_id().hex
        arguments = (
            round(1_000_000 / politeness.requests_per_second),
            politeness.burst,
            politeness.concurrency,
            round(_LEASE_SECONDS * 1_000_000),
            token,
        )
        try:
            async with self._queues.setdefault(host, asyncio.Lock()):
                await self._wait(host, arguments)
            yield
        finally:
            await self._give_back(host, token)

    async def rest(self, host: str, seconds: float) -> None:
        """Let no worker ask ``host`` for ``seconds``."""
        name = self._names(host)[2]
        milliseconds = max(1, round(seconds * 1000))
        await self._patiently(lambda: self._redis.set(name, b"1", px=milliseconds))

    async def _wait(self, host: str, arguments: tuple[int | str, ...]) -> None:
        names = self._names(host)
        while True:
            await self._give_back_what_is_owed()
            wait = int(await self._patiently(lambda: self._take(keys=names, args=arguments)))
            if wait == 0:
                return
            await asyncio.sleep(_LOOK_SECONDS if wait < 0 else wait / 1_000_000)

    async def _give_back(self, host: str, token: str) -> None:
        """Free the place. Where Valkey is away that is done as soon as it is back."""
        held = self._names(host)[1]
        try:
            await self._redis.zrem(held, token)
        except _TROUBLE:
            self._owed.add((held, token))

    async def _give_back_what_is_owed(self) -> None:
        """Free places of turns that ended while Valkey was away: their leases would hold all up."""
        while self._owed:
            held, token = self._owed.pop()
            try:
                await self._redis.zrem(held, token)
            except _TROUBLE:
                self._owed.add((held, token))
                return

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Return the server's answer, asking again while it is away. Raises ``Unreachable``."""
        give_up = time.monotonic() + self._patience
        backoff = Backoff(first=0.05, longest=1.0)
        while True:
            try:
                return await ask()
            except _TROUBLE as error:
                if time.monotonic() >= give_up:
                    reason = f"nobody can say whose turn it is: {type(error).__name__}"
                    raise Unreachable(reason) from None
            await asyncio.sleep(backoff.next())

    def _names(self, host: str) -> list[str]:
        # The braces keep the three together on one node of a cluster.
        stem = f"{self._namespace}:turn:{{{host}}}"
        return [f"{stem}:next", f"{stem}:held", f"{stem}:rest"]
