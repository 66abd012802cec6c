"""What people want of counties, as far as it decides who is collected first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from taxlien.interfaces.scraper import WishKind
from taxlien.kit.database import Session
from taxlien.services.scraper import repository

STANDING = date.max
"""The day of a wish that holds until it is withdrawn: no window of days leaves it behind."""


async def count_searches(session: Session, counts: Mapping[str, int], at: datetime) -> None:
    """Add searches of counties (FIPS) to the day of ``at``, in UTC."""
    for county_fips, amount in sorted(counts.items()):
        if len(county_fips) == 5:
            await repository.wishes.add(session, county_fips, "searches", at.date(), amount)


async def note_wish(session: Session, county_fips: str, kind: WishKind, count: int) -> None:
    """Note how many watch a county (FIPS), or pay for its data, as it stands now."""
    if len(county_fips) == 5:
        await repository.wishes.add(session, county_fips, kind, STANDING, count, as_of=True)
