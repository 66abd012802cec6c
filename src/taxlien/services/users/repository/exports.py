"""Every query of exports and their parts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from taxlien.kit.database import Session
from taxlien.services.users.models import Export, ExportPart, UserPreferences


class Part(NamedTuple):
    """What a service answered. ``sha256`` names a sealed object of kit's store."""

    service: str
    sha256: str | None
    rows: int


async def add(session: Session, export: Export) -> None:
    """Add an export."""
    session.add(export)
    await session.flush()


async def last_of(session: Session, user_id: UUID) -> Export | None:
    """Return a person's latest export."""
    return await session.scalar(
        select(Export).where(Export.user_id == user_id).order_by(Export.export_id.desc()).limit(1)
    )


async def page_of(
    session: Session, user_id: UUID, *, before: UUID | None, limit: int
) -> list[Export]:
    """Return a page of a person's exports, latest first."""
    query = select(Export).where(Export.user_id == user_id)
    if before is not None:
        query = query.where(Export.export_id < before)
    return list(await session.scalars(query.order_by(Export.export_id.desc()).limit(limit)))


async def of_person(session: Session, user_id: UUID, export_id: UUID) -> Export | None:
    """Return an export if it is this person's."""
    return await session.scalar(
        select(Export).where(Export.export_id == export_id, Export.user_id == user_id)
    )


async def lock(session: Session, export_id: UUID) -> Export | None:
    """Return an export, waiting for whoever works on it; others may read it, none may change it."""
    return await session.scalar(
        select(Export)
        .where(Export.export_id == export_id)
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    )


async def claim_without_part(session: Session, service: str, now: datetime) -> Export | None:
    """Return a collecting export that lacks the part of ``service``, locked for this transaction."""
    part = exists().where(ExportPart.export_id == Export.export_id, ExportPart.service == service)
    return await session.scalar(
        select(Export)
        .where(Export.status == "collecting", Export.attempt_after <= now, ~part)
        .order_by(Export.requested_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )


async def claim_complete(session: Session, services: Sequence[str], now: datetime) -> Export | None:
    """Return a collecting export with all parts, or past its deadline, locked for this transaction."""
    parts = (
        select(func.count())
        .select_from(ExportPart)
        .where(ExportPart.export_id == Export.export_id, ExportPart.service.in_(services))
        .scalar_subquery()
    )
    return await session.scalar(
        select(Export)
        .where(
            Export.status == "collecting",
            Export.attempt_after <= now,
            or_(parts == len(services), Export.deadline_at <= now),
        )
        .order_by(Export.requested_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )


async def postpone(session: Session, export_id: UUID, attempt_after: datetime) -> None:
    """Leave a collecting export alone until ``attempt_after``."""
    await session.execute(
        update(Export)
        .where(Export.export_id == export_id, Export.status == "collecting")
        .values(attempt_after=attempt_after)
    )


async def claim_expired(session: Session, now: datetime, limit: int) -> list[Export]:
    """Return finished exports whose time is over, locked for this transaction."""
    found = await session.scalars(
        select(Export)
        .where(Export.status.in_(("ready", "partial")), Export.expires_at <= now)
        .order_by(Export.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(found)


async def add_part(
    session: Session, export_id: UUID, service: str, sha256: str, rows: int
) -> str | None:
    """Add a service's part; the first one counts. Returns the hash of the part that counts."""
    await session.execute(
        insert(ExportPart)
        .values(export_id=export_id, service=service, sha256=sha256, rows=rows)
        .on_conflict_do_nothing()
    )
    return await session.scalar(
        select(ExportPart.sha256).where(
            ExportPart.export_id == export_id, ExportPart.service == service
        )
    )


async def parts_of(session: Session, export_id: UUID) -> list[Part]:
    """Return the parts of an export by service."""
    found = await session.execute(
        select(ExportPart.service, ExportPart.sha256, ExportPart.rows)
        .where(ExportPart.export_id == export_id)
        .order_by(ExportPart.service)
    )
    return [Part._make(row) for row in found]


async def forget_objects_of_parts(session: Session, export_id: UUID) -> list[str]:
    """Let the parts name no object any more. Returns the hashes they named."""
    parts = await parts_of(session, export_id)
    await session.execute(
        update(ExportPart).where(ExportPart.export_id == export_id).values(sha256=None)
    )
    return [part.sha256 for part in parts if part.sha256 is not None]


async def forget_person(session: Session, user_id: UUID) -> tuple[int, list[str], list[str]]:
    """Delete a person's exports. Returns rows, keys of ZIPs, and hashes of parts that were named."""
    # The exports first: that waits for whoever is adding a part to one of them.
    gone = (
        await session.execute(
            delete(Export)
            .where(Export.user_id == user_id)
            .returning(Export.export_id, Export.object_key)
            .execution_options(synchronize_session=False)
        )
    ).all()
    ids = [row.export_id for row in gone]
    parts = await session.scalars(
        delete(ExportPart).where(ExportPart.export_id.in_(ids)).returning(ExportPart.sha256)
    )
    hashes = list(parts)
    keys = [row.object_key for row in gone if row.object_key is not None]
    return len(gone) + len(hashes), keys, [sha256 for sha256 in hashes if sha256 is not None]


async def language_of(session: Session, user_id: UUID) -> str | None:
    """Return the language a person wants to be met in."""
    return await session.scalar(
        select(UserPreferences.language).where(UserPreferences.user_id == user_id)
    )
