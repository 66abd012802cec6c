"""Checks of identity for reviewers, and tax residency for who reports it. Every look is written down."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from taxlien.kit.http.pages import CursorParam, LimitParam, decode_cursor, encode_cursor
from taxlien.kit.security.caller import CallerDep
from taxlien.services.users import service
from taxlien.services.users.schemas import identity as schemas

from .asking import SessionDep, keep_private
from .kyc import shown_document, shown_residency

router = APIRouter(prefix="/v1/users", dependencies=[Depends(keep_private)])


@router.get("/kyc/queue")
async def list_kyc_queue(
    session: SessionDep, caller: CallerDep, cursor: CursorParam = None, limit: LimitParam = 50
) -> schemas.CaseQueue:
    """List the checks that wait for a decision, the longest waiting first."""
    after = None if cursor is None else decode_cursor(cursor, tuple[datetime, UUID])
    found = await service.waiting(session, caller, after, limit + 1)
    shown = found[:limit]
    last = (shown[-1].submitted_at, shown[-1].case_id) if len(found) > limit else None
    return schemas.CaseQueue(
        items=[
            schemas.CaseWaiting(
                user_id=case.user_id,
                case_id=case.case_id,
                status=case.status,
                hit=case.hit,
                submitted_at=case.submitted_at,
            )
            for case in shown
        ],
        next_cursor=encode_cursor(last) if last else None,
    )


@router.get("/{user_id}/kyc")
async def get_user_kyc(
    session: SessionDep, caller: CallerDep, user_id: UUID
) -> schemas.CaseReviewed:
    """Return somebody's check: whole for an admin, its state alone for support."""
    return _reviewed(await service.case_of(session, caller, user_id))


@router.get("/{user_id}/kyc/documents")
async def list_user_kyc_documents(
    session: SessionDep, caller: CallerDep, user_id: UUID
) -> schemas.Documents:
    """List the documents somebody handed in."""
    found = await service.documents_of(session, caller, user_id)
    return schemas.Documents(items=[shown_document(document) for document in found])


@router.get("/{user_id}/kyc/documents/{document_id}", response_class=Response)
async def get_user_kyc_document(
    session: SessionDep, caller: CallerDep, user_id: UUID, document_id: UUID
) -> Response:
    """Return a document's content, to be saved and never shown inside our pages."""
    opened = await service.open_document(session, caller, user_id, document_id)
    ending = opened.media_type.rpartition("/")[2]
    return Response(
        opened.content,
        media_type=opened.media_type,
        headers={
            "content-disposition": f'attachment; filename="{opened.kind}-{document_id}.{ending}"',
            "cache-control": "private, no-store",
        },
    )


@router.post("/{user_id}/kyc/review")
async def post_user_kyc_review(
    session: SessionDep, caller: CallerDep, user_id: UUID
) -> schemas.CaseReviewed:
    """Begin to look at somebody's check."""
    await service.take(session, caller, user_id)
    return _reviewed(await service.case_of(session, caller, user_id))


@router.post("/{user_id}/kyc/decision")
async def post_user_kyc_decision(
    session: SessionDep, caller: CallerDep, user_id: UUID, body: schemas.DecisionAsked
) -> schemas.CaseReviewed:
    """Approve or reject somebody's check, with a reason."""
    await service.decide(
        session,
        caller,
        user_id,
        body.decision,
        reason=body.reason,
        message=body.message,
        cleared_matches=body.cleared_matches,
    )
    return _reviewed(await service.case_of(session, caller, user_id))


@router.get("/{user_id}/tax-residency")
async def get_user_tax_residency(
    session: SessionDep, caller: CallerDep, user_id: UUID, response: Response
) -> schemas.Residency:
    """Return where somebody pays tax, with the last four characters of the number."""
    return shown_residency(await service.residency_of(session, caller, user_id), response)


def _reviewed(file: service.CaseFile) -> schemas.CaseReviewed:
    case = file.case
    state = schemas.CaseReviewed(
        user_id=case.user_id,
        case_id=case.case_id,
        number=case.number,
        status=case.status,
        submitted_at=case.submitted_at,
        decided_at=case.decided_at,
        expires_at=case.expires_at,
    )
    if not file.is_whole:
        return state
    state.hit = case.hit
    state.message = case.message
    state.cleared_matches = dict(case.cleared_matches)
    state.details = schemas.Details(**file.details._asdict()) if file.details else None
    state.documents = [shown_document(document) for document in file.documents]
    state.transitions = [
        schemas.CaseMove(
            at=move.at,
            from_status=move.from_status,
            to_status=move.to_status,
            action=move.action,
            actor_id=move.actor_id,
            reason=move.reason,
        )
        for move in file.transitions
    ]
    state.screenings = [
        schemas.CaseScreening(
            screened_at=found.screened_at,
            outcome=found.outcome,
            method=found.method,
            list_name=listed.name,
            list_date=listed.list_date,
            list_sha256=listed.sha256,
            matches=found.matches,
        )
        for found, listed in file.screenings
    ]
    return state
