"""What I want to hear of, kind by kind and channel by channel."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from taxlien.kit.security.caller import CallerDep
from taxlien.services.notifications import schemas, service

from .asking import SessionDep, keep_private

router = APIRouter(prefix="/v1/notifications/preferences", dependencies=[Depends(keep_private)])


@router.get("")
async def get_preferences(session: SessionDep, caller: CallerDep) -> schemas.Preferences:
    """Return what I chose, and what comes of it beside my coarse switches."""
    return _shown(await service.my_wishes(session, caller.user_id))


@router.put("")
async def put_preferences(
    session: SessionDep, caller: CallerDep, body: schemas.PreferencesAsked
) -> schemas.Preferences:
    """Choose anew. What the body does not name is as usual again."""
    found = await service.choose(
        session, caller.user_id, body.kinds, mail_stopped=body.mail_stopped
    )
    return _shown(found)


def _shown(found: service.Choices) -> schemas.Preferences:
    return schemas.Preferences(
        mail_stopped=found.mail_stopped,
        kinds=[schemas.KindShown(**kind._asdict()) for kind in found.kinds],
    )
