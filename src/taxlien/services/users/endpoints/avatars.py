"""My picture: an address to send it to, making it from what was sent, where to see it, removing it."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from taxlien.kit.security.caller import CallerDep
from taxlien.services.users import service
from taxlien.services.users.schemas import identity as schemas

from .asking import SessionDep, keep_private

router = APIRouter(prefix="/v1/users/me/avatar", dependencies=[Depends(keep_private)])


@router.post("/upload", status_code=201)
async def post_avatar_upload(session: SessionDep, caller: CallerDep) -> schemas.UploadPlace:
    """Open a place to PUT a JPEG, PNG or WebP to."""
    place = await service.begin_avatar(session, caller)
    return schemas.UploadPlace(**place._asdict())


@router.post("")
async def post_avatar(
    session: SessionDep, caller: CallerDep, body: schemas.UploadDone
) -> schemas.AvatarShown:
    """Make my picture from what was sent: squared, and without the metadata it came with."""
    shown = await service.set_avatar(session, caller, body.upload_id)
    return schemas.AvatarShown(**shown._asdict())


@router.get("")
async def get_avatar(session: SessionDep, caller: CallerDep) -> schemas.AvatarShown:
    """Return where my picture can be read for the next minutes."""
    shown = await service.my_avatar(session, caller)
    return schemas.AvatarShown(**shown._asdict())


@router.delete("", status_code=204)
async def delete_avatar(session: SessionDep, caller: CallerDep) -> None:
    """Remove my picture."""
    await service.remove_avatar(session, caller)
