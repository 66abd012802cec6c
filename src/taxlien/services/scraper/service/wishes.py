"""What people want of counties, as far as it decides who is collected first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from taxlien.kit.database import Session
from taxlien.services.scraper import repository


async def count_searches(session: Session, counts: Mapping[str, int], at: datetime) -> None:
    """Add searches of counties (FIPS) to the day of ``at``, in UTC."""
    for county_fips, amount in sorted(counts.items()):
        if len(county_fips) == 5:
            await repository.wishes.add(session, county_fips, "searches", at.date(), amount)
