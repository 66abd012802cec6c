"""Every query of how many people watch a county."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from taxlien.kit.database import Session
from taxlien.services.portfolio.models import Demand

_RECOUNT = text(
    """
    WITH stale AS (
        SELECT county_fips FROM portfolio.demand WHERE stale
        ORDER BY county_fips LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    SELECT county_fips FROM stale
    """
)
_COUNT = text(
    """
    SELECT d.county_fips, d.announced,
        (SELECT count(DISTINCT w.user_id) FROM portfolio.watches AS w
            WHERE w.county_fips = d.county_fips AND NOT w.paused) AS watchers
    FROM portfolio.demand AS d WHERE d.county_fips = ANY(:counties) ORDER BY d.county_fips
    """
)
_ANNOUNCED = text(
    """
    UPDATE portfolio.demand AS d SET announced = counted.watchers, stale = false
    FROM unnest(CAST(:counties AS text[]), CAST(:watchers AS int[])) AS counted (fips, watchers)
    WHERE d.county_fips = counted.fips
    """
)


class Counted(NamedTuple):
    """How many people watch a county now, and how many were announced last."""

    county_fips: str
    announced: int
    watchers: int


async def mark_stale(session: Session, counties: Iterable[str]) -> None:
    """Say that the watchers of counties may be other ones by now."""
    rows = [{"county_fips": fips, "stale": True} for fips in sorted(set(counties))]
    if rows:
        new = insert(Demand).values(rows)
        await session.execute(
            new.on_conflict_do_update(index_elements=["county_fips"], set_={"stale": True})
        )


async def recount(session: Session, limit: int) -> list[Counted]:
    """Count the watchers of stale counties, lock them, and note the counts as announced."""
    # Counted after the rows are locked, in a statement of its own: it sees who came before the lock.
    stale = list(await session.scalars(_RECOUNT, {"limit": limit}))
    if not stale:
        return []
    rows = await session.execute(_COUNT, {"counties": stale})
    counted = [Counted(*row) for row in rows]
    watchers = [found.watchers for found in counted]
    await session.execute(_ANNOUNCED, {"counties": stale, "watchers": watchers})
    return counted
