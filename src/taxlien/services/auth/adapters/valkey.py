"""Valkey for things that may be lost: a client that says at once when the server is away."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

T = TypeVar("T")

_TROUBLE = (RedisError, OSError, TimeoutError)
_REST_SECONDS = 1.0

log = structlog.get_logger("taxlien.auth")


class ValkeyAway(Exception):
    """The server does not answer; the truth is in PostgreSQL."""


class Valkey:
    """One connection pool. After a failure it rests for a second, so that a dead server costs no time."""

    def __init__(self, url: str | None, namespace: str, *, timeout: float = 0.3) -> None:
        """``url`` is redis://, rediss://, valkey:// or unix://; None is a server that is always away."""
        self.namespace = namespace
        self._redis: Redis | None = None
        if url is not None:
            self._redis = Redis.from_url(
                url.replace("valkey", "redis", 1) if url.startswith("valkey") else url,
                socket_timeout=timeout,
                socket_connect_timeout=timeout,
                retry=Retry(NoBackoff(), 1),
            )
        self._down_until = 0.0
        self._reported = False

    def name(self, key: str) -> str:
        """Return ``key`` in the name space of this service."""
        return f"{self.namespace}:{key}"

    async def ask(self, command: Callable[[Any], Awaitable[T]], *, even_at_rest: bool = False) -> T:
        """Return the answer to ``command``, which gets the client. Raises ``ValkeyAway``."""
        resting = time.monotonic() < self._down_until and not even_at_rest
        if self._redis is None or resting:
            raise ValkeyAway
        try:
            answer = await command(self._redis)
        except _TROUBLE as error:
            self._down_until = time.monotonic() + _REST_SECONDS
            if not self._reported:
                self._reported = True
                log.warning("valkey_away", error=type(error).__name__)
            raise ValkeyAway from None
        if self._reported:
            self._reported = False
            log.info("valkey_back")
        return answer

    async def close(self) -> None:
        """Close the connections."""
        if self._redis is not None:
            await self._redis.aclose()
