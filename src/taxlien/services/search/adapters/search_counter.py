"""Counts searches and what is opened, in this process, and hands the counts on a few seconds later."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable, Iterable
from typing import Generic, TypeVar

import structlog

from taxlien.kit.database import describe

EVERY_SECONDS = 10.0
MOST_NAMES = 1_000
REST = "other"
"""What is counted where a process was asked in more ways than ``MOST_NAMES`` since it last wrote."""

_log = structlog.get_logger("taxlien.search")

N = TypeVar("N", bound=Hashable)
"""What is counted: a county, a kind of question, a kind and a position."""


def other(name: str) -> str:
    """Return what any name is counted as where there are too many."""
    return REST


class SearchCounter(Generic[N]):
    """A search costs an addition here; ``keep`` is awaited at most once in ``every`` seconds.

    What ``keep`` fails to write is handed to it again. Where ``MOST_NAMES`` are counted, further ones
    are counted as what ``rest`` makes of them, however many somebody makes up; no ``rest`` where names
    are known to be few.
    """

    def __init__(
        self,
        keep: Callable[[dict[N, int]], Awaitable[None]],
        *,
        every: float = EVERY_SECONDS,
        most: int = MOST_NAMES,
        rest: Callable[[N], N] | None = None,
    ) -> None:
        self._keep = keep
        self._every = every
        self._most = most
        self._rest = rest
        self._counts: Counter[N] = Counter()
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None

    def count(self, names: Iterable[N]) -> None:
        """Count one search of each name. To be called where an event loop runs."""
        rest = self._rest
        if rest is None or len(self._counts) < self._most:
            self._counts.update(names)
        else:
            self._counts.update(name if name in self._counts else rest(name) for name in names)
        self._set_timer()

    async def flush(self) -> None:
        """Hand on what was counted up to now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await self._write()

    def _begin(self) -> None:
        self._timer = None
        self._writing = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        counts, self._counts = self._counts, Counter()
        if not counts:
            return
        try:
            await self._keep(dict(counts))
        except Exception as error:
            _log.warning("searches_not_counted_yet", error=describe(error))
            self._counts.update(counts)
            self._set_timer()

    def _set_timer(self) -> None:
        if self._counts and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._every, self._begin)
