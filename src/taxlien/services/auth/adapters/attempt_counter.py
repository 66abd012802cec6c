"""Attempts counted in Valkey over a sliding window, so that all processes share one count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from taxlien.services.auth.logic.throttling import Subject

from .valkey import Valkey

# One step, or attempts sent side by side would all be let through before the first is counted.
_RESERVE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local window, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, now - window)
local count = redis.call('ZCARD', KEYS[1])
if count >= limit then
  local oldest = redis.call('ZRANGE', KEYS[1], count - limit, count - limit, 'WITHSCORES')
  return {count, math.max(1, oldest[2] + window - now)}
end
redis.call('ZADD', KEYS[1], now, ARGV[3])
redis.call('PEXPIRE', KEYS[1], window)
return {count, 0}
"""


class Reserved(NamedTuple):
    """``before`` attempts were counted already; ``wait`` is seconds, 0 where this one may go ahead."""

    before: int
    wait: float


class AttemptCounter:
    """Sorted sets ``attempts:<subject>``: members are attempts, scores their time in milliseconds."""

    def __init__(self, valkey: Valkey) -> None:
        self._valkey = valkey

    async def reserve(self, subject: Subject, attempt: str) -> Reserved:
        """Count ``attempt`` unless the limit is reached. Raises ``ValkeyAway``."""
        arguments = (round(subject.window * 1000), subject.limit, attempt)
        name = self._name(subject.name)
        before, wait = await self._valkey.ask(
            lambda redis: redis.eval(_RESERVE, 1, name, *arguments)
        )
        return Reserved(int(before), int(wait) / 1000)

    async def seed(self, subject: Subject, times: Sequence[float]) -> None:
        """Put back what the server forgot: Unix times of failures. Raises ``ValkeyAway``."""
        members = {f"stored-{n}": round(at * 1000) for n, at in enumerate(times)}
        name = self._name(subject.name)
        await self._valkey.ask(lambda redis: redis.zadd(name, members))

    async def take_back(self, name: str, attempt: str) -> None:
        """Count ``attempt`` no more. Raises ``ValkeyAway``."""
        await self._valkey.ask(lambda redis: redis.zrem(self._name(name), attempt))

    async def clear(self, name: str) -> None:
        """Forget every attempt. Raises ``ValkeyAway``."""
        await self._valkey.ask(lambda redis: redis.delete(self._name(name)))

    def _name(self, name: str) -> str:
        return self._valkey.name(f"attempts:{name}")
