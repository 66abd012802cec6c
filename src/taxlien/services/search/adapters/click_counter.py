"""Counts which hits were opened, in this process, each once for whoever opened it."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from hashlib import blake2b
from typing import NamedTuple
from uuid import UUID

from taxlien.services.search.logic.clicks import BEYOND

from .search_counter import EVERY_SECONDS, MOST_NAMES, REST, SearchCounter

MOST_REMEMBERED = 20_000

Clicked = tuple[str, int]
"""A kind of question and a position, from 1."""


class Click(NamedTuple):
    """Somebody opened a hit. ``who`` is a user or an address; it is kept as a digest, and only here."""

    who: str
    search_id: str
    lien_id: UUID
    kind: str
    position: int


def _rest(clicked: Clicked) -> Clicked:
    return REST, min(clicked[1], BEYOND)


class ClickCounter:
    """Counts a click of one answer once by lien and once by position: who sends it again, or makes up
    liens, counts no more than the page has.

    The latest ``most`` are remembered, by this process alone: what is sent again to another process, or
    after so many others, counts again.
    """

    def __init__(
        self,
        keep: Callable[[dict[Clicked, int]], Awaitable[None]],
        *,
        every: float = EVERY_SECONDS,
        most_names: int = MOST_NAMES,
        most: int = MOST_REMEMBERED,
    ) -> None:
        self._counter = SearchCounter(keep, every=every, most=most_names, rest=_rest)
        self._most = most
        self._key = os.urandom(32)
        self._seen: dict[bytes, None] = {}  # the oldest first

    def count(self, click: Click) -> None:
        """Count a click that is not known. To be called where an event loop runs."""
        signs = [self._digest(click, str(one)) for one in (click.lien_id, click.position)]
        known = any(sign in self._seen for sign in signs)
        self._seen.update(dict.fromkeys(signs))
        while len(self._seen) > 2 * self._most:
            del self._seen[next(iter(self._seen))]
        if not known:
            self._counter.count([(click.kind, click.position)])

    async def flush(self) -> None:
        """Hand on what was counted up to now."""
        await self._counter.flush()

    def _digest(self, click: Click, one: str) -> bytes:
        said = "\0".join((click.who, click.search_id, one)).encode()
        return blake2b(said, digest_size=12, key=self._key).digest()
