"""Everything about a person as one ZIP: asked of every service, put together, given out for a week."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import structlog

from taxlien.interfaces.users import (
    PERSONAL_DATA_SERVICES,
    UserDataExported,
    UserExportRequested,
)
from taxlien.kit.database import Session
from taxlien.kit.errors import Conflict, NotFound, TooManyAttempts
from taxlien.kit.ids import new_id
from taxlien.kit.outbox import emit
from taxlien.kit.settings import read_settings
from taxlien.services.users.adapters import exports as store
from taxlien.services.users.models import Export
from taxlien.services.users.repository import deletions as people
from taxlien.services.users.repository import exports as repository
from taxlien.services.users.repository.people import plan_removal
from taxlien.services.users.repository.removals import blob_key
from taxlien.services.users.settings import UsersSettings

from .audit import Actor, record

OWN = "users"
AT_ONCE = 100

_SHA256 = re.compile(r"[0-9a-f]{64}")

_log = structlog.get_logger("taxlien.users.exports")


class Archive(NamedTuple):
    """A finished export, opened, as it is given to its person."""

    name: str
    content: bytes


async def request_export(session: Session, caller: Actor) -> Export:
    """Ask every service for what it has about the caller.

    Raises ``Conflict`` while an export is being made, ``TooManyAttempts`` when the last whole one is
    less than a day old, ``NotFound`` without a profile.
    """
    settings = read_settings(UsersSettings)
    if await people.lock_person(session, caller.user_id) is None:
        raise NotFound("There is no profile of this user.")
    now = datetime.now(UTC)
    last = await repository.last_of(session, caller.user_id)
    if last is not None and last.status == "collecting":
        raise Conflict("An export is being made; wait for it.")
    if last is not None and last.status != "partial":
        again = last.requested_at + timedelta(hours=settings.export_pause_hours)
        if now < again:
            seconds = max(1, int((again - now).total_seconds()))
            raise TooManyAttempts("One export a day; use the last one.", seconds)
    export = Export(
        export_id=new_id(),
        user_id=caller.user_id,
        status="collecting",
        language=await repository.language_of(session, caller.user_id) or "en",
        requested_at=now,
        deadline_at=now + timedelta(seconds=settings.export_deadline_seconds),
        attempt_after=now,
        missing=[],
    )
    await repository.add(session, export)
    await record(session, actor=caller, subject=caller.user_id, action="export.requested")
    await emit(
        session,
        UserExportRequested(user_id=caller.user_id, at=now, export_id=export.export_id),
    )
    return export


async def exports_of(
    session: Session, user_id: UUID, *, before: UUID | None, limit: int
) -> list[Export]:
    """Return a page of a person's exports, latest first."""
    return await repository.page_of(session, user_id, before=before, limit=limit)


async def export_of(session: Session, user_id: UUID, export_id: UUID) -> Export:
    """Return a person's export. Raises ``NotFound``, also for another person's."""
    export = await repository.of_person(session, user_id, export_id)
    if export is None:
        raise NotFound("There is no such export.")
    return export


async def open_archive(session: Session, caller: Actor, export_id: UUID) -> Archive:
    """Return the ZIP of the caller's export. Raises ``NotFound``, ``Conflict`` while there is none yet."""
    export = await export_of(session, caller.user_id, export_id)
    if export.status == "collecting":
        raise Conflict("The export is not finished yet.")
    gone = NotFound("The export is not given out any more; ask for another one.")
    if export.object_key is None or (export.expires_at or export.requested_at) <= datetime.now(UTC):
        raise gone
    limit = read_settings(UsersSettings).export_max_bytes
    try:
        content = await store.read_archive(export.object_key, export_id, at_most=limit)
    except store.ArchiveUnreadable as error:
        _log.error("archive_unreadable", export_id=str(export_id), error=str(error))
        raise gone from None
    await record(session, actor=caller, subject=caller.user_id, action="export.downloaded")
    return Archive(f"taxlien-export-{export.requested_at:%Y-%m-%d}.zip", content)


async def take_part(session: Session, event: UserDataExported) -> None:
    """Keep a service's part. Of two parts of one service the first counts; a late one is removed."""
    if not _SHA256.fullmatch(event.sha256):
        _log.error("export_part_unnamed", export_id=str(event.export_id), part=event.service)
        return
    export = await repository.lock(session, event.export_id)
    wanted = (
        export is not None
        and export.status == "collecting"
        and export.user_id == event.user_id
        and event.service in PERSONAL_DATA_SERVICES
    )
    counts = None
    if wanted:
        counts = await repository.add_part(
            session, event.export_id, event.service, event.sha256, event.rows
        )
    # A part that was taken into a ZIP comes again as an event, and then names an object that is gone.
    if counts != event.sha256:
        await plan_removal(session, datetime.now(UTC), blob_key(event.sha256))


async def expire_exports(session: Session, now: datetime) -> int:
    """Stop giving out exports whose time is over, at most 100. Returns how many."""
    expired = await repository.claim_expired(session, now, AT_ONCE)
    for export in expired:
        if export.object_key is not None:
            await plan_removal(session, now, export.object_key)
        export.object_key, export.status = None, "expired"
        await record(session, actor=None, subject=export.user_id, action="export.expired")
    await session.flush()
    return len(expired)
