"""Queries on recipients and messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from taxlien.kit.database import Session
from taxlien.services.notifications.models import Message, Recipient, Status

_DONE: tuple[Status, ...] = ("sent", "failed", "suppressed")
_OPEN: tuple[Status, ...] = ("queued", "sending")


async def get_recipient(session: Session, user_id: UUID) -> Recipient | None:
    """Return whom to write to."""
    return await session.get(Recipient, user_id)


async def lock_recipient(session: Session, user_id: UUID) -> Recipient:
    """Return the recipient, made if need be, locked until the transaction ends."""
    await session.execute(insert(Recipient).values(user_id=user_id).on_conflict_do_nothing())
    found = await session.scalars(
        select(Recipient).where(Recipient.user_id == user_id).with_for_update()
    )
    return found.one()


async def administrators(session: Session) -> Sequence[UUID]:
    """Return who looks after the product, in the one order in which they are locked."""
    found = await session.scalars(
        select(Recipient.user_id)
        .where(Recipient.administrator, Recipient.erased_at.is_(None))
        .order_by(Recipient.user_id)
    )
    return found.all()


async def add_message(session: Session, values: dict[str, object]) -> bool:
    """Add a message, unless the same event made the same one already. Return whether it is new."""
    statement = insert(Message).values(values).on_conflict_do_nothing()
    added = await session.scalar(statement.returning(Message.message_id))
    return added is not None


async def claim_due(session: Session, limit: int, lease: timedelta) -> list[tuple[UUID, int]]:
    """Take messages that are due, the longest waiting first, for ``lease``.

    Returns ids with the number of this attempt. One that a living worker is sending is locked and
    skipped, however old its lease.
    """
    due = (
        select(Message.message_id)
        .where(Message.status.in_(_OPEN), Message.next_attempt_at <= func.now())
        .order_by(Message.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    statement = (
        update(Message)
        .where(Message.message_id == due.c.message_id)
        .values(
            status="sending",
            attempts=Message.attempts + 1,
            next_attempt_at=func.now() + lease,
        )
        .returning(Message.message_id, Message.attempts)
    )
    return [(row.message_id, row.attempts) for row in await session.execute(statement)]


async def lock_claimed(session: Session, message_id: UUID, attempt: int) -> Message | None:
    """Lock a message that is still ours to send until the transaction ends; None where it is not."""
    return await session.scalar(
        select(Message)
        .where(
            Message.message_id == message_id,
            Message.status == "sending",
            Message.attempts == attempt,
        )
        .with_for_update(skip_locked=True)
    )


async def lock_held(session: Session, user_id: UUID) -> Message | None:
    """Return the message that waits for the user's erasure to be over, locked."""
    return await session.scalar(
        select(Message)
        .where(Message.user_id == user_id, Message.status == "held")
        .with_for_update()
    )


async def messages_of(session: Session, user_id: UUID) -> Sequence[Message]:
    """Return all messages of a user, oldest first."""
    found = await session.scalars(
        select(Message).where(Message.user_id == user_id).order_by(Message.created_at)
    )
    return found.all()


async def delete_messages(session: Session, user_id: UUID) -> int:
    """Delete the messages of a user but the one held for the end; waits for one being sent."""
    gone = await session.scalars(
        delete(Message)
        .where(Message.user_id == user_id, Message.status != "held")
        .returning(Message.message_id)
    )
    return len(gone.all())


async def suppress_queued(
    session: Session, user_id: UUID, kinds: Sequence[str], channel: str
) -> None:
    """Take back what waits to be sent to a user by a channel; what is being sent goes its way."""
    await session.execute(
        update(Message)
        .where(
            Message.user_id == user_id,
            Message.kind.in_(kinds),
            Message.channel == channel,
            Message.status == "queued",
        )
        .values(status="suppressed", sealed=None, error="not wanted by the user")
    )


async def delete_message(session: Session, message: Message) -> None:
    """Delete one message, without a trace."""
    await session.delete(message)


async def delete_outlived(session: Session, done_before: datetime) -> int:
    """Delete what was done with before a time, and what is held beyond its own. Returns how many."""
    gone = await session.scalars(
        delete(Message)
        .where(
            or_(
                (Message.created_at < done_before) & Message.status.in_(_DONE),
                (Message.expires_at < func.now()) & (Message.status == "held"),
            )
        )
        .returning(Message.message_id)
    )
    return len(gone.all())


async def count_open(session: Session) -> dict[str, int]:
    """Return how many messages wait and how many are being sent."""
    rows = await session.execute(
        select(Message.status, func.count())
        .where(Message.status.in_(_OPEN))
        .group_by(Message.status)
    )
    counts: dict[str, int] = dict.fromkeys(_OPEN, 0)
    counts.update((row[0], row[1]) for row in rows)
    return counts
