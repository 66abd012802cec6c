"""What is covered, how well, and how old it is: told by runs, judged by the clock when asked."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime

import msgspec

from taxlien.interfaces.scraper import ScrapeCompleted, SourceResumed, SourceStopped
from taxlien.kit.database import Session
from taxlien.services.liens import repository
from taxlien.services.liens.logic.coverage import (
    STATUSES,
    CoverageStatus,
    Judgement,
    SourceFacts,
    judge,
    worst,
)

from .collecting import register_card
from .places import bounds


class SourceCoverage(msgspec.Struct, frozen=True):
    """One source of a county, and how it stands."""

    facts: SourceFacts
    judgement: Judgement


class CountyCoverage(msgspec.Struct, frozen=True):
    """One county that has sources, the worst of which gives its status."""

    fips: str
    state: str
    county: str
    status: CoverageStatus
    sources: tuple[SourceCoverage, ...]


class StateCoverage(msgspec.Struct, frozen=True):
    """How many counties a state has, and how many of them stand how; the rest has no source."""

    state: str
    counties: int
    covered: int
    by_status: dict[CoverageStatus, int]


class CoverageReport(msgspec.Struct, frozen=True):
    """Every county with a source, by FIPS code, and every state asked for."""

    counties: list[CountyCoverage]
    states: list[StateCoverage]


async def note_runs(
    session: Session, events: Sequence[ScrapeCompleted | SourceStopped | SourceResumed]
) -> None:
    """Note how runs ended and sources stopped. In any order, the latest of each kind stands."""
    for event in sorted(events, key=lambda event: event.source.name):
        source = await register_card(session, event.source)
        fips = event.source.county_fips
        if await repository.county_by_fips(session, fips):
            await repository.show_source(session, fips, source.id)
        if isinstance(event, ScrapeCompleted):
            await repository.note_run(session, source.id, event)
        elif isinstance(event, SourceStopped):
            await repository.note_stop(session, source.id, event.at, event.kind, event.reason)
        else:
            await repository.note_resumption(session, source.id, event.at)


async def coverage(
    session: Session, *, state: str | None, county_fips: str | None, now: datetime
) -> CoverageReport:
    """Return what is covered at ``now``. Raises ``InvalidInput`` for an unknown place."""
    low, high = await bounds(session, county_fips=county_fips, state=state)
    by_county: dict[str, list[SourceCoverage]] = defaultdict(list)
    for facts in await repository.source_facts(session, low, high):
        by_county[facts.county_fips].append(SourceCoverage(facts, judge(facts, now)))
    counties, of_state = [], Counter[str]()
    statuses: dict[str, Counter[CoverageStatus]] = defaultdict(Counter)
    for row in await repository.list_counties(session, state=state, after="", limit=10_000):
        if not low <= row.fips <= high:
            continue
        of_state[row.state] += 1
        sources = by_county.get(row.fips)
        if sources:
            status = worst([source.judgement.status for source in sources])
            statuses[row.state][status] += 1
            found = CountyCoverage(row.fips, row.state, row.name, status, tuple(sources))
            counties.append(found)
    states = [
        StateCoverage(
            name,
            count,
            statuses[name].total(),
            {status: statuses[name][status] for status in STATUSES},
        )
        for name, count in sorted(of_state.items())
    ]
    return CoverageReport(counties, states)
