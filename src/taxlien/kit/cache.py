"""Cache on Valkey or Redis: values that may be lost at any time, computed by one process at a time.

A cache that is down makes things slower and never wrong: values are then computed, and one log line says
so until it is back.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

T = TypeVar("T")

log = structlog.get_logger(__name__)

_TROUBLE = (RedisError, OSError, TimeoutError)
_REST_SECONDS = 1.0
_FIRST_LOOK = 0.005
_LONGEST_LOOK = 0.1

# Only the holder lets go of a lock: by then it may have expired and be another's.
_UNLOCK = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end"


class Cache:
    """Values under ``<namespace>:<key>``, written with MessagePack. One per process and service."""

    def __init__(self, url: str, namespace: str, *, timeout: float = 0.5) -> None:
        """``url`` is redis://, rediss:// or unix://; ``timeout`` is seconds for connect and answer."""
        if url.startswith("valkey"):
            url = "redis" + url.removeprefix("valkey")
        self.namespace = namespace
        self._redis: Redis = Redis.from_url(
            url,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), 1),
        )
        self._unlock = self._redis.register_script(_UNLOCK)
        self._down_until = 0.0
        self._reported = False

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def ping(self) -> None:
        """Ask the server whether it lives. Raises what the driver raises; for readiness checks."""
        await self._redis.ping()

    async def get_or_compute(
        self,
        key: str,
        compute: Callable[[], Awaitable[T]],
        *,
        ttl: float,
        kind: Any = Any,
        longest_compute: float = 30.0,
    ) -> T:
        """Return the value of ``key``, computing and storing it for ``ttl`` seconds when absent.

        Of all processes that miss at once one computes and the others wait for its value, at most
        ``longest_compute`` seconds. ``kind`` is the type a stored value is decoded as; one that does
        not fit (an older version wrote it) counts as absent. Raises what ``compute`` raises.
        """
        found, value = await self._read(key, kind)
        if found:
            return value  # type: ignore[no-any-return]
        lock = f"{self._name(key)}:computing"
        token = secrets.token_hex(8)
        give_up = time.monotonic() + longest_compute
        look = _FIRST_LOOK
        while not await self._lock(lock, token, longest_compute):
            if time.monotonic() >= give_up:
                return await compute()
            await asyncio.sleep(look)
            look = min(_LONGEST_LOOK, look * 2)
            found, value = await self._read(key, kind)
            if found:
                return value  # type: ignore[no-any-return]
        try:
            # The one before us may have stored it between our look and our lock.
            found, value = await self._read(key, kind)
            if found:
                return value  # type: ignore[no-any-return]
            computed = await compute()
            await self.set(key, computed, ttl=ttl)
            return computed
        finally:
            await self._try(lambda: self._unlock(keys=[lock], args=[token]))

    async def get(self, key: str, *, kind: Any = Any) -> Any:
        """Return the value of ``key``, or None when it is absent or the cache is down."""
        return (await self._read(key, kind))[1]

    async def set(self, key: str, value: object, *, ttl: float) -> None:
        """Store ``value`` for ``ttl`` seconds, or not, when the cache is down."""
        body = msgspec.msgpack.encode(value)
        milliseconds = max(1, round(ttl * 1000))
        await self._try(lambda: self._redis.set(self._name(key), body, px=milliseconds))

    async def delete(self, *keys: str) -> None:
        """Forget ``keys``. While the cache is down they stay until their time is over."""
        if keys:
            await self._try(lambda: self._redis.delete(*map(self._name, keys)))

    def _name(self, key: str) -> str:
        return f"{self.namespace}:{key}"

    async def _read(self, key: str, kind: Any) -> tuple[bool, Any]:
        body = await self._try(lambda: self._redis.get(self._name(key)))
        if body is None:
            return False, None
        try:
            return True, msgspec.msgpack.decode(body, type=kind)
        except msgspec.MsgspecError:
            return False, None

    async def _lock(self, lock: str, token: str, seconds: float) -> bool:
        """Take the lock; true also when the cache is down, for then there is nobody to wait for."""
        taken = await self._try(
            lambda: self._redis.set(lock, token, nx=True, px=max(1, round(seconds * 1000)))
        )
        return taken is not None or self._is_down()

    def _is_down(self) -> bool:
        return time.monotonic() < self._down_until

    async def _try(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        """Return the server's answer, or None when it does not answer. Then rest before asking again."""
        if self._is_down():
            return None
        try:
            answer = await ask()
        except _TROUBLE as error:
            self._down_until = time.monotonic() + _REST_SECONDS
            if not self._reported:
                self._reported = True
                log.warning("cache_down", namespace=self.namespace, error=type(error).__name__)
            return None
        if self._reported:
            self._reported = False
            log.info("cache_back", namespace=self.namespace)
        return answer
