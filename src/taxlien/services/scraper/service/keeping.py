"""Keeping pages as they came, whatever they turned out to be: a person may want to see what a host said."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from taxlien.services.scraper.adapters.raw_store.raw_store import RawStore
from taxlien.services.scraper.logic.pages import READABLE

from .visiting import Visit


async def keep_pages(store: RawStore, visits: Sequence[Visit]) -> None:
    """Keep every page that was fetched, and note in each visit under which id."""
    kept = [visit for visit in visits if visit.raw and not await _is_kept(store, visit)]
    lost = [raw for visit in visits for raw in visit.earlier]
    pages = await store.put_many([*lost, *(visit.raw for visit in kept if visit.raw)])
    for visit, page in zip(kept, pages[len(lost) :], strict=True):
        visit.memory = msgspec.structs.replace(visit.memory, raw_id=str(page.id))


async def _is_kept(store: RawStore, visit: Visit) -> bool:
    """Whether a page that was tried again came as it came before: cut off at the same place, say."""
    assert visit.raw is not None
    facts, content = visit.raw
    if visit.claimed.attempts <= 1 or facts.verdict in READABLE:
        return False
    last = await store.latest(facts.source, facts.key)
    return last is not None and last.sha256 == hashlib.sha256(content).hexdigest()
