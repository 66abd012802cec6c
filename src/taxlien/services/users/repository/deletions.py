"""Every query of deletions, of what services answered, and of people as far as forgetting goes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert

from taxlien.kit.database import Session
from taxlien.services.users.models import Deletion, ErasureAnswer, User


class Answer(NamedTuple):
    """One service erased what it had."""

    service: str
    rows: int
    kept: tuple[str, ...]
    arrived_at: datetime


async def lock_person(session: Session, user_id: UUID) -> User | None:
    """Return a person who is not erased, so that their requests come one after the other."""
    return await session.scalar(
        select(User)
        .where(User.id == user_id, User.erased_at.is_(None))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )


async def add(session: Session, deletion: Deletion) -> None:
    """Add a deletion."""
    session.add(deletion)
    await session.flush()


async def current_of(session: Session, user_id: UUID) -> Deletion | None:
    """Return a person's deletion that was not cancelled, locked."""
    return await session.scalar(
        select(Deletion)
        .where(Deletion.user_id == user_id, Deletion.status != "cancelled")
        .with_for_update()
        .execution_options(populate_existing=True)
    )


async def latest_of(session: Session, user_id: UUID) -> Deletion | None:
    """Return a person's latest deletion, cancelled or not."""
    return await session.scalar(
        select(Deletion)
        .where(Deletion.user_id == user_id)
        .order_by(Deletion.erasure_id.desc())
        .limit(1)
    )


async def lock(session: Session, erasure_id: UUID) -> Deletion | None:
    """Return a deletion, locked: answers of services are counted one after the other."""
    return await session.scalar(
        select(Deletion)
        .where(Deletion.erasure_id == erasure_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


async def claim_due(session: Session, now: datetime, limit: int) -> list[Deletion]:
    """Return deletions whose grace period is over, locked for this transaction."""
    found = await session.scalars(
        select(Deletion)
        .where(Deletion.status == "waiting", Deletion.erase_after <= now)
        .order_by(Deletion.erase_after)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(found)


async def claim_unanswered(session: Session, asked_before: datetime, limit: int) -> list[Deletion]:
    """Return deletions that services were asked for before then and did not all answer, locked."""
    found = await session.scalars(
        select(Deletion)
        .where(
            Deletion.status == "erasing",
            or_(Deletion.asked_at.is_(None), Deletion.asked_at < asked_before),
        )
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(found)


async def claim_kept(session: Session, now: datetime, limit: int) -> list[Deletion]:
    """Return deletions after which the law demands nothing any more, locked."""
    found = await session.scalars(
        select(Deletion)
        .where(Deletion.kept_until <= now)
        .order_by(Deletion.kept_until)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(found)


async def add_answer(
    session: Session, erasure_id: UUID, service: str, rows: int, kept: Sequence[str]
) -> None:
    """Add what a service answered; the first answer counts."""
    await session.execute(
        insert(ErasureAnswer)
        .values(erasure_id=erasure_id, service=service, rows=rows, kept=list(kept))
        .on_conflict_do_nothing()
    )


async def answers_to(session: Session, erasure_id: UUID) -> list[Answer]:
    """Return what services answered, by service."""
    found = await session.execute(
        select(
            ErasureAnswer.service,
            ErasureAnswer.rows,
            ErasureAnswer.kept,
            ErasureAnswer.arrived_at,
        )
        .where(ErasureAnswer.erasure_id == erasure_id)
        .order_by(ErasureAnswer.service)
    )
    return [Answer(row.service, row.rows, tuple(row.kept), row.arrived_at) for row in found]
