"""Deleting what has served its time, a batch at a time: no statement holds more than a batch of locks."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text

from taxlien.kit.database import Session

_TRIGGERS = text(
    """
    DELETE FROM portfolio.triggers WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM portfolio.triggers WHERE at < :before ORDER BY at LIMIT :limit
        FOR UPDATE SKIP LOCKED))
    """
)
_SALES = text(
    """
    DELETE FROM portfolio.auctions WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM portfolio.auctions WHERE auction_on < :before LIMIT :limit
        FOR UPDATE SKIP LOCKED))
    """
)
_NEARED = text(
    """
    DELETE FROM portfolio.neared WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM portfolio.neared WHERE auction_on < :before LIMIT :limit
        FOR UPDATE SKIP LOCKED))
    """
)
# Whoever begins to watch holds this row until its liens are remembered: none of those goes.
_NO_NEW_WATCH = text("SELECT version FROM portfolio.watch_set FOR UPDATE")
_BATCH = text(
    "SELECT lien_id FROM portfolio.watched_liens WHERE lien_id > :after ORDER BY lien_id LIMIT :limit"
)
_UNWATCHED = text(
    """
    DELETE FROM portfolio.watched_liens AS l WHERE l.lien_id = ANY(:liens)
        AND NOT EXISTS (SELECT FROM portfolio.watches AS w WHERE w.key = 'lien:' || l.lien_id)
        AND NOT EXISTS (SELECT FROM portfolio.watches AS w
            WHERE w.key = 'parcel:' || l.county_fips || ':' || l.parcel_key)
    """
)


async def forget_triggers(session: Session, before: datetime, limit: int) -> int:
    """Delete at most ``limit`` of what happened before a time, the oldest first. Returns how many."""
    return await _deleted(session, _TRIGGERS, before=before, limit=limit)


async def forget_sales(session: Session, before: date, limit: int) -> int:
    """Delete at most ``limit`` sales of days before a local date. Returns how many."""
    return await _deleted(session, _SALES, before=before, limit=limit)


async def forget_neared(session: Session, before: date, limit: int) -> int:
    """Delete at most ``limit`` notes of who was told of sales before a local date. Returns how many."""
    return await _deleted(session, _NEARED, before=before, limit=limit)


async def forget_unwatched(session: Session, after: UUID, limit: int) -> tuple[UUID | None, int]:
    """Delete those of the next ``limit`` liens after an id that nobody watches any more.

    Returns the last id looked at, None at the end, and how many went.
    """
    await session.execute(_NO_NEW_WATCH)
    liens = list(await session.scalars(_BATCH, {"after": after, "limit": limit}))
    if not liens:
        return None, 0
    return liens[-1], await _deleted(session, _UNWATCHED, liens=liens)


async def _deleted(session: Session, statement: TextClause, **values: object) -> int:
    gone: Any = await session.execute(statement, values)
    return int(gone.rowcount)
