"""By which channels a user can be reached beside mail."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import exists, select

from taxlien.kit.database import Session
from taxlien.services.notifications.logic.kinds import Channel
from taxlien.services.notifications.models import Device, Phone, Webhook


async def reachable_by(session: Session, user_id: UUID) -> frozenset[Channel]:
    """Return the channels with an address: a device, a confirmed number, an endpoint."""
    phone = exists().where(Phone.user_id == user_id, Phone.confirmed_at.is_not(None))
    found = await session.execute(
        select(
            exists().where(Device.user_id == user_id).label("push"),
            phone.label("sms"),
            exists().where(Webhook.user_id == user_id).label("webhook"),
        )
    )
    row = found.one()
    known: dict[Channel, bool] = {"push": row.push, "sms": row.sms, "webhook": row.webhook}
    return frozenset(channel for channel, has_address in known.items() if has_address)
