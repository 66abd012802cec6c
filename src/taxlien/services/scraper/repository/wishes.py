"""How much each county is wanted: counts by day and kind, and the next day it sells."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy import text

from taxlien.kit.database import Session

_ADD = text(
    """
    INSERT INTO scraper.demand AS known (county_fips, kind, day, amount)
    VALUES (:county_fips, :kind, :day, :amount)
    ON CONFLICT (county_fips, kind, day) DO UPDATE SET changed_at = now(),
        amount = CASE WHEN :as_of THEN excluded.amount ELSE known.amount + excluded.amount END
    """
)


async def add(
    session: Session, county_fips: str, kind: str, day: date, amount: float, *, as_of: bool = False
) -> None:
    """Count wishes of a kind. With ``as_of`` the amount is how it stands, not what came on top."""
    values = {
        "county_fips": county_fips,
        "kind": kind,
        "day": day,
        "amount": amount,
        "as_of": as_of,
    }
    await session.execute(_ADD, values)


class Wishes(NamedTuple):
    """What people want of a county."""

    searches: int
    watchlists: int
    customers: int


_WISHES = text(
    """
    SELECT county_fips,
        coalesce(sum(amount) FILTER (WHERE kind = 'searches'), 0),
        coalesce(max(amount) FILTER (WHERE kind = 'watchlists'), 0),
        coalesce(max(amount) FILTER (WHERE kind = 'customers'), 0)
    FROM scraper.demand WHERE day > :since GROUP BY county_fips
    """
)


async def by_county(session: Session, since: date) -> dict[str, Wishes]:
    """Return what was wanted after a day, by county."""
    rows = await session.execute(_WISHES, {"since": since})
    return {fips: Wishes(int(s), int(w), int(c)) for fips, s, w, c in rows}


_SALES = text(
    """
    SELECT source.county_fips, min(cast(fact.said ->> 'sale_date' AS date))
    FROM scraper.facts AS fact JOIN scraper.sources AS source ON source.name = fact.source
    WHERE fact.kind = 'sale_day' AND fact.gone_at IS NULL
        AND fact.said ->> 'sale_date' >= cast(cast(:since AS date) AS text)
    GROUP BY source.county_fips
    """
)


async def next_sales(session: Session, since: date) -> dict[str, date]:
    """Return the next day of sale from ``since`` on, by county of the source that says so."""
    rows = await session.execute(_SALES, {"since": since})
    return {row[0]: row[1] for row in rows}


async def prune(session: Session, before: date) -> int:
    """Forget wishes of days before. Returns how many rows."""
    statement = text("DELETE FROM scraper.demand WHERE day < :before")
    result = await session.execute(statement, {"before": before})
    return int(getattr(result, "rowcount", 0))
