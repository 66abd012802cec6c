"""Counts of requests in sliding windows, in Valkey: shared by all gateways, one round trip a request.

A window is cut into cells. A request counts into the cell of its moment; a window is what its cells and the
one that is just leaving hold, so that no window of the full length, wherever it begins, ever holds more
than the limit. The price is that a count is forgotten up to one cell (a twentieth) late. Refused requests
do not count: who keeps asking is served again as soon as anybody else would be.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError

from taxlien.services.gateway.logic.limits import Limit, Verdict

log = structlog.get_logger(__name__)

CELLS = 20
_TROUBLE = (RedisError, OSError, TimeoutError)
_REST_SECONDS = 1.0
_MOST_AT_ONCE = 100

# The server's own clock: gateways need not agree about the time. A moment may be given for tests.
_COUNT = """
local now = tonumber(ARGV[4])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local limit, cells = tonumber(ARGV[1]), tonumber(ARGV[3])
local width = tonumber(ARGV[2]) / cells
local cell = math.floor(now / width)
local found = redis.call('HGETALL', KEYS[1])
local used, oldest, stale = 0, cell, {}
for i = 1, #found, 2 do
  local index = tonumber(found[i])
  if index < cell - cells then
    stale[#stale + 1] = found[i]
  else
    used = used + tonumber(found[i + 1])
    oldest = math.min(oldest, index)
  end
end
local allowed = 0
if used < limit then
  allowed = 1
  used = used + 1
  redis.call('HINCRBY', KEYS[1], cell, 1)
  if #stale > 0 then redis.call('HDEL', KEYS[1], unpack(stale)) end
  redis.call('PEXPIRE', KEYS[1], math.ceil((cells + 2) * width))
end
local wait = math.ceil((oldest + cells + 1) * width - now)
return {allowed, math.max(0, limit - used), wait}
"""
_COUNT_SHA = hashlib.sha1(_COUNT.encode()).hexdigest()  # noqa: S324 - the server's name for a script


class CountsAway(Exception):
    """The server of the counts does not answer."""


class _Question(NamedTuple):
    key: str
    arguments: tuple[int | str, ...]
    answer: asyncio.Future[Verdict]


class SlidingWindows:
    """The counts under one server. One per process: what is asked while an answer is under way goes
    together in the next round trip, so that a flood needs one connection and few round trips."""

    def __init__(self, url: str, *, timeout: float = 0.5) -> None:
        """``url`` is redis://, rediss:// or unix://; ``timeout`` is seconds for connect and answer."""
        if url.startswith("valkey"):
            url = "redis" + url.removeprefix("valkey")
        self._redis: Redis = Redis.from_url(
            url,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), 1),
        )
        self._waiting: list[_Question] = []
        self._asking: asyncio.Task[None] | None = None
        self._away_until = 0.0
        self._reported = False

    async def count(self, key: str, limit: Limit, *, now_ms: int | None = None) -> Verdict:
        """Count a request under ``key`` if ``limit`` has room. Raises ``CountsAway`` at once while the
        server rests after a failure."""
        if time.monotonic() < self._away_until:
            raise CountsAway
        moment: int | str = "" if now_ms is None else now_ms
        arguments = (limit.requests, limit.seconds * 1000, CELLS, moment)
        question = _Question(key, arguments, asyncio.get_running_loop().create_future())
        self._waiting.append(question)
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask_while_somebody_waits())
        return await question.answer

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def _ask_while_somebody_waits(self) -> None:
        while self._waiting:
            batch = self._waiting[:_MOST_AT_ONCE]
            del self._waiting[:_MOST_AT_ONCE]
            try:
                answers = await self._ask(batch)
            except _TROUBLE as error:
                self._rest(error)
                for question in batch:
                    if not question.answer.done():
                        question.answer.set_exception(CountsAway())
                continue
            self._note_answer()
            for question, (allowed, remaining, wait) in zip(batch, answers, strict=True):
                if not question.answer.done():
                    question.answer.set_result(Verdict(bool(allowed), int(remaining), int(wait)))

    async def _ask(self, batch: Sequence[_Question]) -> list[Any]:
        answers = await self._send(batch)
        if any(isinstance(answer, NoScriptError) for answer in answers):
            # A server that restarted; of the others in the batch none was counted either.
            await self._redis.script_load(_COUNT)
            answers = await self._send(batch)
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return answers

    async def _send(self, batch: Sequence[_Question]) -> list[Any]:
        pipeline = self._redis.pipeline(transaction=False)
        for question in batch:
            pipeline.evalsha(_COUNT_SHA, 1, question.key, *question.arguments)
        found: list[Any] = await pipeline.execute(raise_on_error=False)
        return found

    def _rest(self, error: Exception) -> None:
        self._away_until = time.monotonic() + _REST_SECONDS
        if not self._reported:
            self._reported = True
            log.warning("limits_uncounted", error=type(error).__name__)

    def _note_answer(self) -> None:
        if self._reported:
            self._reported = False
            log.info("limits_counted_again")
