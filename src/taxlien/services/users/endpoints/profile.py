"""Profile and preferences of the signed-in user; profiles for who looks after people."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from taxlien.kit.http.pages import CursorParam, LimitParam, decode_cursor, encode_cursor
from taxlien.kit.security.caller import CallerDep
from taxlien.services.users import service
from taxlien.services.users.schemas import profile as schemas

from .asking import SessionDep, Versions, keep_private, refusing_stale, tag

router = APIRouter(prefix="/v1/users", dependencies=[Depends(keep_private)])


@router.get("/me")
async def get_me(session: SessionDep, caller: CallerDep, response: Response) -> schemas.Profile:
    """Return who I am. The ETag goes into If-Match of a change."""
    user = await service.my_profile(session, caller)
    tag(response, user.version)
    return shown_profile(user)


@router.patch("/me")
async def patch_me(
    session: SessionDep,
    caller: CallerDep,
    response: Response,
    versions: Versions,
    body: schemas.ProfilePatch,
) -> schemas.Profile:
    """Change my name or telephone number (JSON merge patch)."""
    changes = body.model_dump(exclude_unset=True)
    with refusing_stale():
        user = await service.update_profile(session, caller, changes, versions)
    tag(response, user.version)
    return shown_profile(user)


@router.get("/me/preferences")
async def get_preferences(
    session: SessionDep, caller: CallerDep, response: Response
) -> schemas.Preferences:
    """Return how I want to be met."""
    found = await service.my_preferences(session, caller)
    tag(response, found.version)
    return _preferences(found)


@router.patch("/me/preferences")
async def patch_preferences(
    session: SessionDep,
    caller: CallerDep,
    response: Response,
    versions: Versions,
    body: schemas.PreferencesPatch,
) -> schemas.Preferences:
    """Change how I want to be met (JSON merge patch)."""
    changes = body.model_dump(exclude_unset=True)
    with refusing_stale():
        found = await service.update_preferences(session, caller, changes, versions)
    tag(response, found.version)
    return _preferences(found)


@router.get("")
async def list_users(
    session: SessionDep, caller: CallerDep, cursor: CursorParam = None, limit: LimitParam = 50
) -> schemas.ProfilePage:
    """List users, the first to come first."""
    after = None if cursor is None else decode_cursor(cursor, UUID)
    found = await service.profiles(session, caller, after, limit + 1)
    shown = [shown_profile(user) for user in found[:limit]]
    more = len(found) > limit
    return schemas.ProfilePage(
        items=shown, next_cursor=encode_cursor(shown[-1].id) if more else None
    )


@router.get("/{user_id}")
async def get_user(session: SessionDep, caller: CallerDep, user_id: UUID) -> schemas.Profile:
    """Return who somebody is."""
    return shown_profile(await service.profile_of(session, caller, user_id))


def shown_profile(user: Any) -> schemas.Profile:
    return schemas.Profile(
        id=user.id,
        email=user.email,
        email_verified=user.email_verified_at is not None,
        full_name=user.full_name,
        phone=user.phone,
        created_at=user.created_at,
        subscription_tier=user.subscription_tier,
        trial_end_date=user.trial_end_date,
        kyc_status=user.kyc_status,
        synthetic=user.synthetic,
    )


def _preferences(found: Any) -> schemas.Preferences:
    return schemas.Preferences(
        language=found.language,
        currency=found.currency,
        time_zone=found.time_zone,
        email_notifications=found.email_notifications,
        push_notifications=found.push_notifications,
        sms_notifications=found.sms_notifications,
        quiet_from=service.hour_text(found.quiet_from),
        quiet_until=service.hour_text(found.quiet_until),
    )
