"""Every query of how often counties were searched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from taxlien.kit.database import Session
from taxlien.services.search.models import Searched


async def add_searched(session: Session, counts: Mapping[str, int]) -> None:
    """Add to the counts of counties, in one order for all, or two processes could wait for each other."""
    rows = [{"county_fips": fips, "count": count} for fips, count in sorted(counts.items())]
    added = insert(Searched).values(rows)
    total = Searched.count + added.excluded.count
    await session.execute(
        added.on_conflict_do_update(index_elements=["county_fips"], set_={"count": total})
    )


async def take_searched(session: Session) -> Sequence[Searched]:
    """Remove the counts and return them. Of two processes at once, each row goes to one."""
    waiting = select(Searched.county_fips).order_by(Searched.county_fips)
    statement = (
        delete(Searched)
        .where(Searched.county_fips.in_(waiting.with_for_update(skip_locked=True)))
        .returning(Searched)
    )
    return (await session.scalars(statement)).all()
