"""What I was told in the product: the newest first, read or not."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Depends

from taxlien.kit.http.pages import CursorParam, LimitParam, decode_cursor, encode_cursor
from taxlien.kit.security.caller import CallerDep
from taxlien.services.notifications import schemas, service

from .asking import SessionDep, keep_private

router = APIRouter(prefix="/v1/notifications/inbox", dependencies=[Depends(keep_private)])


@router.get("")
async def list_notices(
    session: SessionDep,
    caller: CallerDep,
    cursor: CursorParam = None,
    limit: LimitParam = 50,
    unread: bool = False,
) -> schemas.Inbox:
    """List what I was told, the newest first; with ``unread`` only what I did not read."""
    before = None if cursor is None else decode_cursor(cursor, UUID)
    found = await service.my_inbox(
        session, caller.user_id, before=before, limit=limit + 1, unread_only=unread
    )
    shown = [schemas.NoticeShown(**notice._asdict()) for notice in found.notices[:limit]]
    more = len(found.notices) > limit
    return schemas.Inbox(
        items=shown,
        next_cursor=encode_cursor(shown[-1].notice_id) if more else None,
        unread=found.unread,
    )


@router.post("/read")
async def read_all(session: SessionDep, caller: CallerDep) -> schemas.NoticesRead:
    """Mark all of it as read."""
    return schemas.NoticesRead(read=await service.read_all(session, caller.user_id))


@router.post("/{notice_id}/read", status_code=204)
async def read_one(notice_id: UUID, session: SessionDep, caller: CallerDep) -> None:
    """Mark one as read; again changes nothing."""
    await service.read_notice(session, caller.user_id, notice_id)
