"""How well each proxy serves, known to all workers: shares of success and ban, time, rests, eviction.

Kept in Valkey. Where that is away proxies count as new: nothing is believed of them, good or bad.
"""

from __future__ import annotations

import msgspec
import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

log = structlog.get_logger("taxlien.scraper")

_TROUBLE = (RedisError, OSError, TimeoutError)
_WEIGHT = 0.2  # of the newest use in the running shares
_KEPT_SECONDS = 86_400

# ARGV: worked 0/1, banned 0/1, seconds, weight, failures until eviction, first rest (s), kept (s).
_RECORD = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local old = redis.call('HMGET', KEYS[1], 'success', 'ban', 'seconds', 'row', 'uses')
local weight = tonumber(ARGV[4])
local function blend(before, newest)
  if not before then return newest end
  return before + weight * (newest - before)
end
local worked, banned = tonumber(ARGV[1]), tonumber(ARGV[2])
local row = worked == 1 and 0 or tonumber(old[4] or 0) + 1
local rest = 0
if row > 0 then rest = math.min(3600, tonumber(ARGV[6]) * 2 ^ math.min(row - 1, 12)) end
if banned == 1 then rest = 3600 end
local evicted = row >= tonumber(ARGV[5]) and 1 or 0
redis.call('HSET', KEYS[1],
  'success', tostring(blend(tonumber(old[1] or 1), worked)),
  'ban', tostring(blend(tonumber(old[2] or 0), banned)),
  'seconds', tostring(blend(tonumber(old[3]), tonumber(ARGV[3]))),
  'row', row, 'uses', tonumber(old[5] or 0) + 1, 'evicted', evicted,
  'rests_until', string.format('%.3f', rest > 0 and now + rest or 0))
redis.call('EXPIRE', KEYS[1], ARGV[7])
return evicted
"""
_READ = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local found = redis.call('HMGET', KEYS[1], 'success', 'ban', 'seconds', 'rests_until', 'evicted', 'uses')
local rests = tonumber(found[4] or 0) > now and 1 or 0
return {found[1] or '1', found[2] or '0', found[3] or '1', rests, found[5] or '0', found[6] or '0'}
"""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a proxy stands. Shares are 0 to 1, running; ``seconds`` is its usual time for a page."""

    success: float = 1.0
    ban: float = 0.0
    seconds: float = 1.0
    resting: bool = False
    evicted: bool = False
    uses: int = 0

    @property
    def score(self) -> float:
        """What it is chosen by, 0 to 1: success counts most, bans weigh double, slowness a little."""
        if self.resting or self.evicted:
            return 0.0
        speed = 1.0 / (1.0 + self.seconds / 10.0)
        return max(0.01, self.success * max(0.0, 1.0 - 2.0 * self.ban) * speed)


class ProxyHealth:
    """The standings, by name of the proxy."""

    def __init__(self, url: str, namespace: str, *, evict_after: int, cool_seconds: float) -> None:
        if url.startswith("valkey"):
            url = "redis" + url.removeprefix("valkey")
        self._redis: Redis = Redis.from_url(
            url, socket_timeout=1.0, socket_connect_timeout=1.0, retry=Retry(NoBackoff(), 1)
        )
        self._namespace = namespace
        self._evict_after = evict_after
        self._cool_seconds = cool_seconds
        self._record = self._redis.register_script(_RECORD)
        self._read = self._redis.register_script(_READ)

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def standing(self, name: str) -> Standing:
        """Return how the proxy stands."""
        try:
            success, ban, seconds, resting, evicted, uses = await self._read(keys=[self._key(name)])
        except _TROUBLE:
            return Standing()
        return Standing(
            success=float(success),
            ban=float(ban),
            seconds=float(seconds),
            resting=bool(int(resting)),
            evicted=bool(int(evicted)),
            uses=int(uses),
        )

    async def record(
        self, name: str, *, worked: bool, seconds: float, banned: bool = False, fatal: bool = False
    ) -> bool:
        """Note a use. ``fatal`` evicts at once. Returns whether the proxy is evicted now."""
        limit = 1 if fatal else self._evict_after
        arguments = (
            int(worked), int(banned), f"{seconds:.3f}", str(_WEIGHT), limit,
            str(self._cool_seconds), _KEPT_SECONDS,
        )  # fmt: skip
        try:
            evicted = bool(int(await self._record(keys=[self._key(name)], args=arguments)))
        except _TROUBLE:
            return False
        if evicted:
            log.warning("proxy_evicted", proxy=name)
        return evicted

    def _key(self, name: str) -> str:
        return f"{self._namespace}:proxy:{name}"
