"""Who looked at my data, what I agreed to, give me all of it, forget me."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends
from fastapi.responses import Response, StreamingResponse

from taxlien.kit.database import Session
from taxlien.kit.http.idempotency import IdempotencyDep
from taxlien.kit.http.pages import (
    CursorParam,
    LimitParam,
    Page,
    decode_cursor,
    encode_cursor,
)
from taxlien.kit.http.sessions import session_for
from taxlien.kit.security.caller import CallerDep
from taxlien.services.users import service
from taxlien.services.users.schemas import privacy as schemas

router = APIRouter()

SessionDep = Annotated[Session, Depends(session_for("users"))]
Number = Annotated[int, msgspec.Meta(ge=0, le=2**62)]

_PIECE = 64 * 1024


@router.get("/v1/users/me/access-log")
async def list_my_accesses(
    session: SessionDep, caller: CallerDep, cursor: CursorParam = None, limit: LimitParam = 50
) -> Page[schemas.Access]:
    """List who looked at my data or changed it, the latest first: with roles, without names."""
    rows = await service.audit.access_log(
        session, caller.user_id, before=_number(cursor), limit=limit + 1
    )
    items = [schemas.Access(**_access(row, caller.user_id)) for row in rows[:limit]]
    return Page(items=items, next_cursor=_next(rows, limit, "id"))


@router.get("/v1/users/{user_id}/access-log")
async def list_accesses(
    user_id: UUID,
    session: SessionDep,
    caller: CallerDep,
    cursor: CursorParam = None,
    limit: LimitParam = 50,
) -> Page[schemas.AccessForStaff]:
    """List who looked at a user's data or changed it, the latest first; this is an access as well."""
    rows = await service.audit.access_log_for_staff(
        session, caller, user_id, before=_number(cursor), limit=limit + 1
    )
    items = [
        schemas.AccessForStaff(
            **_access(row, user_id),
            actor_id=row.actor_id,
            reason=row.reason,
            request_id=row.request_id,
            hash=row.hash.hex(),
        )
        for row in rows[:limit]
    ]
    return Page(items=items, next_cursor=_next(rows, limit, "id"))


@router.get("/v1/users/me/consents")
async def my_consents(session: SessionDep, caller: CallerDep) -> schemas.Consents:
    """Show how every purpose stands."""
    return _consents(await service.consents.current(session, caller.user_id))


@router.post("/v1/users/me/consents")
async def decide_consents(
    body: schemas.ConsentDecisions, session: SessionDep, caller: CallerDep
) -> schemas.Consents:
    """Agree, or take consent back. What is needed for an account ends only with the account."""
    decisions = [
        service.consents.Decision(d.purpose, d.given, d.document_version) for d in body.decisions
    ]
    return _consents(await service.consents.decide(session, caller, decisions, body.source))


@router.get("/v1/users/me/consents/history")
async def my_consent_history(
    session: SessionDep, caller: CallerDep, cursor: CursorParam = None, limit: LimitParam = 50
) -> Page[schemas.PastConsent]:
    """List every decision I made, the latest first."""
    rows = await service.consents.history(
        session, caller.user_id, before=_number(cursor), limit=limit + 1
    )
    items = [schemas.PastConsent.model_validate(row._asdict()) for row in rows[:limit]]
    return Page(items=items, next_cursor=_next(rows, limit, "number"))


@router.post("/v1/users/me/exports", status_code=202, response_model=schemas.Export)
async def request_export(session: SessionDep, caller: CallerDep, once: IdempotencyDep) -> Response:
    """Ask for everything kept about me, as a ZIP; a mail says when it is ready. One a day."""

    async def ask() -> dict[str, Any]:
        export = await service.exports.request_export(session, caller)
        return _export(export).model_dump(mode="json")

    return await once.answer(session, ask, status=202)


@router.get("/v1/users/me/exports")
async def list_exports(
    session: SessionDep, caller: CallerDep, cursor: CursorParam = None, limit: LimitParam = 50
) -> Page[schemas.Export]:
    """List my exports, the latest first."""
    before = None if cursor is None else decode_cursor(cursor, UUID)
    found = await service.exports.exports_of(
        session, caller.user_id, before=before, limit=limit + 1
    )
    items = [_export(export) for export in found[:limit]]
    return Page(items=items, next_cursor=_next(found, limit, "export_id"))


@router.get("/v1/users/me/exports/{export_id}")
async def get_export(export_id: UUID, session: SessionDep, caller: CallerDep) -> schemas.Export:
    """Show how far an export is."""
    return _export(await service.exports.export_of(session, caller.user_id, export_id))


@router.get(
    "/v1/users/me/exports/{export_id}/download",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/zip": {}}, "description": "the ZIP"}},
)
async def download_export(
    export_id: UUID, session: SessionDep, caller: CallerDep
) -> StreamingResponse:
    """Download a finished export, for seven days."""
    archive = await service.exports.open_archive(session, caller, export_id)
    return StreamingResponse(
        _pieces(archive.content),
        media_type="application/zip",
        headers={
            "content-disposition": f'attachment; filename="{archive.name}"',
            "content-length": str(len(archive.content)),
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
        },
    )


@router.post("/v1/users/me/deletion", status_code=202)
async def request_deletion(
    body: schemas.DeletionRequest, session: SessionDep, caller: CallerDep
) -> schemas.Deletion:
    """Ask to be forgotten. Until ``erase_after`` it can be taken back, then it cannot."""
    return _deletion(await service.deletions.request_deletion(session, caller, body.confirm))


@router.delete("/v1/users/me/deletion")
async def cancel_deletion(session: SessionDep, caller: CallerDep) -> schemas.Deletion:
    """Take back the wish to be forgotten."""
    return _deletion(await service.deletions.cancel_deletion(session, caller))


@router.get("/v1/users/me/deletion")
async def my_deletion(session: SessionDep, caller: CallerDep) -> schemas.Deletion:
    """Show how far being forgotten came."""
    return _deletion((await service.deletions.deletion_of(session, caller.user_id)).deletion)


@router.get("/v1/users/{user_id}/deletion")
async def get_deletion(
    user_id: UUID, session: SessionDep, caller: CallerDep
) -> schemas.DeletionForStaff:
    """Show what each service answered to a user's wish to be forgotten."""
    found = await service.deletions.deletion_for_staff(session, caller, user_id)
    return schemas.DeletionForStaff(
        **_deletion(found.deletion).model_dump(),
        erasure_id=found.deletion.erasure_id,
        answers=[
            schemas.ErasureAnswer(
                service=answer.service,
                rows=answer.rows,
                kept=list(answer.kept),
                at=answer.arrived_at,
            )
            for answer in found.answers
        ],
        waiting_for=list(found.waiting_for),
        kept_until=found.deletion.kept_until,
        proof=found.deletion.proof,
    )


def _number(cursor: str | None) -> int | None:
    return None if cursor is None else decode_cursor(cursor, Number)


def _next(rows: list[Any], limit: int, name: str) -> str | None:
    """Return the cursor after the ``limit`` first rows, None where there are no more."""
    return encode_cursor(getattr(rows[limit - 1], name)) if len(rows) > limit else None


def _access(row: Any, subject: UUID) -> dict[str, Any]:
    return {
        "number": row.id,
        "at": row.at,
        "by": service.audit.who(row.actor_id, subject),
        "roles": row.actor_roles,
        "action": row.action,
        "fields": row.fields,
    }


def _consents(states: list[service.consents.ConsentState]) -> schemas.Consents:
    return schemas.Consents(
        items=[
            schemas.Consent.model_validate(
                {
                    "purpose": state.purpose,
                    "given": state.given,
                    "required": state.required,
                    "outdated": state.outdated,
                    "current_version": state.current_version,
                    "document_version": state.last.document_version if state.last else None,
                    "decided_at": state.last.at if state.last else None,
                    "source": state.last.source if state.last else None,
                }
            )
            for state in states
        ]
    )


def _export(export: Any) -> schemas.Export:
    return schemas.Export.model_validate(export, from_attributes=True)


def _deletion(deletion: Any) -> schemas.Deletion:
    return schemas.Deletion.model_validate(deletion, from_attributes=True)


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), _PIECE):
        yield content[start : start + _PIECE]
