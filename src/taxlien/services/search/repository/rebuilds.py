"""Every query of rebuilds of the index."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from taxlien.kit.database import Session
from taxlien.services.search.models import Rebuild, RebuildStatus

_UNFINISHED: tuple[RebuildStatus, ...] = ("requested", "running")


async def add_rebuild(session: Session, rebuild_id: UUID, reason: str) -> None:
    """Add a requested rebuild, unless one is already requested or running."""
    values = {"rebuild_id": rebuild_id, "status": "requested", "reason": reason}
    await session.execute(insert(Rebuild).values(values).on_conflict_do_nothing())


async def unfinished_rebuild(session: Session) -> Rebuild | None:
    """Return the rebuild that is requested or running."""
    return await session.scalar(select(Rebuild).where(Rebuild.status.in_(_UNFINISHED)))


async def get_rebuild(session: Session, rebuild_id: UUID) -> Rebuild | None:
    """Return one rebuild."""
    return await session.get(Rebuild, rebuild_id)


async def lock_unfinished(session: Session) -> Rebuild | None:
    """Return the rebuild that waits or was left running, locked until the transaction ends."""
    return await session.scalar(
        select(Rebuild).where(Rebuild.status.in_(_UNFINISHED)).with_for_update(skip_locked=True)
    )


async def set_progress(session: Session, rebuild_id: UUID, liens: int) -> None:
    """Write how many liens are in the new index by now."""
    await session.execute(
        update(Rebuild).where(Rebuild.rebuild_id == rebuild_id).values(liens=liens)
    )


async def finish(
    session: Session, rebuild_id: UUID, status: RebuildStatus, error: str | None
) -> None:
    """Write how a rebuild ended; ``requested`` puts it back for another attempt."""
    values: dict[str, object] = {"status": status, "error": error}
    if status in ("done", "failed"):
        values["finished_at"] = func.now()
    await session.execute(update(Rebuild).where(Rebuild.rebuild_id == rebuild_id).values(**values))
