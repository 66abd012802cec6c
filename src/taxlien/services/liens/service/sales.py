"""Record the days on which counties sell, and date the liens that lacked one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

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
) -> tuple[list[repository.Upserted], int]:
    """Add sales, and give their day to the liens of that county and tax year that lack one.

    Returns the rows written, and how many liens got a day. The caller holds the counties' locks.
    """
    rows = await repository.upsert_sales(session, records, source_id, fetched_at)
    redated = 0
    for fips in sorted({row.county_fips for row in rows}):
        known = deriving.days_of_sales(await repository.sale_days(session, fips))
        for year in {row.year for row in rows if row.county_fips == fips}:
            day = known.get(("tax_year", year)) if year is not None else None
            if year is not None and day is not None:
                redated += await _redate(session, fips, year, day, at)
    return rows, redated


async def _redate(session: Session, fips: str, tax_year: int, day: date, at: datetime) -> int:
    liens = await repository.liens_without_published_sale(session, fips, tax_year)
    changes = [deriving.redate(lien, SaleDay(day, "published"), at=at) for lien in liens]
    if changes:
        await repository.update_liens(session, [change.lien for change in changes])
        await emit_many(session, map(announcement, changes))
    return len(changes)
