"""Every query of watches and of who has them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from taxlien.interfaces.portfolio import WatchTarget
from taxlien.kit import versioned_set
from taxlien.kit.database import Session
from taxlien.services.portfolio.models import Owner, Watch, WatchSet


class Watcher(NamedTuple):
    """A watch that is to hear of its thing. On day ``told_on`` it was told of ``told`` liens."""

    number: int
    key: str
    watch_id: UUID
    user_id: UUID
    target: WatchTarget
    label: str
    muted: bool
    told_on: date | None
    told: int


async def lock_owner(session: Session, user_id: UUID) -> Owner:
    """Return the row of somebody, made if needed, locked until the transaction ends."""
    await session.execute(insert(Owner).values(user_id=user_id).on_conflict_do_nothing())
    found = await session.scalars(select(Owner).where(Owner.user_id == user_id).with_for_update())
    return found.one()


async def set_tier(session: Session, user_id: UUID, tier: str, at: datetime) -> bool:
    """Write the tier of somebody, unless a later one is known or they are gone. Says whether it did."""
    new = insert(Owner).values(user_id=user_id, tier=tier, tier_at=at)
    later = (Owner.tier_at.is_(None) | (Owner.tier_at < at)) & Owner.erased_at.is_(None)
    written = await session.execute(
        new.on_conflict_do_update(
            index_elements=["user_id"], set_={"tier": tier, "tier_at": at}, where=later
        ).returning(Owner.user_id)
    )
    return written.first() is not None


async def next_version(session: Session, removed: int = 0) -> int:
    """Count a change of the set of watches; whoever changes next waits for this transaction."""
    return await versioned_set.next_version(session, WatchSet, removed)


async def keys_changed_after(
    session: Session, version: int, after: int, limit: int
) -> Sequence[tuple[int, str, str]]:
    """Return number, key and county of watches changed after ``version``, by number above ``after``."""
    rows = await session.execute(
        select(Watch.number, Watch.key, Watch.county_fips)
        .where(Watch.changed > version, Watch.number > after)
        .order_by(Watch.number)
        .limit(limit)
    )
    return rows.all()


async def add(session: Session, watch: Watch) -> None:
    """Add a watch."""
    session.add(watch)
    await session.flush()
    await session.refresh(watch)


async def get(session: Session, user_id: UUID, watch_id: UUID) -> Watch | None:
    """Return a watch of this user."""
    return await session.scalar(_of(user_id).where(Watch.watch_id == watch_id))


async def by_key(session: Session, user_id: UUID, key: str) -> Watch | None:
    """Return the watch by which this user watches something already."""
    return await session.scalar(_of(user_id).where(Watch.key == key))


async def lock(session: Session, user_id: UUID, watch_id: UUID) -> Watch | None:
    """Return a watch of this user, locked until the transaction ends."""
    wanted = _of(user_id).where(Watch.watch_id == watch_id)
    return await session.scalar(wanted.with_for_update())


async def page_of(
    session: Session, user_id: UUID, *, before: UUID | None, limit: int
) -> Sequence[Watch]:
    """Return watches of a user, the latest first, those older than ``before``."""
    wanted = _of(user_id).order_by(Watch.watch_id.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(Watch.watch_id < before)
    return (await session.scalars(wanted)).all()


async def all_of(session: Session, user_id: UUID) -> Sequence[Watch]:
    """Return every watch of a user, the oldest first."""
    return (await session.scalars(_of(user_id).order_by(Watch.watch_id))).all()


async def count_of(session: Session, user_id: UUID) -> int:
    """Return how many watches a user has."""
    wanted = select(func.count()).select_from(Watch).where(Watch.user_id == user_id)
    return (await session.scalar(wanted)) or 0


async def remove(session: Session, watch: Watch) -> None:
    """Delete a watch, with what was told of it."""
    await session.delete(watch)
    await session.flush()


async def remove_all(session: Session, user_id: UUID) -> int:
    """Delete every watch of a user. Returns how many."""
    gone = await session.execute(
        delete(Watch).where(Watch.user_id == user_id).returning(Watch.number)
    )
    return len(gone.all())


async def lock_watchers(session: Session, keys: Sequence[str]) -> list[Watcher]:
    """Return the watches of ``keys`` that are not paused, by number, locked: one that goes, waits."""
    if not keys:
        return []
    columns = (getattr(Watch, name) for name in Watcher._fields)
    rows = await session.execute(
        select(*columns)
        .where(Watch.key.in_(keys), ~Watch.paused)
        .order_by(Watch.number)
        .with_for_update()
    )
    return [Watcher(*row) for row in rows]


_COUNT_TOLD = text(
    """
    UPDATE portfolio.watches AS w
    SET told = counted.told + CASE WHEN w.told_on = :day THEN w.told ELSE 0 END,
        told_on = :day, untold = w.untold + counted.untold
    FROM unnest(CAST(:numbers AS bigint[]), CAST(:told AS int[]), CAST(:untold AS bigint[]))
        AS counted (number, told, untold)
    WHERE w.number = counted.number
    """
)


async def count_told(session: Session, day: date, counts: Sequence[tuple[int, int, int]]) -> None:
    """Add for each number how many liens its watch was told of on ``day``, and how many it was not."""
    if counts:
        numbers, told, untold = (list(column) for column in zip(*counts, strict=True))
        values = {"day": day, "numbers": numbers, "told": told, "untold": untold}
        await session.execute(_COUNT_TOLD, values)


def _of(user_id: UUID) -> Select[Watch]:
    return select(Watch).where(Watch.user_id == user_id)
