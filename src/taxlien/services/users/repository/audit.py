"""Every query of the audit log."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select, text

from taxlien.kit.database import Session
from taxlien.services.users.logic.chain import AuditRow
from taxlien.services.users.models.privacy import AuditEntry, PendingAudit

_ROWS_AT_ONCE = 5_000
_COLUMNS = tuple(getattr(AuditEntry, name) for name in AuditRow._fields)


async def add_pending(
    session: Session,
    *,
    actor_id: UUID | None,
    actor_roles: Sequence[str],
    subject_id: UUID,
    action: str,
    fields: Sequence[str],
    reason: str | None,
    request_id: str | None,
) -> None:
    """Add a row to the log when the transaction commits; the database numbers and chains it then."""
    session.add(
        PendingAudit(
            actor_id=actor_id,
            actor_roles=list(actor_roles),
            subject_id=subject_id,
            action=action,
            fields=list(fields),
            reason=reason,
            request_id=request_id,
        )
    )
    await session.flush()


async def chain_now(session: Session) -> None:
    """Move what this transaction added into the log. Others wait for its end: call it last."""
    await session.execute(text("SET CONSTRAINTS users.audit_pending_chain IMMEDIATE"))
    await session.execute(text("SET CONSTRAINTS users.audit_pending_chain DEFERRED"))


async def head(session: Session) -> AuditRow | None:
    """Return the last row."""
    return await _first(session, select(*_COLUMNS).order_by(AuditEntry.id.desc()).limit(1))


async def entry(session: Session, number: int) -> AuditRow | None:
    """Return one row."""
    return await _first(session, select(*_COLUMNS).where(AuditEntry.id == number))


async def hashes_of(session: Session, numbers: Sequence[int]) -> dict[int, bytes]:
    """Return the hashes of rows by number; rows that are not there are left out."""
    found = await session.execute(
        select(AuditEntry.id, AuditEntry.hash).where(AuditEntry.id.in_(numbers))
    )
    return {row.id: row.hash for row in found}


async def entries_from(session: Session, first: int) -> AsyncIterator[AuditRow]:
    """Yield the rows from number ``first`` on, in order; memory stays small."""
    # As text, SQLAlchemy leaves the values as the driver made them: twice as fast.
    names = ", ".join(AuditRow._fields)
    query = text(f"SELECT {names} FROM users.audit_log WHERE id >= :first ORDER BY id")  # noqa: S608
    options = {"yield_per": _ROWS_AT_ONCE}
    found = await session.stream(query, {"first": first}, execution_options=options)
    async for rows in found.partitions(_ROWS_AT_ONCE):  # unsaid, it is all rows
        for row in rows:
            yield _row(row)


async def entries_about(
    session: Session, subject_id: UUID, *, before: int | None, limit: int
) -> list[AuditRow]:
    """Return a page of rows about a person, latest first."""
    query = select(*_COLUMNS).where(AuditEntry.subject_id == subject_id)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    found = await session.execute(query.order_by(AuditEntry.id.desc()).limit(limit))
    return [_row(row) for row in found]


async def _first(session: Session, query: Select[Any]) -> AuditRow | None:
    row = (await session.execute(query)).first()
    return _row(row) if row else None


def _row(row: Row[Any]) -> AuditRow:
    return AuditRow._make(row)
