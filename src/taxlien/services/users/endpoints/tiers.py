"""What people may use: the table of tiers, my trial, and the tier an admin gives."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Depends, Response

from taxlien.kit.security.caller import CallerDep
from taxlien.kit.settings import read_settings
from taxlien.services.users import service
from taxlien.services.users.schemas import profile as schemas
from taxlien.services.users.settings import UsersSettings

from .asking import SessionDep, keep_private
from .profile import shown_profile

router = APIRouter(prefix="/v1/users")


@router.get("/tiers")
async def get_tiers(response: Response) -> schemas.Tiers:
    """Return what every tier allows; null is no limit."""
    response.headers["cache-control"] = "public, max-age=3600"
    return schemas.Tiers(
        tiers=[schemas.TierAllowance(**tier._asdict()) for tier in service.tiers()],
        trial_days=read_settings(UsersSettings).trial_days,
    )


@router.post("/me/trial", dependencies=[Depends(keep_private)])
async def post_trial(session: SessionDep, caller: CallerDep) -> schemas.Profile:
    """Begin my trial of premium. There is one for each person (409 the second time)."""
    return shown_profile(await service.start_trial(session, caller))


@router.put("/{user_id}/tier", dependencies=[Depends(keep_private)])
async def put_tier(
    session: SessionDep, caller: CallerDep, user_id: UUID, body: schemas.TierAsked
) -> schemas.Profile:
    """Give somebody a tier; a running trial ends by it."""
    return shown_profile(await service.set_tier(session, caller, user_id, body.tier, body.reason))
