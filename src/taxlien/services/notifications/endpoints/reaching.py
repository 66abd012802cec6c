"""How I can be reached: installations of the app, my number, webhooks of my own."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Depends

from taxlien.kit.security.caller import CallerDep
from taxlien.services.notifications import schemas, service

from .asking import SessionDep, keep_private

router = APIRouter(prefix="/v1/notifications", dependencies=[Depends(keep_private)])


@router.get("/devices")
async def list_devices(session: SessionDep, caller: CallerDep) -> schemas.Devices:
    """List the installations of the app that get my push messages."""
    found = await service.my_devices(session, caller.user_id)
    return schemas.Devices(items=[schemas.DeviceShown.model_validate(row) for row in found])


@router.put("/devices")
async def put_device(
    session: SessionDep, caller: CallerDep, body: schemas.DeviceAsked
) -> schemas.DeviceShown:
    """Send my push messages to this installation; again changes nothing but when it was seen."""
    found = await service.register_device(session, caller.user_id, body.token, body.platform)
    return schemas.DeviceShown.model_validate(found)


@router.delete("/devices", status_code=204)
async def delete_device(session: SessionDep, caller: CallerDep, body: schemas.DeviceNamed) -> None:
    """Send nothing to this installation any more, as at signing out; again changes nothing."""
    await service.forget_device(session, caller.user_id, body.token)


@router.get("/phone")
async def get_phone(session: SessionDep, caller: CallerDep) -> schemas.PhoneShown:
    """Return my number for text messages."""
    found = await service.my_phone(session, caller.user_id)
    return schemas.PhoneShown(phone=found.phone, confirmed=found.confirmed)


@router.put("/phone")
async def put_phone(
    session: SessionDep, caller: CallerDep, body: schemas.PhoneAsked
) -> schemas.PhoneShown:
    """Name my number; a code is sent to it. 429 after three codes in a day."""
    found = await service.change_phone(session, caller.user_id, body.phone)
    return schemas.PhoneShown(phone=found.phone, confirmed=found.confirmed)


@router.post("/phone/confirm")
async def confirm_phone(
    session: SessionDep, caller: CallerDep, body: schemas.CodeAsked
) -> schemas.PhoneShown:
    """Give back the code. With a wrong one `confirmed` stays false; 429 after five, until a new one."""
    await service.confirm_phone(session, caller.user_id, body.code)
    found = await service.my_phone(session, caller.user_id)
    return schemas.PhoneShown(phone=found.phone, confirmed=found.confirmed)


@router.delete("/phone", status_code=204)
async def delete_phone(session: SessionDep, caller: CallerDep) -> None:
    """Send me no text messages any more; again changes nothing."""
    await service.forget_phone(session, caller.user_id)


@router.get("/endpoints")
async def list_endpoints(session: SessionDep, caller: CallerDep) -> schemas.Endpoints:
    """List my webhooks, without their secrets."""
    found = await service.my_webhooks(session, caller.user_id)
    return schemas.Endpoints(items=[schemas.EndpointShown(**row._asdict()) for row in found])


@router.post("/endpoints", status_code=201)
async def add_endpoint(
    session: SessionDep, caller: CallerDep, body: schemas.EndpointAsked
) -> schemas.EndpointMade:
    """Have an address of mine called. Its secret is shown this once: no answer of it is kept anywhere."""
    found = await service.add_webhook(session, caller.user_id, caller.tier, body.url)
    return schemas.EndpointMade(
        webhook_id=found.webhook_id, url=found.url, secret=found.secret or ""
    )


@router.delete("/endpoints/{webhook_id}", status_code=204)
async def delete_endpoint(webhook_id: UUID, session: SessionDep, caller: CallerDep) -> None:
    """Call this address no more."""
    await service.forget_webhook(session, caller.user_id, webhook_id)
