"""Sources: what is known of each site, and how collecting it goes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from taxlien.kit.database import Session
from taxlien.services.scraper.models import SourceStatus

_encode = msgspec.json.Encoder().encode


class SourceRow(NamedTuple):
    """A source as kept. ``figures`` are those of its last published run."""

    name: str
    site: dict[str, Any]
    status: SourceStatus
    reason: str | None
    priority: int
    next_due_at: datetime
    failures: int
    last_run_at: datetime | None
    last_success_at: datetime | None
    rows: int
    error_share: float | None
    figures: dict[str, Any] | None


_COLUMNS = ", ".join(SourceRow._fields)

# A site that says what it said stays as it is; one whose terms changed is switched off or on by them.
_UPSERT = text(
    """
    INSERT INTO scraper.sources AS known
        (name, platform, county_fips, legal_status, site, shipped, status, reason)
    SELECT name, platform, county_fips, legal_status, site, shipped,
        CASE WHEN collectable THEN 'active' ELSE 'off' END,
        CASE WHEN collectable THEN NULL ELSE 'legal status ' || legal_status END
    FROM json_to_recordset(cast(:sites AS json)) AS site (
        name text, platform text, county_fips text, legal_status text, site jsonb, shipped boolean,
        collectable boolean)
    ON CONFLICT (name) DO UPDATE SET
        platform = excluded.platform, county_fips = excluded.county_fips,
        legal_status = excluded.legal_status, site = excluded.site, shipped = excluded.shipped,
        changed_at = now(),
        status = CASE WHEN excluded.status = 'off' THEN 'off'
            WHEN known.status = 'off' THEN 'active' ELSE known.status END,
        reason = CASE WHEN excluded.status = 'off' THEN excluded.reason
            WHEN known.status = 'off' THEN NULL ELSE known.reason END
    WHERE known.site <> excluded.site OR known.shipped <> excluded.shipped
        OR (known.status = 'off') <> (excluded.status = 'off')
    """
)


async def upsert(session: Session, rows: Iterable[dict[str, Any]]) -> int:
    """Add sites, or replace what is known of them. Returns how many are new or differ."""
    result = await session.execute(_UPSERT, {"sites": _encode(list(rows)).decode()})
    return int(getattr(result, "rowcount", 0))


_SWITCH_OFF = text(
    "UPDATE scraper.sources SET status = 'off', reason = :reason, changed_at = now()"
    " WHERE shipped = :shipped AND status <> 'off' AND NOT name = ANY(:names)"
)


async def switch_off_others(
    session: Session, names: Sequence[str], *, shipped: bool, reason: str
) -> int:
    """Switch off sources of this origin that are not among ``names``. Returns how many."""
    values = {"names": list(names), "shipped": shipped, "reason": reason}
    result = await session.execute(_SWITCH_OFF, values)
    return int(getattr(result, "rowcount", 0))


async def get(session: Session, name: str, *, lock: bool = False) -> SourceRow | None:
    """Return a source by name, locked to the transaction's end where that is asked."""
    query = f"SELECT {_COLUMNS} FROM scraper.sources WHERE name = :name"  # noqa: S608 - our names
    if lock:
        query += " FOR UPDATE"
    row = (await session.execute(text(query), {"name": name})).first()
    return None if row is None else SourceRow(*row)


async def all_of(session: Session, *, collectable: bool = False) -> list[SourceRow]:
    """Return every source by name, or only those that may be collected."""
    where = "WHERE status <> 'off'" if collectable else ""
    query = f"SELECT {_COLUMNS} FROM scraper.sources {where} ORDER BY name"  # noqa: S608
    return [SourceRow(*row) for row in await session.execute(text(query))]


async def count(session: Session, *, shipped: bool) -> int:
    """Return how many sources of this origin are known."""
    query = text("SELECT count(*) FROM scraper.sources WHERE shipped = :shipped")
    return int((await session.execute(query, {"shipped": shipped})).scalar_one())


_IDLE = text(
    f"""
    SELECT {_COLUMNS} FROM scraper.sources AS source WHERE status = 'active'
        AND NOT EXISTS (SELECT FROM scraper.runs AS run
            WHERE run.source = source.name AND run.state IN ('open', 'quarantined'))
    ORDER BY name
    """  # noqa: S608 - the column names are ours
)


async def idle(session: Session) -> list[SourceRow]:
    """Return active sources that no run is under way for."""
    return [SourceRow(*row) for row in await session.execute(_IDLE)]


async def set_status(
    session: Session, name: str, status: SourceStatus, reason: str | None = None
) -> None:
    """Set a source's status and why."""
    statement = (
        "UPDATE scraper.sources SET status = :status, reason = :reason, changed_at = now()"
        " WHERE name = :name"
    )
    await session.execute(text(statement), {"name": name, "status": status, "reason": reason})


async def set_robots(session: Session, name: str, robots: dict[str, Any]) -> None:
    """Record what the host's robots.txt says."""
    statement = text("UPDATE scraper.sources SET robots = :robots WHERE name = :name")
    await session.execute(
        statement.bindparams(bindparam("robots", type_=JSONB)), {"name": name, "robots": robots}
    )


_STARTED = text(
    "UPDATE scraper.sources SET last_run_at = now(), priority = :priority WHERE name = :name"
)


async def mark_started(session: Session, name: str, priority: int) -> None:
    """Note that a run begins, and how urgent its work is."""
    await session.execute(_STARTED, {"name": name, "priority": priority})


async def make_due(session: Session, name: str) -> None:
    """Let a source be collected as soon as there is room."""
    statement = text(
        "UPDATE scraper.sources SET last_run_at = NULL, failures = 0, next_due_at = now()"
        " WHERE name = :name"
    )
    await session.execute(statement, {"name": name})


_ENDED = text(
    """
    UPDATE scraper.sources SET next_due_at = :next_due_at, failures = :failures,
        error_share = coalesce(:error_share, error_share),
        last_success_at = CASE WHEN :failures = 0 THEN now() ELSE last_success_at END,
        rows = coalesce(:rows, rows), figures = coalesce(:figures, figures)
    WHERE name = :name
    """
).bindparams(bindparam("figures", type_=JSONB(none_as_null=True)))


async def mark_ended(
    session: Session,
    name: str,
    *,
    next_due_at: datetime,
    failures: int,
    error_share: float | None,
    rows: int | None,
    figures: dict[str, Any] | None,
) -> None:
    """Note how a run ended. ``rows`` and ``figures`` are those of a whole published run, else None."""
    await session.execute(
        _ENDED,
        {
            "name": name,
            "next_due_at": next_due_at,
            "failures": failures,
            "error_share": error_share,
            "rows": rows,
            "figures": figures,
        },
    )
