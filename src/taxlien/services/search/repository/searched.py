"""Every query of what was searched for: how often counties and kinds of questions, and what was opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from taxlien.kit.database import Session
from taxlien.services.search.models import Clicked, KindSearched, Searched


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


async def add_kinds(session: Session, hour: datetime, counts: Mapping[str, int]) -> None:
    """Add to the counts of kinds within an hour, in one order for all."""
    rows = [{"hour": hour, "kind": kind, "count": count} for kind, count in sorted(counts.items())]
    added = insert(KindSearched).values(rows)
    total = KindSearched.count + added.excluded.count
    await session.execute(
        added.on_conflict_do_update(index_elements=["hour", "kind"], set_={"count": total})
    )


async def take_kinds(session: Session) -> Sequence[KindSearched]:
    """Remove the counts of kinds and return them. Of two processes at once, each row goes to one."""
    key = (KindSearched.hour, KindSearched.kind)
    waiting = select(*key).order_by(*key).with_for_update(skip_locked=True)
    statement = delete(KindSearched).where(tuple_(*key).in_(waiting)).returning(KindSearched)
    return (await session.scalars(statement)).all()


async def add_clicks(
    session: Session, hour: datetime, counts: Mapping[tuple[str, int], int]
) -> None:
    """Add to the counts of a kind's positions within an hour, in one order for all."""
    rows = [
        {"hour": hour, "kind": kind, "position": position, "count": count}
        for (kind, position), count in sorted(counts.items())
    ]
    added = insert(Clicked).values(rows)
    total = Clicked.count + added.excluded.count
    await session.execute(
        added.on_conflict_do_update(
            index_elements=["hour", "kind", "position"], set_={"count": total}
        )
    )


async def take_clicks(session: Session) -> Sequence[Clicked]:
    """Remove the counts of positions and return them. Of two processes at once, each row goes to one."""
    key = (Clicked.hour, Clicked.kind, Clicked.position)
    waiting = select(*key).order_by(*key).with_for_update(skip_locked=True)
    statement = delete(Clicked).where(tuple_(*key).in_(waiting)).returning(Clicked)
    return (await session.scalars(statement)).all()
