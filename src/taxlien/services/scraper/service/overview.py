"""How collecting goes, source by source, for people and for other programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from taxlien.kit.database import Session
from taxlien.services.scraper import repository
from taxlien.services.scraper.adapters import current

from .sources import site_in


class SourceState(msgspec.Struct, frozen=True, kw_only=True):
    """One source. ``age_hours`` is since its last published run; ``error_rate`` is 0 to 1.

    ``by_itself`` tells whether the schedule here collects it; without that, only a person who names it.
    """

    name: str
    title: str
    platform: str
    county_fips: str
    status: str
    legal_status: str
    reason: str | None
    last_success_at: datetime | None
    last_run_at: datetime | None
    next_due_at: datetime | None
    age_hours: float | None
    fresh_hours: float
    stale: bool
    rows: int
    error_rate: float | None
    failures: int
    by_itself: bool


async def source_states(session: Session, now: datetime) -> list[SourceState]:
    """Return every source by name, as it stands at ``now``."""
    return [_state(row, now) for row in await repository.sources.all_of(session)]


async def open_tasks(session: Session) -> list[dict[str, Any]]:
    """Return what waits for a person, the oldest first."""
    return await repository.operations.open_tasks(session)


def _state(row: repository.sources.SourceRow, now: datetime) -> SourceState:
    age = None
    if row.last_success_at is not None:
        age = (now - row.last_success_at).total_seconds() / 3600
    fresh = float(row.site.get("schedule", {}).get("fresh_hours", 48.0))
    return SourceState(
        name=row.name,
        title=row.site["title"],
        platform=row.site["platform"],
        county_fips=row.site["county_fips"],
        status=row.status,
        legal_status=row.site["legal_status"],
        reason=row.reason,
        last_success_at=row.last_success_at,
        last_run_at=row.last_run_at,
        next_due_at=row.next_due_at if row.status == "active" else None,
        age_hours=None if age is None else round(age, 2),
        fresh_hours=fresh,
        stale=row.status != "off" and (age is None or age > fresh),
        rows=row.rows,
        error_rate=row.error_share,
        failures=row.failures,
        by_itself=row.status == "active" and current.comes_by_itself(site_in(row)),
    )
