"""What is kept of how a user can be reached: taken along, and forgotten."""

from __future__ import annotations

from uuid import UUID

from taxlien.kit.database import Session
from taxlien.services.notifications import repository
from taxlien.services.notifications.logic.calling import address_hash

from .devices import my_devices
from .phones import phone_if_any
from .webhooks import my_webhooks

Rows = list[dict[str, object]]


async def known_addresses(session: Session, user_id: UUID) -> dict[str, Rows]:
    """Return rows of an export. Tokens of devices and secrets of webhooks are keys, not data."""
    phone = await phone_if_any(session, user_id)
    recipient = await repository.get_recipient(session, user_id)
    addresses = {
        "email": recipient.email if recipient else None,
        "sms": phone.phone if phone else None,
    }
    stopped: Rows = []
    for channel, address in addresses.items():
        hashed = address_hash(channel, address) if address else None
        reason = await repository.suppressed(session, channel, hashed) if hashed else None
        if reason is not None:
            stopped.append({"channel": channel, "address": address, "reason": reason})
    return {
        "devices": [
            {"platform": row.platform, "created_at": row.created_at, "seen_at": row.seen_at}
            for row in await my_devices(session, user_id)
        ],
        "phones": [phone._asdict()] if phone else [],
        "webhooks": [
            {"url": row.url, "created_at": row.created_at}
            for row in await my_webhooks(session, user_id)
        ],
        "deliveries": [
            {
                "message_id": row.message_id,
                "provider": row.provider,
                "outcome": row.outcome,
                "at": row.at,
            }
            for row in await repository.deliveries_of(session, user_id)
        ],
        "suppressions": stopped,
    }


async def forget_addresses(session: Session, user_id: UUID, email: str | None) -> int:
    """Forget devices, number, webhooks, and that an address was not sent to. Returns how many rows.

    What messages were sent to which of them goes with the messages.
    """
    phone = await phone_if_any(session, user_id)
    rows = 0
    for channel, address in (("email", email), ("sms", phone.phone if phone else None)):
        if address:
            hashed = address_hash(channel, address)
            rows += await repository.lift_suppression(session, channel, hashed)
    rows += await repository.delete_devices(session, user_id)
    rows += await repository.delete_phone(session, user_id)
    rows += await repository.delete_webhooks(session, user_id)
    return rows
