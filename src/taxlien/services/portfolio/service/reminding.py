"""Whoever is concerned hears of a sale within the day before it begins, once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from taxlien.interfaces.liens import AuctionScheduled
from taxlien.interfaces.portfolio import AuctionNeared
from taxlien.kit.database import Session
from taxlien.kit.outbox import emit_many
from taxlien.services.portfolio.logic.counties import county_of
from taxlien.services.portfolio.logic.sale_time import hour_of, is_near, starts_at
from taxlien.services.portfolio.repository import auctions

_TOLD_AT_ONCE = 1_000
_NOT_OF_TAXES = frozenset({"foreclosure"})


async def hear_sales(session: Session, events: Sequence[AuctionScheduled]) -> None:
    """Keep the coming sales of taxes; where lenders sell, nobody who watches liens is concerned."""
    found: dict[auctions.SaleKey, str | None] = {}
    for event in events:
        if event.kind not in _NOT_OF_TAXES:
            sale = (event.county_fips, event.auction_on)
            found[sale] = hour_of(event.hour) or found.get(sale)
    await auctions.learn(session, found)


async def remind(session: Session, now: datetime | None = None) -> int:
    """Tell of the sales that begin within 24 hours of ``now``; returns how many users were told.

    Who was told is recorded in the transaction that tells them: ask as often as you like.
    """
    now = now or datetime.now(UTC)
    told = 0
    first, last = now.date() - timedelta(days=1), now.date() + timedelta(days=2)
    for fips, day, hour in await auctions.between(session, first, last):
        county = county_of(fips)
        if county is None:
            continue
        starts = starts_at(day, hour, county.zone)
        if not is_near(starts, now):
            continue
        concerned = await auctions.tell_near(session, fips, day)
        events = [
            AuctionNeared(
                user_id=found.user_id,
                state=county.state,
                county_fips=fips,
                county=county.name,
                auction_on=day,
                starts_at=starts,
                time_zone=county.time_zone,
                hour_known=hour is not None,
                watched=found.liens,
                at=now,
            )
            for found in concerned
        ]
        await _emit(session, events)
        told += len(events)
    return told


async def _emit(session: Session, events: Sequence[AuctionNeared]) -> None:
    for start in range(0, len(events), _TOLD_AT_ONCE):
        await emit_many(session, events[start : start + _TOLD_AT_ONCE])
