"""Runs begin here: which sources are due, and what each run shall cover."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec
from opentelemetry import context as otel_context
from opentelemetry import trace

from taxlien.kit.database import Session
from taxlien.kit.errors import Conflict
from taxlien.kit.ids import new_id
from taxlien.kit.telemetry.traces import traceparent
from taxlien.services.scraper import repository
from taxlien.services.scraper.adapters import current
from taxlien.services.scraper.adapters.counties import day_in
from taxlien.services.scraper.adapters.platforms.registry import PLATFORMS, platform_of
from taxlien.services.scraper.logic.pages import Scope
from taxlien.services.scraper.logic.priorities import Candidate, Demand, choose, priority
from taxlien.services.scraper.logic.sites import COLLECTABLE, Site

from .sources import site_in, source_named

_SEARCH_DAYS = 7
_SENT_PATIENCE = 30.0
_tracer = trace.get_tracer("taxlien.scraper")


class ToDo(NamedTuple):
    """A run that somebody should go on with: in which lane it waits, and how urgent it is."""

    run_id: UUID
    lane: str
    priority: int


async def start_run(
    session: Session,
    name: str,
    *,
    limit: int | None = None,
    parcels: Sequence[str] = (),
    today: date | None = None,
) -> UUID:
    """Begin a run of a source: its first pages wait in the frontier then.

    ``today`` is the county's own day where it is not that of the clock: a simulator may play another.
    Raises ``NotFound``, and ``Conflict`` where a run is under way or the source may not be collected.
    """
    row = await source_named(session, name, lock=True)
    site = site_in(row)
    if site.legal_status not in COLLECTABLE:
        raise Conflict(f"{name} is not collected: its legal status is {site.legal_status}")
    if row.status != "active":
        raise Conflict(f"{name} is {row.status}: {row.reason or 'a person decided so'}")
    scope = Scope(today=today or day_in(site.county_fips, datetime.now(UTC)), limit=limit)
    if parcels:
        scope = msgspec.structs.replace(scope, parcels=tuple(parcels))
    return await _begin(session, site, scope, urgency=row.priority, partial=bool(parcels))


async def plan_runs(session: Session) -> list[ToDo]:
    """Begin runs of what is due while there is room, and return every run that nobody drives."""
    room = current.settings().runs_at_once - await repository.runs.count_open(session)
    if room > 0:
        now = datetime.now(UTC)
        idle = await repository.sources.idle(session)
        rows = {row.name: row for row in idle if current.comes_by_itself(site_in(row))}
        today = day_in("", now)
        candidates = await _candidates(session, list(rows.values()), today)
        turn = await repository.runs.turn(session)
        for chosen in choose(candidates, room, turn=turn, now=now, today=today):
            site = site_in(rows[chosen.source])
            scope = Scope(today=day_in(site.county_fips, now))
            await _begin(session, site, scope, urgency=priority(chosen, now, today))
    return [ToDo(*row) for row in await repository.runs.send_out(session, _SENT_PATIENCE)]


async def to_do(session: Session, run_id: UUID) -> ToDo | None:
    """Return how an open run is to be sent on, or None where it is over."""
    run = await repository.runs.get(session, run_id)
    if run is None or run.state != "open":
        return None
    row = await source_named(session, run.source)
    return ToDo(run_id, site_in(row).platform, row.priority)


def lanes() -> list[str]:
    """Return the lanes of collecting: one a platform, so that a slow one holds up no other."""
    return sorted(PLATFORMS)


def slice_seconds() -> float:
    """Return how long a job goes on with a run. Raises ``SettingsError``."""
    return current.settings().slice_seconds


async def _begin(
    session: Session, site: Site, scope: Scope, *, urgency: int, partial: bool = False
) -> UUID:
    platform = platform_of(site.platform)
    if not scope.parcels:
        # Where a platform gives no list of its parcels, the site file may name them.
        named = tuple(str(parcel) for parcel in site.start.get("parcels", ()))
        scope = msgspec.structs.replace(scope, parcels=named)
    run_id = new_id()
    # A run is a trace of its own: everything that comes of it is found by it.
    with _tracer.start_as_current_span(f"run {site.source}", context=otel_context.Context()):
        begun = await repository.runs.start(
            session,
            run_id,
            site.source,
            kind="collect",
            partial=partial or scope.limit is not None,
            scope=msgspec.to_builtins(scope),
            parser_version=platform.parser_version,
            traceparent=traceparent(),
        )
    if not begun:
        raise Conflict(f"a run of {site.source} is not over yet")
    first = list(platform.start(site, scope))[: scope.limit]
    await repository.frontier.add(session, run_id, first)
    await repository.sources.mark_started(session, site.source, urgency)
    return run_id


async def _candidates(
    session: Session, rows: Sequence[repository.sources.SourceRow], today: date
) -> list[Candidate]:
    since = today - timedelta(days=_SEARCH_DAYS)
    wishes = await repository.wishes.by_county(session, since)
    sales = await repository.wishes.next_sales(session, today - timedelta(days=3))
    return [candidate_of(row, wishes, sales) for row in rows]


def candidate_of(
    row: repository.sources.SourceRow,
    wishes: dict[str, repository.wishes.Wishes],
    sales: dict[str, date],
) -> Candidate:
    """Return a source as the decisions about priority see it."""
    site = site_in(row)
    wanted = wishes.get(site.county_fips)
    demand = Demand(
        searches=wanted.searches if wanted else 0,
        watchlists=wanted.watchlists if wanted else 0,
        customers=wanted.customers if wanted else 0,
        next_sale=sales.get(site.county_fips),
    )
    return Candidate(
        source=row.name,
        every_hours=site.schedule.every_hours,
        fresh_hours=site.schedule.fresh_hours,
        last_started=row.last_run_at,
        last_success=row.last_success_at,
        failures=row.failures,
        demand=demand,
    )
