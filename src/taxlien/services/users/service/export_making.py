"""The two long steps of an export, each in a transaction of its own: our part, and the ZIP.

A note to remove the object is committed before the object is stored, and struck with the row that names
it (``repository.removals``): whatever a crash leaves behind is removed an hour later.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import structlog

from taxlien.interfaces.users import (
    PERSONAL_DATA_SERVICES,
    UserDataExported,
    UserExportReady,
    part_context,
)
from taxlien.kit import personal_data
from taxlien.kit.database import Database, Session
from taxlien.kit.ids import new_id
from taxlien.kit.outbox import emit
from taxlien.kit.security.sealing import Keyring, SealBroken
from taxlien.kit.settings import read_settings
from taxlien.services.users.adapters import exports as store
from taxlien.services.users.adapters.uploads import ObjectMissing, Objects
from taxlien.services.users.logic.archive import (
    Contents,
    MalformedPart,
    Tables,
    build_archive,
    parse_part,
)
from taxlien.services.users.models import Export
from taxlien.services.users.repository import exports as repository
from taxlien.services.users.repository import holdings, removals
from taxlien.services.users.repository.people import plan_removal
from taxlien.services.users.settings import UsersSettings

from . import kyc, tax
from .audit import record, who
from .exports import OWN

_UNNAMED = timedelta(hours=1)
"""After this an object that no row names was left by a crash. Storing one takes seconds."""

_RETRY = timedelta(seconds=30)
_PICTURE_BYTES = 5 * 1024 * 1024

_log = structlog.get_logger("taxlien.users.exports")


class RemovedMeanwhile(Exception):
    """The object was taken for one that a crash left behind; the step is done again."""


async def make_own_part(database: Database) -> bool:
    """Seal and store what users keeps of the person of one export. False where none waits for it."""

    async def claim(session: Session) -> Export | None:
        return await repository.claim_without_part(session, OWN, datetime.now(UTC))

    return await _step(database, claim, _store_own_part)


async def assemble(database: Database) -> bool:
    """Make the ZIP of one export that has all parts, or waited long enough. False where there is none."""

    async def claim(session: Session) -> Export | None:
        return await repository.claim_complete(session, PERSONAL_DATA_SERVICES, datetime.now(UTC))

    return await _step(database, claim, _store_archive)


async def _step(
    database: Database,
    claim: Callable[[Session], Awaitable[Export | None]],
    work: Callable[[Database, Session, Export], Awaitable[None]],
) -> bool:
    """Do ``work`` on the claimed export; the claim is a row lock, which ends with a process that dies.

    Where it fails, others get their turn first, and the error is raised.
    """
    claimed: UUID | None = None
    try:
        async with database.session() as session:
            export = await claim(session)
            if export is not None:
                claimed = export.export_id
                await work(database, session, export)
    except Exception:
        if claimed is not None:
            async with database.session() as session:
                await repository.postpone(session, claimed, datetime.now(UTC) + _RETRY)
        raise
    return claimed is not None


async def _store_own_part(database: Database, session: Session, export: Export) -> None:
    tables = await own_tables(session, export.user_id)
    part = await personal_data.seal(tables, part_context(export.export_id, OWN))
    key = removals.blob_key(part.sha256)
    await _note(database, key)
    await personal_data.store(part)
    await repository.add_part(session, export.export_id, OWN, part.sha256, part.rows)
    await record(
        session,
        actor=None,
        subject=export.user_id,
        action="export.collected",
        fields=tuple(sorted(name for name, found in tables.items() if found)),
    )
    await emit(
        session,
        UserDataExported(
            user_id=export.user_id,
            at=datetime.now(UTC),
            export_id=export.export_id,
            service=OWN,
            sha256=part.sha256,
            rows=part.rows,
        ),
    )
    await _strike(session, key)


async def own_tables(session: Session, user_id: UUID) -> dict[str, holdings.Rows]:
    """Return every row users keeps of a person, with sealed values opened and the picture itself."""
    tables = await holdings.rows_of(session, user_id)
    for avatar in tables["avatars"]:
        key = avatar.pop("large_key")
        avatar.pop("small_key")
        try:
            picture = await Objects.from_environment().read(key, at_most=_PICTURE_BYTES)
        except ObjectMissing:
            continue
        avatar["picture_base64"] = base64.b64encode(picture).decode()
    keys = kyc.keyring()
    for case in tables["kyc_cases"]:
        plain = _opened(keys, case["details"], f"{kyc.DETAILS_CONTEXT}:{case['case_id']}")
        case["details"] = None if plain is None else msgspec.json.decode(plain)
    for residency in tables["tax_residencies"]:
        plain = _opened(keys, residency["tin"], f"{tax.CONTEXT}:{user_id}")
        residency["tin"] = None if plain is None else plain.decode()
    tables["access_log"] = tables.pop("audit_log")
    for entry in tables["access_log"]:
        actor = entry.pop("actor_id")
        entry["by"] = who(actor, user_id)
    return tables


def _opened(keys: Keyring, sealed: bytes | None, context: str) -> bytes | None:
    """Open a value; one whose key is gone is as lost to its person as it is to us."""
    try:
        return None if sealed is None else keys.open(sealed, context)
    except SealBroken as error:
        _log.error("sealed_value_lost", error=str(error))
        return None


async def _store_archive(database: Database, session: Session, export: Export) -> None:
    now = datetime.now(UTC)
    settings = read_settings(UsersSettings)
    tables, missing = await _open_parts(session, export)
    contents = Contents(
        export_id=export.export_id,
        user_id=export.user_id,
        requested_at=export.requested_at,
        made_at=now,
        expires_at=now + timedelta(days=settings.export_kept_days),
        language=export.language,
        tables=tables,
        missing=missing,
    )
    archive = await asyncio.to_thread(build_archive, contents)
    key = f"exports/{export.export_id}/{new_id().hex}"
    await _note(database, key)
    await store.put_archive(key, export.export_id, archive)
    export.status = "partial" if missing else "ready"
    export.missing = list(missing)
    export.finished_at, export.expires_at = now, contents.expires_at
    export.object_key, export.size_bytes = key, len(archive)
    await session.flush()
    for sha256 in await repository.forget_objects_of_parts(session, export.export_id):
        await plan_removal(session, now, removals.blob_key(sha256))
    await record(session, actor=None, subject=export.user_id, action=f"export.{export.status}")
    await emit(
        session,
        UserExportReady(
            user_id=export.user_id,
            at=now,
            export_id=export.export_id,
            expires_at=contents.expires_at,
        ),
    )
    await _strike(session, key)


async def _open_parts(
    session: Session, export: Export
) -> tuple[dict[str, Tables], tuple[str, ...]]:
    """Return the tables of every service that answered with something readable, and who is missing."""
    tables: dict[str, Tables] = {}
    for part in await repository.parts_of(session, export.export_id):
        try:
            context = part_context(export.export_id, part.service)
            body = await personal_data.read(part.sha256 or "", context)
            tables[part.service] = await asyncio.to_thread(parse_part, body)
        except (personal_data.PartUnreadable, MalformedPart) as error:
            _log.error(
                "export_part_unreadable",
                export_id=str(export.export_id),
                part=part.service,
                error=str(error),
            )
    missing = tuple(name for name in PERSONAL_DATA_SERVICES if name not in tables)
    return tables, missing


async def _note(database: Database, key: str) -> None:
    async with database.session() as session:
        await plan_removal(session, datetime.now(UTC) + _UNNAMED, key)


async def _strike(session: Session, key: str) -> None:
    if not await removals.strike(session, key):
        raise RemovedMeanwhile(key.partition(":")[0])
