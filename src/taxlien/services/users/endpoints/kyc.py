"""My check of identity: who I am, what shows it, handing it in. Where I pay tax."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from taxlien.kit.security.caller import CallerDep
from taxlien.services.users import service
from taxlien.services.users.schemas import identity as schemas

from .asking import SessionDep, Versions, keep_private, refusing_stale, tag

router = APIRouter(prefix="/v1/users/me", dependencies=[Depends(keep_private)])


@router.get("/kyc")
async def get_kyc(session: SessionDep, caller: CallerDep) -> schemas.CaseShown:
    """Return how my check stands."""
    return _case(await service.my_kyc(session, caller))


@router.put("/kyc/details")
async def put_kyc_details(
    session: SessionDep, caller: CallerDep, body: schemas.DetailsAsked
) -> schemas.CaseShown:
    """Say who I am, as my documents have it. After a rejection or expiry this begins a new check."""
    return _case(await service.set_details(session, caller, **body.model_dump()))


@router.post("/kyc/documents/upload", status_code=201)
async def post_kyc_upload(
    session: SessionDep, caller: CallerDep, body: schemas.DocumentAsked
) -> schemas.UploadPlace:
    """Open a place to PUT a PDF, JPEG or PNG to."""
    place = await service.begin_document(session, caller, body.kind)
    return schemas.UploadPlace(**place._asdict())


@router.post("/kyc/documents", status_code=201)
async def post_kyc_document(
    session: SessionDep, caller: CallerDep, body: schemas.UploadDone
) -> schemas.Document:
    """Hand over what was sent: it is sealed, and the plain file removed."""
    return shown_document(await service.add_document(session, caller, body.upload_id))


@router.delete("/kyc/documents/{document_id}", status_code=204)
async def delete_kyc_document(session: SessionDep, caller: CallerDep, document_id: UUID) -> None:
    """Remove a document before my check is handed in."""
    await service.remove_document(session, caller, document_id)


@router.post("/kyc/submit")
async def post_kyc_submit(session: SessionDep, caller: CallerDep) -> schemas.CaseShown:
    """Hand my check in. Refused (409) while something is missing, which the answer names."""
    return _case(await service.submit(session, caller))


@router.get("/tax-residency")
async def get_tax_residency(
    session: SessionDep, caller: CallerDep, response: Response
) -> schemas.Residency:
    """Return where I pay tax, with the last four characters of my number."""
    return shown_residency(await service.my_residency(session, caller), response)


@router.put("/tax-residency")
async def put_tax_residency(
    session: SessionDep,
    caller: CallerDep,
    response: Response,
    versions: Versions,
    body: schemas.ResidencyAsked,
) -> schemas.Residency:
    """Say and certify where I pay tax. The number is kept sealed and never shown whole again."""
    with refusing_stale():
        found = await service.set_residency(session, caller, **body.model_dump(), expected=versions)
    return shown_residency(found, response)


@router.delete("/tax-residency", status_code=204)
async def delete_tax_residency(session: SessionDep, caller: CallerDep) -> None:
    """Remove where I pay tax."""
    await service.remove_residency(session, caller)


def shown_residency(found: service.Residency, response: Response) -> schemas.Residency:
    """Return a residency's body, and say its version."""
    tag(response, found.version)
    values = found._asdict()
    del values["version"]
    return schemas.Residency(**values)


def shown_document(document: Any) -> schemas.Document:
    """Return a document's body: nothing that leads to its content."""
    return schemas.Document(
        document_id=document.document_id,
        kind=document.kind,
        media_type=document.media_type,
        size_bytes=document.size_bytes,
        created_at=document.created_at,
    )


def _case(state: service.CaseState) -> schemas.CaseShown:
    case = state.case
    return schemas.CaseShown(
        status=state.status,
        details=schemas.Details(**state.details._asdict()) if state.details else None,
        documents=[shown_document(document) for document in state.documents],
        submitted_at=case.submitted_at if case else None,
        decided_at=case.decided_at if case else None,
        expires_at=case.expires_at if case else None,
        message=case.message if case else None,
    )
