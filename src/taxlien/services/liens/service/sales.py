"""Record the days on which counties sell, announce those to come, and date the liens that lacked one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from taxlien.interfaces.liens import AuctionScheduled
from taxlien.kit.database import Session
from taxlien.kit.outbox import emit_many
from taxlien.services.liens import repository
from taxlien.services.liens.logic import deriving
from taxlien.services.liens.logic.deriving import SaleDay
from taxlien.services.liens.logic.records import SaleRecord

from .recording import announcement


async def record_sales(
    session: Session,
    records: Sequence[SaleRecord],
    source_id: UUID,
    *,
    fetched_at: datetime,
    at: datetime,
) -> tuple[list[repository.UpsertedSale], int]:
    """Add sales, and give their day to the liens of that county and tax year that lack one.

    Returns the rows written, and how many liens got a day. The caller holds the counties' locks.
    """
    rows = await repository.upsert_sales(session, records, source_id, fetched_at)
    await _announce(session, [row for row in rows if row.is_new], source_id, at)
    redated = 0
    for fips in sorted({row.county_fips for row in rows}):
        known = deriving.days_of_sales(await repository.sale_days(session, fips))
        for year in {row.year for row in rows if row.county_fips == fips}:
            day = known.get(("tax_year", year)) if year is not None else None
            if year is not None and day is not None:
                redated += await _redate(session, fips, year, day, at)
    return rows, redated


async def _announce(
    session: Session, rows: Sequence[repository.UpsertedSale], source_id: UUID, at: datetime
) -> None:
    """Say which days became known. A day of the past is no news; a county's today may be our yesterday."""
    coming = [row for row in rows if row.sale_date >= at.date() - timedelta(days=1)]
    if not coming:
        return
    source = await repository.source_by_id(session, source_id)
    events = []
    for row in coming:
        county = await repository.county_by_fips(session, row.county_fips)
        if county is not None:
            events.append(_scheduled(row, county, source.name, at))
    await emit_many(session, events)


def _scheduled(
    row: repository.UpsertedSale, county: repository.CountyRow, source: str, at: datetime
) -> AuctionScheduled:
    return AuctionScheduled(
        state=county.state,
        county_fips=row.county_fips,
        county=county.name,
        time_zone=county.time_zone,
        auction_on=row.sale_date,
        kind=row.kind,
        tax_year=row.year,
        label=row.label,
        source=source,
        at=at,
    )


async def _redate(session: Session, fips: str, tax_year: int, day: date, at: datetime) -> int:
    liens = await repository.liens_without_published_sale(session, fips, tax_year)
    changes = [deriving.redate(lien, SaleDay(day, "published"), at=at) for lien in liens]
    if changes:
        await repository.update_liens(session, [change.lien for change in changes])
        await emit_many(session, map(announcement, changes))
    return len(changes)
