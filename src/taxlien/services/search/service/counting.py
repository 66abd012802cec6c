"""Which counties are searched for, and how people ask: counted by every process, announced together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime

from taxlien.interfaces.search import Clicks, CountiesSearched, SearchesSummarised
from taxlien.kit.database import Session
from taxlien.kit.outbox import emit
from taxlien.services.search.adapters.search_counter import MOST_NAMES, SearchCounter, other
from taxlien.services.search.logic.clicks import summed
from taxlien.services.search.repository import searched as repository


def open_counter(
    open_session: Callable[[], AbstractAsyncContextManager[Session]],
) -> SearchCounter[str]:
    """Return a counter of this process's searches, which writes what it has every few seconds."""

    async def keep(counts: dict[str, int]) -> None:
        async with open_session() as session:
            await keep_searched(session, counts)

    return SearchCounter(keep)


def open_kind_counter(
    open_session: Callable[[], AbstractAsyncContextManager[Session]],
) -> SearchCounter[str]:
    """Return a counter of the kinds of this process's questions, by the hour they are written in."""

    async def keep(counts: dict[str, int]) -> None:
        async with open_session() as session:
            await keep_kinds(session, counts, datetime.now(UTC))

    return SearchCounter(keep, rest=other)


async def keep_kinds(session: Session, counts: Mapping[str, int], at: datetime) -> None:
    """Add up the kinds of questions one process was asked in the hour of ``at``."""
    if counts:
        await repository.add_kinds(session, hour_of(at), counts)


def hour_of(at: datetime) -> datetime:
    """Return the beginning of the hour of ``at``."""
    return at.replace(minute=0, second=0, microsecond=0)


async def announce_kinds(session: Session) -> int:
    """Say how people searched, and what they opened, since this was last said. Returns how many events it
    took: at least one an hour, and more where there are more kinds than one holds."""
    asked: dict[datetime, dict[str, int]] = {}
    for row in await repository.take_kinds(session):
        asked.setdefault(row.hour, {})[row.kind] = row.count
    opened = await take_clicks(session)
    said = 0
    for hour in sorted({*asked, *opened}):
        counts, clicks = asked.get(hour, {}), opened.get(hour, {})
        kinds = sorted({*counts, *clicks})
        for start in range(0, len(kinds), MOST_NAMES):
            some = kinds[start : start + MOST_NAMES]
            event = SearchesSummarised(
                hour=hour,
                counts={kind: counts[kind] for kind in some if kind in counts},
                clicks={kind: clicks[kind] for kind in some if kind in clicks},
            )
            await emit(session, event)
            said += 1
    return said


async def take_clicks(session: Session) -> dict[datetime, dict[str, Clicks]]:
    """Take what was opened since this was last asked, by hour and kind, to be said."""
    counts: dict[tuple[datetime, str], list[tuple[int, int]]] = {}
    for row in await repository.take_clicks(session):
        counts.setdefault((row.hour, row.kind), []).append((row.position, row.count))
    hours: dict[datetime, dict[str, Clicks]] = {}
    for (hour, kind), positions in counts.items():
        hours.setdefault(hour, {})[kind] = summed(positions)
    return hours


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
