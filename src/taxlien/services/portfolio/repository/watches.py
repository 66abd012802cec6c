"""Every query of watches and of who has them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, text

from taxlien.interfaces.portfolio import WatchPace, WatchTarget
from taxlien.kit import owned_rows, versioned_set
from taxlien.kit.database import Session
from taxlien.kit.owned_rows import OwnedRows
from taxlien.services.portfolio.models import Owner, Watch, WatchSet


class Watcher(NamedTuple):
    """A watch that is to hear of its thing. On day ``told_on`` it was told of ``told`` liens.

    ``tier`` is that of its owner, None where nobody told of one.
    """

    number: int
    key: str
    watch_id: UUID
    user_id: UUID
    target: WatchTarget
    label: str
    pace: WatchPace
    told_on: date | None
    told: int
    tier: str | None


owned = OwnedRows(Watch, Watch.watch_id, Watch.user_id)
"""Watches by whose they are."""


async def lock_owner(session: Session, user_id: UUID) -> Owner:
    """Return the row of somebody, made if needed, locked until the transaction ends."""
    return await owned_rows.lock_owner(session, Owner, user_id)


async def set_tier(session: Session, user_id: UUID, tier: str, at: datetime) -> bool:
    """Write the tier of somebody, unless a later one is known or they are gone. Says whether it did."""
    return await owned_rows.set_tier(session, Owner, user_id, tier, at)


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


async def by_key(session: Session, user_id: UUID, key: str) -> Watch | None:
    """Return the watch by which this user watches something already."""
    return await session.scalar(select(Watch).where(Watch.user_id == user_id, Watch.key == key))


async def lock_watchers(session: Session, keys: Sequence[str]) -> list[Watcher]:
    """Return the watches of ``keys`` that are not paused, by number, locked: one that goes, waits."""
    if not keys:
        return []
    columns = (getattr(Watch, name) for name in Watcher._fields[:-1])
    rows = await session.execute(
        select(*columns, Owner.tier)
        .join(Owner, Owner.user_id == Watch.user_id)
        .where(Watch.key.in_(keys), ~Watch.paused)
        .order_by(Watch.number)
        .with_for_update(of=Watch)
    )
    return [Watcher._make(row) for row in rows]


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
