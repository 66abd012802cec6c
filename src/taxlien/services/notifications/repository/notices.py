"""Queries on notices: what users were told in the product."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from taxlien.kit.database import Session
from taxlien.services.notifications.models import Notice


async def add_notice(session: Session, values: dict[str, Any]) -> None:
    """Add a notice, unless the same event made the same one already."""
    await session.execute(insert(Notice).values(values).on_conflict_do_nothing())


async def notices_of(
    session: Session, user_id: UUID, *, before: UUID | None, limit: int, unread_only: bool
) -> Sequence[Notice]:
    """Return notices of a user older than ``before``, the newest first: their ids grow with time."""
    statement = select(Notice).where(Notice.user_id == user_id)
    if before is not None:
        statement = statement.where(Notice.notice_id < before)
    if unread_only:
        statement = statement.where(Notice.read_at.is_(None))
    found = await session.scalars(statement.order_by(Notice.notice_id.desc()).limit(limit))
    return found.all()


async def count_unread(session: Session, user_id: UUID) -> int:
    """Return how many notices of a user were not read."""
    statement = select(func.count()).where(Notice.user_id == user_id, Notice.read_at.is_(None))
    return await session.scalar(statement) or 0


async def mark_read(session: Session, user_id: UUID, notice_id: UUID) -> bool:
    """Mark a notice of a user as read, keeping when it first was. Return whether there is one."""
    found = await session.scalar(
        update(Notice)
        .where(Notice.user_id == user_id, Notice.notice_id == notice_id)
        .values(read_at=func.coalesce(Notice.read_at, func.now()))
        .returning(Notice.notice_id)
    )
    return found is not None


async def mark_all_read(session: Session, user_id: UUID) -> int:
    """Mark what a user did not read as read. Returns how many."""
    found = await session.scalars(
        update(Notice)
        .where(Notice.user_id == user_id, Notice.read_at.is_(None))
        .values(read_at=func.now())
        .returning(Notice.notice_id)
    )
    return len(found.all())


async def delete_notices(session: Session, user_id: UUID) -> int:
    """Delete the notices of a user. Returns how many."""
    gone = await session.scalars(
        delete(Notice).where(Notice.user_id == user_id).returning(Notice.notice_id)
    )
    return len(gone.all())


async def forget_notices(session: Session, before: datetime) -> int:
    """Forget notices written before a time. Returns how many."""
    gone = await session.scalars(
        delete(Notice).where(Notice.created_at < before).returning(Notice.notice_id)
    )
    return len(gone.all())
