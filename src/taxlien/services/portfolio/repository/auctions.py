"""Every query of sales that come, and of who was told that one is near."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from taxlien.kit.database import Session
from taxlien.services.portfolio.models import Auction, Neared

SaleKey = tuple[str, date]
"""County (FIPS) and local date of a sale."""

# Liens that are still to be sold: those taken off the list concern nobody on that day.
_COMING = ("delinquent", "advertised", "unsold", "struck_off")

_NEAR = text(
    """
    WITH watched AS (
        SELECT w.user_id, count(DISTINCT l.lien_id) AS liens
        FROM portfolio.watches AS w
        LEFT JOIN portfolio.watched_liens AS l
            ON l.county_fips = :fips AND l.sale_date = :day AND l.status = ANY(:coming)
            AND (w.lien_id = l.lien_id OR (w.target = 'parcel' AND w.parcel_key = l.parcel_key))
        WHERE w.county_fips = :fips AND NOT w.paused AND w.pace <> 'off'
            AND (w.target = 'county' OR (w.target = 'auction' AND w.auction_on = :day)
                OR l.lien_id IS NOT NULL)
        GROUP BY w.user_id
    ), told AS (
        INSERT INTO portfolio.neared (user_id, county_fips, auction_on)
        SELECT user_id, :fips, :day FROM watched ORDER BY user_id
        ON CONFLICT DO NOTHING RETURNING user_id
    )
    SELECT told.user_id, watched.liens FROM told JOIN watched USING (user_id) ORDER BY told.user_id
    """
)


class Concerned(NamedTuple):
    """A user whom a sale concerns, and how many liens they watch in it."""

    user_id: UUID
    liens: int


async def learn(session: Session, sales: Mapping[SaleKey, str | None]) -> None:
    """Keep sales with the hour (HH:MM, local) they begin, None unknown; an hour known stays known."""
    if not sales:
        return
    rows = [
        {"county_fips": fips, "auction_on": day, "hour": sales[fips, day]}
        for fips, day in sorted(sales)
    ]
    new = insert(Auction).values(rows)
    hour = func.coalesce(new.excluded.hour, Auction.hour)
    await session.execute(
        new.on_conflict_do_update(
            index_elements=["county_fips", "auction_on"],
            set_={"hour": hour, "heard_at": func.now()},
            where=new.excluded.hour.is_not(None) & Auction.hour.is_distinct_from(new.excluded.hour),
        )
    )


async def between(
    session: Session, first: date, last: date
) -> Sequence[tuple[str, date, str | None]]:
    """Return county, day and hour of the sales from ``first`` to ``last``."""
    rows = await session.execute(
        select(Auction.county_fips, Auction.auction_on, Auction.hour)
        .where(Auction.auction_on.between(first, last))
        .order_by(Auction.auction_on, Auction.county_fips)
    )
    return rows.all()


async def tell_near(session: Session, fips: str, day: date) -> list[Concerned]:
    """Record everybody whom a sale concerns and who was not told yet; return them."""
    values = {"fips": fips, "day": day, "coming": list(_COMING)}
    rows = await session.execute(_NEAR, values)
    return [Concerned(*row) for row in rows]


async def coming_of(
    session: Session, counties: Collection[str], first: date
) -> dict[str, tuple[date, str | None]]:
    """Return for each county the day and hour of its next sale from ``first`` on."""
    rows = await session.execute(
        select(Auction.county_fips, Auction.auction_on, Auction.hour)
        .where(Auction.county_fips.in_(counties), Auction.auction_on >= first)
        .order_by(Auction.county_fips, Auction.auction_on.desc())
    )
    return {fips: (day, hour) for fips, day, hour in rows}


async def neared_of(session: Session, user_id: UUID) -> Sequence[Neared]:
    """Return the sales that a user was told of."""
    wanted = select(Neared).where(Neared.user_id == user_id).order_by(Neared.at)
    return (await session.scalars(wanted)).all()


async def forget_neared(session: Session, user_id: UUID) -> int:
    """Forget which sales a user was told of. Returns how many."""
    gone = await session.execute(delete(Neared).where(Neared.user_id == user_id))
    return int(gone.rowcount)  # type: ignore[attr-defined]
