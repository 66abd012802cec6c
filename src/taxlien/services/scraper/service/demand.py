"""What people want of counties, gathered from what other services say: it decides who is collected next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from taxlien.interfaces.scraper import WishKind
from taxlien.kit.database import Session
from taxlien.services.scraper import repository

STANDING = date.max
"""The day of a wish that holds until it is withdrawn: no window of days leaves it behind."""


async def record_searches(session: Session, counts: Mapping[str, int], day: date) -> None:
    """Add searches of counties (FIPS) on a day to what is known of it."""
    for county_fips, count in sorted(counts.items()):
        await repository.wishes.add(session, county_fips, "searches", day, count)


async def record_wish(session: Session, county_fips: str, kind: WishKind, count: int) -> None:
    """Note how many watch a county, or pay for its data, as it stands now."""
    await repository.wishes.add(session, county_fips, kind, STANDING, count, as_of=True)
