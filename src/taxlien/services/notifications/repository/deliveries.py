"""Queries on what single targets of a message were sent, on caps, and on dead letters."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from taxlien.kit.database import Session
from taxlien.services.notifications.models import Delivery, Message, Outcome, Report


async def outcomes_of(session: Session, message_id: UUID) -> dict[str, Outcome]:
    """Return how it ended with the targets of a message that were tried before."""
    rows = await session.scalars(select(Delivery).where(Delivery.message_id == message_id))
    return {row.target: row.outcome for row in rows}


async def deliveries_of(session: Session, user_id: UUID) -> Sequence[Delivery]:
    """Return what targets of a user were sent, oldest first."""
    found = await session.scalars(
        select(Delivery)
        .join(Message, Message.message_id == Delivery.message_id)
        .where(Message.user_id == user_id)
        .order_by(Delivery.at)
    )
    return found.all()


async def add_delivery(session: Session, values: dict[str, object]) -> None:
    """Write down how it ended with one target."""
    await session.execute(insert(Delivery).values(values).on_conflict_do_nothing())


async def sent_since(
    session: Session, user_id: UUID, channel: str, since: datetime, kinds: Collection[str]
) -> Sequence[datetime]:
    """Return when a user was sent messages of ``kinds`` by a channel, the newest first."""
    found = await session.scalars(
        select(Message.sent_at)
        .where(
            Message.user_id == user_id,
            Message.channel == channel,
            Message.status == "sent",
            Message.sent_at > since,
            Message.kind.in_(kinds),
        )
        .order_by(Message.sent_at.desc())
    )
    return [at for at in found if at is not None]


async def dead_letters(session: Session, limit: int) -> Sequence[Message]:
    """Return what was given up and can be sent again, the newest first."""
    found = await session.scalars(
        select(Message)
        .where(Message.status == "failed", Message.sealed.is_not(None))
        .order_by(Message.message_id.desc())
        .limit(limit)
    )
    return found.all()


async def replay(session: Session, message_ids: Collection[UUID] | None) -> Sequence[UUID]:
    """Let dead letters, all of them for None, be sent again. Returns which."""
    statement = update(Message).where(
        Message.status == "failed",
        Message.sealed.is_not(None),
        or_(Message.expires_at.is_(None), Message.expires_at > func.now()),
    )
    if message_ids is not None:
        statement = statement.where(Message.message_id.in_(message_ids))
    found = await session.scalars(
        statement.values(status="queued", attempts=0, next_attempt_at=func.now()).returning(
            Message.message_id
        )
    )
    return found.all()


async def forget_dead(session: Session, before: datetime) -> None:
    """Erase what dead letters say that are older, or that nobody needs any more."""
    await session.execute(
        update(Message)
        .where(
            Message.status == "failed",
            Message.sealed.is_not(None),
            or_(Message.created_at < before, Message.expires_at < func.now()),
        )
        .values(sealed=None)
    )


async def forget_reports(session: Session, before: datetime) -> None:
    """Forget which reports of providers were heard long ago."""
    await session.execute(delete(Report).where(Report.created_at < before))
