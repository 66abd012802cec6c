"""Endpoints about one's own account and devices, and for admins about others'."""

from __future__ import annotations

from uuid import UUID

from taxlien.services.auth import service
from taxlien.services.auth.schemas import (
    AccountAnswer,
    DeviceAnswer,
    DevicesAnswer,
    ForgottenAnswer,
    MeAnswer,
    RenameDeviceBody,
    RolesBody,
)

from .doors import ActiveCallerDep, SessionDep, new_router

router = new_router()


@router.get("/me")
async def me(session: SessionDep, caller: ActiveCallerDep) -> MeAnswer:
    """Return the account that asks, as it is now rather than as the access token says."""
    facts = await service.account_facts(session, caller.user_id)
    return MeAnswer.model_validate({**facts._asdict(), "session_id": caller.session_id})


@router.get("/devices")
async def devices(session: SessionDep, caller: ActiveCallerDep) -> DevicesAnswer:
    """List the devices the account signed in from."""
    found = await service.devices(session, caller.user_id, caller.session_id)
    return DevicesAnswer(devices=[DeviceAnswer.model_validate(d._asdict()) for d in found])


@router.patch("/devices/{device_id}", status_code=204)
async def rename_device(
    device_id: UUID, body: RenameDeviceBody, session: SessionDep, caller: ActiveCallerDep
) -> None:
    """Give a device a name."""
    await service.rename_device(session, caller.user_id, device_id, body.name)


@router.delete("/devices/{device_id}", status_code=204)
async def forget_device(device_id: UUID, session: SessionDep, caller: ActiveCallerDep) -> None:
    """Sign a device out and forget it; this one, too."""
    await service.forget_device(session, caller.user_id, device_id)


@router.delete("/devices")
async def forget_other_devices(session: SessionDep, caller: ActiveCallerDep) -> ForgottenAnswer:
    """Sign out and forget every device but this one."""
    count = await service.forget_other_devices(session, caller.user_id, caller.session_id)
    return ForgottenAnswer(forgotten=count)


@router.get("/accounts/{user_id}")
async def get_account(user_id: UUID, session: SessionDep, caller: ActiveCallerDep) -> AccountAnswer:
    """Return any account, for admins and support."""
    return AccountAnswer.of(await service.account_for_staff(session, caller, user_id))


@router.put("/accounts/{user_id}/roles")
async def set_roles(
    user_id: UUID, body: RolesBody, session: SessionDep, caller: ActiveCallerDep
) -> AccountAnswer:
    """Give an account exactly these roles, from its next access token on."""
    await service.set_roles(session, user_id, body.roles, changed_by=caller.user_id)
    return AccountAnswer.of(
        await service.account_for_staff(session, caller, user_id, "account.roles_changed")
    )


@router.post("/accounts/{user_id}/disable")
async def disable_account(
    user_id: UUID, session: SessionDep, caller: ActiveCallerDep
) -> AccountAnswer:
    """Close an account and end its sign-ins."""
    await service.disable_account(session, user_id, by=caller.user_id)
    return AccountAnswer.of(
        await service.account_for_staff(session, caller, user_id, "account.disabled")
    )


@router.post("/accounts/{user_id}/enable")
async def enable_account(
    user_id: UUID, session: SessionDep, caller: ActiveCallerDep
) -> AccountAnswer:
    """Open a disabled account again."""
    await service.enable_account(session, user_id)
    return AccountAnswer.of(
        await service.account_for_staff(session, caller, user_id, "account.enabled")
    )
