"""Queries on what waits to be told together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from taxlien.kit.database import Session
from taxlien.services.notifications.models import Gathered, Pace


class Gathering(NamedTuple):
    """What becomes one message: the waiting items of one kind, for one user, under one name."""

    user_id: UUID
    kind: str
    gathering: str
    pace: Pace


class FirstItem(NamedTuple):
    """An item that is shown, with the number of all items of its topic."""

    topic: UUID
    item_id: UUID
    sealed: bytes
    total: int


async def due_of_gathering(
    session: Session, user_id: UUID, kind: str, gathering: str
) -> datetime | None:
    """Return when what waits already is told; None where nothing waits."""
    return await session.scalar(
        select(func.min(Gathered.due_at)).where(_waiting(user_id, kind, gathering))
    )


async def add_gathered(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Add items, but no fact that was added before."""
    await session.execute(insert(Gathered).values(list(rows)).on_conflict_do_nothing())


async def due_gatherings(session: Session, limit: int) -> list[Gathering]:
    """Return gatherings of which an item is due, the longest waiting first."""
    key = (Gathered.user_id, Gathered.kind, Gathered.gathering, Gathered.pace)
    rows = await session.execute(
        select(*key)
        .where(Gathered.told_at.is_(None), Gathered.due_at <= func.now())
        .group_by(*key)
        .order_by(func.min(Gathered.due_at))
        .limit(limit)
    )
    return [Gathering(*row) for row in rows]


async def postpone_gathering(session: Session, gathering: Gathering, until: datetime) -> None:
    """Let what waits wait longer."""
    await session.execute(update(Gathered).where(_waiting(*gathering[:3])).values(due_at=until))


async def first_items(session: Session, gathering: Gathering, each: int) -> Sequence[FirstItem]:
    """Return at most ``each`` items of every topic, the best first; topics with most items first."""
    total = func.count().over(partition_by=Gathered.topic).label("total")
    place = (
        func.row_number()
        .over(
            partition_by=Gathered.topic,
            order_by=(Gathered.rank.desc().nulls_last(), Gathered.item_id),
        )
        .label("place")
    )
    ranked = (
        select(Gathered.topic, Gathered.item_id, Gathered.sealed, total, place)
        .where(_waiting(*gathering[:3]))
        .subquery()
    )
    rows = await session.execute(
        select(ranked.c.topic, ranked.c.item_id, ranked.c.sealed, ranked.c.total)
        .where(ranked.c.place <= each)
        .order_by(ranked.c.total.desc(), ranked.c.topic, ranked.c.place)
    )
    return [FirstItem(row.topic, row.item_id, bytes(row.sealed), row.total) for row in rows]


async def mark_told(session: Session, gathering: Gathering, at: datetime) -> UUID:
    """Write that all that waits was told, and erase what it said. Returns the lowest id of it."""
    told = await session.scalars(
        update(Gathered)
        .where(_waiting(*gathering[:3]))
        .values(told_at=at, sealed=None)
        .returning(Gathered.item_id)
    )
    return min(told.all())


async def delete_gathered(session: Session, user_id: UUID) -> int:
    """Delete what was gathered for a user. Returns how many items."""
    gone = await session.scalars(
        delete(Gathered).where(Gathered.user_id == user_id).returning(Gathered.item_id)
    )
    return len(gone.all())


async def gathered_of(session: Session, user_id: UUID) -> Sequence[Gathered]:
    """Return what was gathered for a user, oldest first."""
    found = await session.scalars(
        select(Gathered).where(Gathered.user_id == user_id).order_by(Gathered.created_at)
    )
    return found.all()


async def forget_told(session: Session, before: datetime) -> int:
    """Forget what was told before a time, or waits since then to be told. Returns how many items.

    What waits so long is of users who never confirmed an address.
    """
    over = or_(
        Gathered.told_at < before, Gathered.told_at.is_(None) & (Gathered.created_at < before)
    )
    gone = await session.scalars(delete(Gathered).where(over).returning(Gathered.item_id))
    return len(gone.all())


def _waiting(user_id: UUID, kind: str, gathering: str) -> ColumnElement[bool]:
    return and_(
        Gathered.user_id == user_id,
        Gathered.kind == kind,
        Gathered.gathering == gathering,
        Gathered.told_at.is_(None),
    )
