"""Answers that were given already: in the memory of this process, and in Valkey for all processes.

Every answer is kept under the state of the index that it was read from (``SearchEngine.version``) and is
gone with it: what is found here is never older than what the index would say. Keys in Valkey are digests,
so that nobody reads there what people search for.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from hashlib import blake2b
from typing import Any

import msgspec

from taxlien.kit.cache import Cache
from taxlien.services.search.logic.paging import canonical
from taxlien.services.search.logic.query import SearchQuery

_LARGEST = 200_000
_LONGEST_COMPUTE = 5.0
_OVERHEAD = 2_000  # of one kept answer: its headers, its keys, what Python adds


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """JSON to send, the counties (FIPS) that the question was about, and its kind."""

    body: bytes
    counties: tuple[str, ...] = ()
    kind: str | None = None


Compute = Callable[[], Awaitable[Answer]]


class AnswerStore:
    """Keeps answers for ``seconds`` at most (0: not at all), the latest ``most_bytes`` of them here.

    ``shared`` is for answers that cost more than asking it does: of all processes that miss one at the
    same moment, one computes it. Without it, or while it is away, every process computes its own.
    """

    def __init__(self, shared: Cache | None, *, seconds: float, most_bytes: int) -> None:
        self._shared = shared
        self._seconds = seconds
        self._most_bytes = most_bytes
        self._version = ""
        self._kept: dict[object, tuple[Any, float, int]] = {}  # the oldest first
        self._bytes = 0
        self._computing: dict[bytes, asyncio.Future[Answer]] = {}

    def recall(self, key: object, version: str) -> Any | None:
        """Return what this process keeps under ``key`` for ``version``, or None."""
        if version != self._version:
            self._forget(version)
            return None
        found = self._kept.get(key)
        if found is None or found[1] < time.monotonic():
            return None
        return found[0]

    def keep(self, key: object, version: str, value: object, size: int) -> None:
        """Keep ``value``, whose body is ``size`` bytes, under ``key`` while ``version`` lasts."""
        if version != self._version or size > _LARGEST or not self._seconds:
            return
        size += _OVERHEAD
        until = time.monotonic() + self._seconds
        if (old := self._kept.pop(key, None)) is not None:
            self._bytes -= old[2]
        self._kept[key] = (value, until, size)
        self._bytes += size
        while self._bytes > self._most_bytes:
            self._bytes -= self._kept.pop(next(iter(self._kept)))[2]

    async def share(self, key: bytes, compute: Compute) -> Answer:
        """Return the answer under ``key`` that another process or call has, or compute it, once."""
        if self._shared is None or not self._seconds:
            return await compute()
        running = self._computing.get(key)
        if running is not None:
            return await asyncio.shield(running)
        running = asyncio.ensure_future(
            self._shared.get_or_compute(
                f"answer:{key.hex()}",
                compute,
                ttl=self._seconds,
                kind=Answer,
                longest_compute=_LONGEST_COMPUTE,
            )
        )
        self._computing[key] = running
        running.add_done_callback(lambda _: self._computing.pop(key, None))
        return await asyncio.shield(running)

    def _forget(self, version: str) -> None:
        self._version = version
        self._kept.clear()
        self._bytes = 0

    async def close(self) -> None:
        """Forget everything and close the connections."""
        self._forget("")
        for running in list(self._computing.values()):
            running.cancel()
        if self._shared is not None:
            await self._shared.close()


def digest_of(query: SearchQuery, version: str) -> bytes:
    """Return 16 bytes that are the same for questions that mean the same, at one state of the index."""
    asked = msgspec.msgpack.encode(canonical(query))
    return blake2b(asked, digest_size=16, key=blake2b(version.encode()).digest()).digest()
