"""What people keep in a service, as many things as their tier allows: whose it is, and nobody else's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import DateTime, Select, Text, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from taxlien.kit.database import Session

R = TypeVar("R")


class OwnerRow:
    """Somebody who keeps something, or whose tier was told. ``tier`` None: what their token says.

    After an erasure nothing is left but the id and the fact.
    """

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    tier: Mapped[str | None] = mapped_column(Text)
    tier_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    erased_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


O = TypeVar("O", bound=OwnerRow)  # noqa: E741 (an owner)


async def lock_owner(session: Session, of: type[O], user_id: UUID) -> O:
    """Return the row of somebody, made if needed, locked until the transaction ends."""
    await session.execute(insert(of).values(user_id=user_id).on_conflict_do_nothing())
    found = await session.scalars(select(of).where(of.user_id == user_id).with_for_update())
    return found.one()


async def set_tier(
    session: Session, of: type[OwnerRow], user_id: UUID, tier: str, at: datetime
) -> bool:
    """Write the tier of somebody, unless a later one is known or they are gone. Says whether it did."""
    later = (of.tier_at.is_(None) | (of.tier_at < at)) & of.erased_at.is_(None)
    written = await session.execute(
        insert(of)
        .values(user_id=user_id, tier=tier, tier_at=at)
        .on_conflict_do_update(
            index_elements=["user_id"], set_={"tier": tier, "tier_at": at}, where=later
        )
        .returning(of.user_id)
    )
    return written.first() is not None


class OwnedRows(Generic[R]):
    """Rows of a table that each belong to one user, under ids that grow with time (UUIDv7)."""

    def __init__(
        self, of: type[R], key: InstrumentedAttribute[UUID], owner: InstrumentedAttribute[UUID]
    ) -> None:
        """``key`` is the column of the rows' ids, ``owner`` that of whose they are."""
        self._of = of
        self._key = key
        self._owner = owner

    async def add(self, session: Session, row: R) -> None:
        """Add a row, and read what the database makes of it."""
        session.add(row)
        await session.flush()
        await session.refresh(row)

    async def get(self, session: Session, user_id: UUID, key: UUID) -> R | None:
        """Return a row of this user, None for one of somebody else too."""
        return await session.scalar(self._mine(user_id).where(self._key == key))

    async def lock(self, session: Session, user_id: UUID, key: UUID) -> R | None:
        """Return a row of this user, locked until the transaction ends."""
        return await session.scalar(self._mine(user_id).where(self._key == key).with_for_update())

    async def page_of(
        self, session: Session, user_id: UUID, *, before: UUID | None, limit: int
    ) -> Sequence[R]:
        """Return rows of a user, the latest first, those older than ``before``."""
        wanted = self._mine(user_id).order_by(self._key.desc()).limit(limit)
        if before is not None:
            wanted = wanted.where(self._key < before)
        return (await session.scalars(wanted)).all()

    async def all_of(self, session: Session, user_id: UUID) -> Sequence[R]:
        """Return every row of a user, the oldest first."""
        return (await session.scalars(self._mine(user_id).order_by(self._key))).all()

    async def count_of(self, session: Session, user_id: UUID) -> int:
        """Return how many rows a user has."""
        counted = select(func.count()).select_from(self._of).where(self._owner == user_id)
        return (await session.scalar(counted)) or 0

    async def remove(self, session: Session, row: R) -> None:
        """Delete a row, with what hangs on it."""
        await session.delete(row)
        await session.flush()

    async def remove_all(self, session: Session, user_id: UUID) -> int:
        """Delete every row of a user. Returns how many."""
        gone: Any = await session.execute(delete(self._of).where(self._owner == user_id))
        return int(gone.rowcount)

    def _mine(self, user_id: UUID) -> Select[R]:
        return select(self._of).where(self._owner == user_id)
