"""Queries on devices, numbers and webhooks of users, and on addresses that nothing is sent to."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import case, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from taxlien.kit.database import Session
from taxlien.services.notifications.models import (
    Device,
    Phone,
    Reason,
    Report,
    Suppression,
    Webhook,
)


async def put_device(session: Session, values: dict[str, object]) -> UUID:
    """Add an installation, or take it over from whoever used it before. Returns its id.

    The id changes with the user alone: by it is known what was sent there before.
    """
    statement = insert(Device).values(values)
    excluded = statement.excluded
    same = case((Device.user_id == excluded.user_id, Device.device_id), else_=excluded.device_id)
    found: UUID | None = await session.scalar(
        statement.on_conflict_do_update(
            index_elements=["token_sha256"],
            set_={
                "device_id": same,
                "user_id": excluded.user_id,
                "platform": excluded.platform,
                "sealed": excluded.sealed,
                "seen_at": func.now(),
            },
        ).returning(Device.device_id)
    )
    assert found is not None, "an upsert returns its row"
    return found


async def devices_of(session: Session, user_id: UUID) -> Sequence[Device]:
    """Return the installations of a user, the longest unseen first."""
    found = await session.scalars(
        select(Device).where(Device.user_id == user_id).order_by(Device.seen_at, Device.device_id)
    )
    return found.all()


async def delete_devices(
    session: Session, user_id: UUID, *, token_sha256: bytes | None = None
) -> int:
    """Delete one installation of a user, or all. Returns how many."""
    statement = delete(Device).where(Device.user_id == user_id)
    if token_sha256 is not None:
        statement = statement.where(Device.token_sha256 == token_sha256)
    return len((await session.scalars(statement.returning(Device.device_id))).all())


async def delete_device(session: Session, device_id: UUID) -> None:
    """Delete an installation that does not exist any more."""
    await session.execute(delete(Device).where(Device.device_id == device_id))


async def add_webhook(session: Session, values: dict[str, object]) -> None:
    """Add a webhook."""
    await session.execute(insert(Webhook).values(values))


async def webhooks_of(session: Session, user_id: UUID) -> Sequence[Webhook]:
    """Return the webhooks of a user, oldest first."""
    found = await session.scalars(
        select(Webhook).where(Webhook.user_id == user_id).order_by(Webhook.webhook_id)
    )
    return found.all()


async def delete_webhooks(session: Session, user_id: UUID, webhook_id: UUID | None = None) -> int:
    """Delete one webhook of a user, or all. Returns how many."""
    statement = delete(Webhook).where(Webhook.user_id == user_id)
    if webhook_id is not None:
        statement = statement.where(Webhook.webhook_id == webhook_id)
    return len((await session.scalars(statement.returning(Webhook.webhook_id))).all())


async def get_phone(session: Session, user_id: UUID) -> Phone | None:
    """Return a user's number."""
    return await session.get(Phone, user_id)


async def lock_phone(session: Session, user_id: UUID) -> Phone | None:
    """Return a user's number, locked until the transaction ends."""
    return await session.scalar(select(Phone).where(Phone.user_id == user_id).with_for_update())


async def add_phone(session: Session, phone: Phone) -> None:
    """Add a user's number."""
    session.add(phone)
    await session.flush()


async def delete_phone(session: Session, user_id: UUID) -> int:
    """Delete a user's number. Returns how many."""
    gone = await session.scalars(
        delete(Phone).where(Phone.user_id == user_id).returning(Phone.user_id)
    )
    return len(gone.all())


async def suppressed(session: Session, channel: str, address_sha256: bytes) -> Reason | None:
    """Return why nothing optional is sent to an address; None where it is."""
    found = await session.get(Suppression, (channel, address_sha256))
    return found.reason if found else None


async def suppress(
    session: Session, channel: str, address_sha256: bytes, reason: Reason, provider: str
) -> None:
    """Send nothing optional to an address any more; the first reason stays."""
    await session.execute(
        insert(Suppression)
        .values(channel=channel, address_sha256=address_sha256, reason=reason, provider=provider)
        .on_conflict_do_nothing()
    )


async def lift_suppression(session: Session, channel: str, address_sha256: bytes) -> int:
    """Forget that an address is not sent to. Returns how many rows."""
    gone = await session.scalars(
        delete(Suppression)
        .where(Suppression.channel == channel, Suppression.address_sha256 == address_sha256)
        .returning(Suppression.channel)
    )
    return len(gone.all())


async def note_report(session: Session, provider: str, report_id: str) -> bool:
    """Write down that a report was heard. False where it was before."""
    added = await session.scalar(
        insert(Report)
        .values(provider=provider, report_id=report_id)
        .on_conflict_do_nothing()
        .returning(Report.report_id)
    )
    return added is not None
