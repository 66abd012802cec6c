"""How much each source said of each county, how its last run ended, and what is read from that."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import text

from taxlien.kit.database import Session

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
        (county_fips, source_id, parcels, liens, not_recorded, last_fetched_at)
    SELECT county_fips, source_id, parcels, liens, not_recorded, last_fetched_at
    FROM json_populate_recordset(NULL::liens.coverage, cast(:rows AS json))
    ON CONFLICT (county_fips, source_id) DO UPDATE SET
        parcels = coverage.parcels + excluded.parcels,
        liens = coverage.liens + excluded.liens,
        not_recorded = coverage.not_recorded + excluded.not_recorded,
        last_fetched_at = greatest(coverage.last_fetched_at, excluded.last_fetched_at)
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
