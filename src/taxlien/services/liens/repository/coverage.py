"""How much each source said of each county, how its last run ended, and what is read from that."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import text

from taxlien.interfaces.scraper import ScrapeCompleted
from taxlien.kit.database import Session
from taxlien.services.liens.logic.coverage import SourceFacts

_encode = msgspec.json.Encoder(uuid_format="canonical").encode


class CoverageGain(msgspec.Struct):
    """What a batch adds for one source in one county; ``fetched_at`` is its latest page."""

    fetched_at: datetime
    parcels: int = 0
    liens: int = 0
    not_recorded: int = 0


_ADD = text(
    """
    INSERT INTO liens.coverage AS coverage
        (county_fips, source_id, parcels, liens, not_recorded, last_fetched_at, grown_at)
    SELECT county_fips, source_id, parcels, liens, not_recorded, last_fetched_at, now()
    FROM json_populate_recordset(NULL::liens.coverage, cast(:rows AS json))
    ON CONFLICT (county_fips, source_id) DO UPDATE SET
        parcels = coverage.parcels + excluded.parcels,
        liens = coverage.liens + excluded.liens,
        not_recorded = coverage.not_recorded + excluded.not_recorded,
        last_fetched_at = greatest(coverage.last_fetched_at, excluded.last_fetched_at),
        grown_at = CASE WHEN excluded.parcels + excluded.liens > 0
            THEN excluded.grown_at ELSE coverage.grown_at END
    """
)


async def add_coverage(session: Session, gains: Mapping[tuple[str, UUID], CoverageGain]) -> None:
    """Add to what sources have said of counties, by (county, source)."""
    rows = [
        {
            "county_fips": fips,
            "source_id": source_id,
            "parcels": gain.parcels,
            "liens": gain.liens,
            "not_recorded": gain.not_recorded,
            "last_fetched_at": gain.fetched_at,
        }
        for (fips, source_id), gain in sorted(gains.items())
    ]
    if rows:
        await session.execute(_ADD, {"rows": _encode(rows).decode()})


_NOTE_FILE = text(
    """
    INSERT INTO liens.source_runs AS run
        (source_id, run_id, state, ended_at, last_success_at, complete_pct)
    VALUES (:source_id, :import_id, 'published', :at, :at, :complete_pct)
    ON CONFLICT (source_id) DO UPDATE SET run_id = excluded.run_id, state = excluded.state,
        reason = NULL, ended_at = excluded.ended_at, last_success_at = excluded.last_success_at,
        complete_pct = excluded.complete_pct
    WHERE coalesce(run.ended_at <= excluded.ended_at, true)
    """
)


async def note_file(
    session: Session, source_id: UUID, *, import_id: UUID, at: datetime, complete_pct: float
) -> None:
    """Note that a person imported a file of a source."""
    values = {"source_id": source_id, "import_id": import_id, "at": at}
    await session.execute(_NOTE_FILE, values | {"complete_pct": complete_pct})


_NOTE_REFUSAL = text(
    """
    INSERT INTO liens.source_runs AS run (source_id, run_id, state, reason, ended_at)
    VALUES (:source_id, :run_id, 'refused', :reason, :at)
    ON CONFLICT (source_id) DO UPDATE SET run_id = excluded.run_id, state = excluded.state,
        reason = excluded.reason, ended_at = greatest(run.ended_at, excluded.ended_at)
    WHERE run.run_id IS NOT DISTINCT FROM excluded.run_id
        OR coalesce(run.ended_at <= excluded.ended_at, true)
    """
)


async def note_refusal(
    session: Session, source_id: UUID, *, run_id: UUID, at: datetime, reason: str
) -> None:
    """Note that the list a run brought could not be taken, unless a later run has ended since."""
    values = {"source_id": source_id, "run_id": run_id, "at": at, "reason": reason}
    await session.execute(_NOTE_REFUSAL, values)


_SHOW = text(
    "INSERT INTO liens.coverage (county_fips, source_id, parcels, liens, not_recorded)"
    " VALUES (:fips, :source_id, 0, 0, 0) ON CONFLICT DO NOTHING"
)


async def show_source(session: Session, fips: str, source_id: UUID) -> None:
    """Let a source be seen in its county, though nothing of it was recorded yet."""
    await session.execute(_SHOW, {"fips": fips, "source_id": source_id})


# A run whose list was refused stays refused, though its own end is heard later.
_NOTE_RUN = text(
    """
    INSERT INTO liens.source_runs AS run (source_id, run_id, state, reason, ended_at,
        last_success_at, complete_pct, filled_pct, fresh_hours, properties)
    VALUES (:source_id, :run_id, :state, :reason, :ended_at,
        CASE WHEN :published THEN cast(:ended_at AS timestamptz) END,
        :complete_pct, :filled_pct, :fresh_hours, :properties)
    ON CONFLICT (source_id) DO UPDATE SET
        run_id = excluded.run_id,
        state = CASE WHEN run.state = 'refused' AND run.run_id = excluded.run_id
            THEN run.state ELSE excluded.state END,
        reason = CASE WHEN run.state = 'refused' AND run.run_id = excluded.run_id
            THEN run.reason ELSE excluded.reason END,
        ended_at = greatest(run.ended_at, excluded.ended_at),
        last_success_at = CASE WHEN run.state = 'refused' AND run.run_id = excluded.run_id
            THEN run.last_success_at
            ELSE greatest(run.last_success_at, excluded.last_success_at) END,
        complete_pct = CASE WHEN :published THEN excluded.complete_pct
            ELSE coalesce(run.complete_pct, excluded.complete_pct) END,
        filled_pct = CASE WHEN :published THEN excluded.filled_pct
            ELSE coalesce(run.filled_pct, excluded.filled_pct) END,
        fresh_hours = excluded.fresh_hours,
        properties = CASE WHEN :published THEN excluded.properties
            ELSE coalesce(run.properties, excluded.properties) END
    WHERE coalesce(run.ended_at <= excluded.ended_at, true)
        OR run.run_id IS NOT DISTINCT FROM excluded.run_id
    """
)
_NOTE_EARLIER_SUCCESS = text(
    "UPDATE liens.source_runs SET last_success_at = greatest(last_success_at, :ended_at)"
    " WHERE source_id = :source_id AND run_id IS DISTINCT FROM :run_id"
)


async def note_run(session: Session, source_id: UUID, run: ScrapeCompleted) -> None:
    """Note how a run ended. What it could read counts only where it was published."""
    published = run.state == "published"
    values = {
        "source_id": source_id,
        "run_id": run.run_id,
        "state": run.state,
        "reason": run.reason,
        "ended_at": run.ended_at,
        "published": published,
        "complete_pct": run.complete_pct,
        "filled_pct": run.filled_pct,
        "fresh_hours": run.fresh_hours,
        "properties": run.properties_scraped,
    }
    await session.execute(_NOTE_RUN, values)
    if published:  # heard after a later run that failed: it was a success all the same
        await session.execute(_NOTE_EARLIER_SUCCESS, values)


_NOTE_STOP = text(
    """
    INSERT INTO liens.source_runs AS run (source_id, stopped_at, stop_kind, stop_reason)
    VALUES (:source_id, :at, :kind, :reason)
    ON CONFLICT (source_id) DO UPDATE SET stopped_at = excluded.stopped_at,
        stop_kind = excluded.stop_kind, stop_reason = excluded.stop_reason
    WHERE coalesce(run.stopped_at < excluded.stopped_at, true)
    """
)


async def note_stop(
    session: Session, source_id: UUID, at: datetime, kind: str, reason: str
) -> None:
    """Note that a source refused us; the latest time stands."""
    values = {"source_id": source_id, "at": at, "kind": kind, "reason": reason}
    await session.execute(_NOTE_STOP, values)


_NOTE_RESUMPTION = text(
    """
    INSERT INTO liens.source_runs AS run (source_id, resumed_at) VALUES (:source_id, :at)
    ON CONFLICT (source_id) DO UPDATE
        SET resumed_at = greatest(run.resumed_at, excluded.resumed_at)
    """
)


async def note_resumption(session: Session, source_id: UUID, at: datetime) -> None:
    """Note that a stopped source is collected again; the latest time stands."""
    await session.execute(_NOTE_RESUMPTION, {"source_id": source_id, "at": at})


_FACTS = text(
    """
    SELECT coverage.county_fips, source.name, source.title, source.platform, source.legal_status,
        source.synthetic, source.url, coverage.parcels, coverage.liens, coverage.not_recorded,
        coverage.last_fetched_at, run.state, run.reason, run.ended_at, run.last_success_at,
        run.complete_pct, run.filled_pct, run.fresh_hours, run.stopped_at, run.stop_kind,
        run.stop_reason, run.resumed_at, run.properties
    FROM liens.coverage AS coverage
    JOIN liens.sources AS source ON source.id = coverage.source_id
    LEFT JOIN liens.source_runs AS run ON run.source_id = coverage.source_id
    WHERE coverage.county_fips BETWEEN :low AND :high
    ORDER BY coverage.county_fips, source.name
    """
)


async def source_facts(session: Session, low: str, high: str) -> list[SourceFacts]:
    """Return what is known of every source in the counties of a range."""
    found = await session.execute(_FACTS, {"low": low, "high": high})
    return [SourceFacts(*row) for row in found]
