"""Collected lists that wait to be imported: who waits, who is at work, what became of each."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import text

from taxlien.kit.database import Session
from taxlien.services.liens.logic.deriving import Source

_encode = msgspec.json.Encoder().encode


class PendingList(NamedTuple):
    """A list that waits. ``attempts`` counts this one too."""

    id: UUID
    run_id: UUID
    source_id: UUID
    url: str
    file_name: str
    fetched_at: datetime
    sha256: bytes
    size_bytes: int
    mapping_name: str
    parameters: dict[str, str]
    attempts: int


_COLUMNS = ", ".join(PendingList._fields)
_INSERT = text(
    f"""
    INSERT INTO liens.pending_imports ({_COLUMNS}, state, next_at, created_at)
    VALUES ({", ".join(f":{name}" for name in PendingList._fields)}, 'waiting', now(), now())
    ON CONFLICT (run_id, sha256, mapping_name) DO NOTHING
    """.replace(":parameters", "cast(:parameters AS jsonb)")  # noqa: S608 - our own names
)


async def insert_pending(session: Session, row: PendingList) -> None:
    """Add a list; one that a run told twice is one."""
    values: dict[str, Any] = row._asdict()
    await session.execute(_INSERT, values | {"parameters": _encode(row.parameters).decode()})


# Whoever imports holds the row's lock to the end, and others pass it by; a worker that was killed
# lets go of it, and the list is due again when the lease is over.
_CLAIM = text(
    f"""
    UPDATE liens.pending_imports SET attempts = attempts + 1,
        next_at = now() + make_interval(secs => :lease)
    WHERE id = (SELECT id FROM liens.pending_imports
        WHERE state = 'waiting' AND next_at <= now()
        ORDER BY fetched_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING {_COLUMNS}
    """  # noqa: S608 - our own names
)


async def claim_pending(session: Session, lease: float) -> PendingList | None:
    """Take the list that was fetched first of those that are due, for ``lease`` seconds."""
    row = (await session.execute(_CLAIM, {"lease": lease})).first()
    return PendingList(*row) if row else None


_LOCK = text(
    "SELECT id FROM liens.pending_imports WHERE id = :id AND state = 'waiting'"
    " FOR UPDATE SKIP LOCKED"
)
_LOCK_SOURCE = text("SELECT id, name, synthetic FROM liens.sources WHERE id = :id FOR UPDATE")


async def lock_pending(session: Session, pending_id: UUID) -> bool:
    """Hold a list to the transaction's end; False where it is done, or somebody else holds it."""
    return (await session.execute(_LOCK, {"id": pending_id})).first() is not None


async def lock_source(session: Session, source_id: UUID) -> Source:
    """Return a source that no other list is imported of until the transaction ends."""
    return Source(*(await session.execute(_LOCK_SOURCE, {"id": source_id})).one())


_LAST = text(
    """
    SELECT fetched_at, sha256 FROM liens.pending_imports
    WHERE source_id = :source_id AND mapping_name = :mapping_name
        AND parameters = cast(:parameters AS jsonb) AND state IN ('imported', 'unchanged')
    ORDER BY fetched_at DESC LIMIT 1
    """
)


async def last_taken(session: Session, row: PendingList) -> tuple[datetime, bytes] | None:
    """Return when the latest list like ``row`` that was taken had been fetched, and its hash."""
    values = {
        "source_id": row.source_id,
        "mapping_name": row.mapping_name,
        "parameters": _encode(row.parameters).decode(),
    }
    found = (await session.execute(_LAST, values)).first()
    return None if found is None else (found[0], found[1])


_WAS_IMPORTED = text(
    "SELECT FROM liens.imports WHERE source_id = :source_id AND sha256 = :sha256"
    " AND mapping_name = :name AND mapping_version = :version AND status = 'done' LIMIT 1"
)


async def was_imported(session: Session, row: PendingList, version: str) -> bool:
    """Tell whether this file was imported by this version of its mapping."""
    values = {
        "source_id": row.source_id,
        "sha256": row.sha256,
        "name": row.mapping_name,
        "version": version,
    }
    return (await session.execute(_WAS_IMPORTED, values)).first() is not None


_FINISH = text(
    "UPDATE liens.pending_imports SET state = :state, reason = :reason, finished_at = now()"
    " WHERE id = :id AND state = 'waiting' RETURNING id"
)


async def finish_pending(
    session: Session, pending_id: UUID, state: str, reason: str | None
) -> bool:
    """Write what became of a list; False where that was written before."""
    values = {"id": pending_id, "state": state, "reason": reason}
    return (await session.execute(_FINISH, values)).first() is not None


_POSTPONE = text(
    "UPDATE liens.pending_imports SET reason = :reason,"
    " next_at = now() + make_interval(secs => :seconds) WHERE id = :id AND state = 'waiting'"
)


async def postpone_pending(session: Session, pending_id: UUID, reason: str, seconds: float) -> None:
    """Let a list wait that many seconds more, and say why."""
    await session.execute(_POSTPONE, {"id": pending_id, "reason": reason, "seconds": seconds})
