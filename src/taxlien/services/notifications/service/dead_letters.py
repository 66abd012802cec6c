"""What was given up after the last attempt: listed, and sent again by hand."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from taxlien.kit.database import Session
from taxlien.services.notifications import repository


class DeadLetter(NamedTuple):
    """One message that was given up, without what it says and to whom."""

    message_id: UUID
    kind: str
    channel: str
    attempts: int
    error: str | None
    created_at: datetime


async def dead_letters(session: Session, limit: int) -> Sequence[DeadLetter]:
    """Return what can be sent again, the newest first."""
    return [
        DeadLetter(row.message_id, row.kind, row.channel, row.attempts, row.error, row.created_at)
        for row in await repository.dead_letters(session, limit)
    ]


async def replay(session: Session, message_ids: Collection[UUID] | None) -> Sequence[UUID]:
    """Let dead letters, all for None, be sent again; those whose time is over stay. Returns which.

    A target that had its message is left alone: ``deliveries`` knows it.
    """
    return await repository.replay(session, message_ids)
