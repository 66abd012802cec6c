"""Raw pages read again with today's parser: the same staging, judging and publishing, without a host."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
from opentelemetry import context as otel_context
from opentelemetry import trace

from taxlien.kit.database import Database
from taxlien.kit.errors import Conflict
from taxlien.kit.ids import new_id
from taxlien.kit.telemetry.traces import traceparent
from taxlien.services.scraper import repository
from taxlien.services.scraper.adapters import current
from taxlien.services.scraper.adapters.counties import day_in
from taxlien.services.scraper.adapters.platforms.registry import PLATFORMS
from taxlien.services.scraper.logic.pages import READABLE, PageRequest, Scope

from .sources import site_in

_PAGES_A_WRITE = 1000
# What no parser could read may be read by today's; what was cut off or no page at all never will.
_WORTH_READING = frozenset({None, *READABLE, "unrecognised"})
_tracer = trace.get_tracer("taxlien.scraper")


class Reparse(NamedTuple):
    """A run that reads kept pages again, and how many."""

    source: str
    run_id: UUID
    pages: int


async def start_reparse(
    database: Database, since: datetime, *, source: str | None = None
) -> tuple[list[Reparse], list[str]]:
    """Begin a run for each source with pages kept since then: the last kept of every page is read again.

    Returns the runs, and in words the sources left out. Walks the raw store a source at a time.
    """
    async with database.session() as session:
        rows = await repository.sources.all_of(session)
    begun, left_out = [], []
    for row in rows:
        if source not in {None, row.name} or row.site["platform"] not in PLATFORMS:
            continue
        try:
            found = await _start(database, row, since)
        except Conflict as error:
            left_out.append(error.message)
            continue
        if found is not None:
            begun.append(found)
    return begun, left_out


async def _start(
    database: Database, row: repository.sources.SourceRow, since: datetime
) -> Reparse | None:
    store = await current.raw_store(database)
    latest: dict[str, tuple[UUID, PageRequest]] = {}
    async for raw in store.iterate(source=row.name, since=since):
        if raw.facts.verdict not in _WORTH_READING:
            continue
        latest[raw.facts.key] = (raw.id, raw.facts.request)
    if not latest:
        return None
    site, run_id = site_in(row), new_id()
    scope = Scope(today=day_in(site.county_fips, datetime.now(UTC)))
    async with database.session() as session:
        with _tracer.start_as_current_span(f"reparse {row.name}", context=otel_context.Context()):
            started = await repository.runs.start(
                session,
                run_id,
                row.name,
                kind="reparse",
                partial=True,
                scope=msgspec.to_builtins(scope),
                parser_version=PLATFORMS[site.platform].parser_version,
                traceparent=traceparent(),
            )
        if not started:
            raise Conflict(f"{row.name}: a run of it is not over yet")
        pages = list(latest.values())
        for place in range(0, len(pages), _PAGES_A_WRITE):
            await repository.frontier.add_raw(
                session, run_id, pages[place : place + _PAGES_A_WRITE]
            )
    return Reparse(row.name, run_id, len(latest))
