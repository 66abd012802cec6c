"""Every query of consents."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import CursorResult, delete, insert, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased

from taxlien.kit.database import Session
from taxlien.services.users.models import Consent


class ConsentRow(NamedTuple):
    """One decision of a person. ``number`` orders decisions."""

    number: int
    purpose: str
    document_version: str
    given: bool
    source: str
    at: datetime


_COLUMNS = tuple(getattr(Consent, name) for name in ConsentRow._fields)


async def add(
    session: Session,
    user_id: UUID,
    *,
    purpose: str,
    document_version: str,
    given: bool,
    source: str,
    at: datetime,
) -> None:
    """Add a decision."""
    await session.execute(
        insert(Consent).values(
            user_id=user_id,
            purpose=purpose,
            document_version=document_version,
            given=given,
            source=source,
            at=at,
        )
    )


async def current(session: Session, user_id: UUID) -> dict[str, ConsentRow]:
    """Return the last decision of each purpose."""
    found = await session.execute(
        select(*_COLUMNS)
        .where(Consent.user_id == user_id)
        .ext(distinct_on(Consent.purpose))
        .order_by(Consent.purpose, Consent.number.desc())
    )
    return {row.purpose: ConsentRow._make(row) for row in found}


async def history(
    session: Session, user_id: UUID, *, before: int | None, limit: int
) -> list[ConsentRow]:
    """Return a page of decisions, latest first."""
    query = select(*_COLUMNS).where(Consent.user_id == user_id)
    if before is not None:
        query = query.where(Consent.number < before)
    found = await session.execute(query.order_by(Consent.number.desc()).limit(limit))
    return [ConsentRow._make(row) for row in found]


async def forget_person(session: Session, user_id: UUID) -> int:
    """Delete all decisions of a person. Returns how many."""
    await _allow(session)
    return await _delete(session, delete(Consent).where(Consent.user_id == user_id))


async def forget_outdated(session: Session, before: datetime, limit: int) -> int:
    """Delete up to ``limit`` decisions older than ``before`` that a later one replaced."""
    later = aliased(Consent)
    outdated = (
        select(Consent.number)
        .where(
            Consent.at < before,
            select(later.number)
            .where(
                later.user_id == Consent.user_id,
                later.purpose == Consent.purpose,
                later.number > Consent.number,
            )
            .exists(),
        )
        .limit(limit)
    )
    await _allow(session)
    return await _delete(session, delete(Consent).where(Consent.number.in_(outdated)))


async def _allow(session: Session) -> None:
    await session.execute(text("SELECT set_config('taxlien.forgetting', 'yes', true)"))


async def _delete(session: Session, statement: Any) -> int:
    result: CursorResult[Any] = await session.execute(statement)  # type: ignore[assignment]
    await session.execute(text("SELECT set_config('taxlien.forgetting', '', true)"))
    return result.rowcount
