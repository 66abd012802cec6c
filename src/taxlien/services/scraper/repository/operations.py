"""What waits for a person."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from taxlien.kit.database import Session

_RAISE = text(
    """
    INSERT INTO scraper.operations_tasks AS task (id, kind, source, run_id, summary, detail)
    VALUES (:id, :kind, :source, :run_id, :summary, :detail)
    ON CONFLICT (source, kind) WHERE resolved_at IS NULL DO UPDATE SET
        run_id = excluded.run_id, summary = excluded.summary, detail = excluded.detail
    """
).bindparams(bindparam("detail", type_=JSONB))


async def raise_task(
    session: Session,
    task_id: UUID,
    *,
    kind: str,
    source: str,
    run_id: UUID | None,
    summary: str,
    detail: dict[str, Any],
) -> None:
    """Ask a person to look. A task of this kind that is open for the source is brought up to date."""
    values = {
        "id": task_id,
        "kind": kind,
        "source": source,
        "run_id": run_id,
        "summary": summary,
        "detail": detail,
    }
    await session.execute(_RAISE, values)


async def resolve(
    session: Session, source: str, resolution: str, *, kind: str | None = None
) -> int:
    """Close every open task of a source, or those of a kind. Returns how many."""
    statement = text(
        "UPDATE scraper.operations_tasks SET resolved_at = now(), resolution = :resolution"
        " WHERE source = :source AND resolved_at IS NULL AND coalesce(kind = :kind, true)"
    )
    values = {"source": source, "resolution": resolution, "kind": kind}
    result = await session.execute(statement, values)
    return int(getattr(result, "rowcount", 0))


async def open_tasks(session: Session) -> list[dict[str, Any]]:
    """Return what waits, the oldest first."""
    query = text(
        "SELECT id, kind, source, run_id, summary, detail, raised_at"
        " FROM scraper.operations_tasks WHERE resolved_at IS NULL ORDER BY raised_at, id"
    )
    return [dict(row._mapping) for row in await session.execute(query)]
