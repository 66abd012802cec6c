"""Which counties are searched for, and how people ask: counted by every process, announced together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime

from taxlien.interfaces.search import CountiesSearched, SearchesSummarised
from taxlien.kit.database import Session
from taxlien.kit.outbox import emit
from taxlien.services.search.adapters.search_counter import MOST_NAMES, SearchCounter
from taxlien.services.search.repository import searched as repository


def open_counter(
    open_session: Callable[[], AbstractAsyncContextManager[Session]],
) -> SearchCounter:
    """Return a counter of this process's searches, which writes what it has every few seconds."""

    async def keep(counts: dict[str, int]) -> None:
        async with open_session() as session:
            await keep_searched(session, counts)

    return SearchCounter(keep)


def open_kind_counter(
    open_session: Callable[[], AbstractAsyncContextManager[Session]],
) -> SearchCounter:
    """Return a counter of the kinds of this process's questions, by the hour they are written in."""

    async def keep(counts: dict[str, int]) -> None:
        async with open_session() as session:
            await keep_kinds(session, counts, datetime.now(UTC))

    return SearchCounter(keep, most=MOST_NAMES)


async def keep_kinds(session: Session, counts: Mapping[str, int], at: datetime) -> None:
    """Add up the kinds of questions one process was asked in the hour of ``at``."""
    if counts:
        hour = at.replace(minute=0, second=0, microsecond=0)
        await repository.add_kinds(session, hour, counts)


async def announce_kinds(session: Session) -> int:
    """Say how people searched since this was last said. Returns how many events it took: at least one an
    hour, and more where there are more kinds than one holds."""
    hours: dict[datetime, list[tuple[str, int]]] = {}
    for row in await repository.take_kinds(session):
        hours.setdefault(row.hour, []).append((row.kind, row.count))
    said = 0
    for hour, counts in sorted(hours.items()):
        for start in range(0, len(counts), MOST_NAMES):
            some = dict(counts[start : start + MOST_NAMES])
            await emit(session, SearchesSummarised(hour=hour, counts=some))
            said += 1
    return said


async def keep_searched(session: Session, counts: Mapping[str, int]) -> None:
    """Add up what one process counted, to be announced with what the others did."""
    if counts:
        await repository.add_searched(session, counts)


async def announce_searched(session: Session) -> int:
    """Say which counties were searched since this was last said. Returns how many counties."""
    taken = await repository.take_searched(session)
    if taken:
        await emit(
            session,
            CountiesSearched(
                counts={row.county_fips: row.count for row in taken},
                since=min(row.since for row in taken),
                until=datetime.now(UTC),
            ),
        )
    return len(taken)
