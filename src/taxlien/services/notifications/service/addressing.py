"""Where a message goes: one mail address, one number, every device and every webhook of its user."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec

from taxlien.kit.database import Session
from taxlien.kit.security.sealing import Keyring
from taxlien.services.notifications import repository
from taxlien.services.notifications.adapters.provider import Deferred
from taxlien.services.notifications.models import Message


class Target(NamedTuple):
    """One place a message goes to. ``key`` is its name in ``deliveries``; webhooks have a ``secret``."""

    key: str
    address: str
    secret: str = ""


class Endpoint(msgspec.Struct):
    """A webhook as it is sealed."""

    url: str
    secret: str


async def targets_of(
    session: Session, keyring: Keyring, message: Message, to: str | None
) -> Sequence[Target]:
    """Return where a message goes now; none where its user can not be reached by its channel any more.

    Raises ``Deferred`` where a mail address is not known yet, and ``SealBroken``.
    """
    match message.channel:
        case "email":
            recipient = None if to else await repository.get_recipient(session, message.user_id)
            address = to or (recipient.email if recipient else None)
            if address is None:
                raise Deferred("no address is known yet")
            return [Target("email", address)]
        case "sms":
            return await _numbers(session, keyring, message.user_id, to)
        case "push":
            devices = await repository.devices_of(session, message.user_id)
            return [
                Target(
                    str(device.device_id),
                    keyring.open_text(device.sealed.decode(), device_context(device.token_sha256)),
                )
                for device in devices
            ]
    webhooks = await repository.webhooks_of(session, message.user_id)
    opened = [
        (row.webhook_id, open_endpoint(keyring, row.webhook_id, row.sealed)) for row in webhooks
    ]
    return [Target(str(webhook_id), found.url, found.secret) for webhook_id, found in opened]


async def _numbers(
    session: Session, keyring: Keyring, user_id: UUID, to: str | None
) -> Sequence[Target]:
    if to is not None:
        return [Target("sms", to)]
    phone = await repository.get_phone(session, user_id)
    if phone is None or phone.confirmed_at is None:
        return []
    return [Target("sms", keyring.open_text(phone.sealed.decode(), phone_context(user_id)))]


def open_endpoint(keyring: Keyring, webhook_id: UUID, sealed: bytes) -> Endpoint:
    """Return a webhook's address and secret. Raises ``SealBroken``."""
    return msgspec.json.decode(keyring.open(sealed, webhook_context(webhook_id)), type=Endpoint)


def device_context(token_sha256: bytes) -> str:
    """Return what a device's token is sealed for."""
    return f"notifications.device:{token_sha256.hex()}"


def phone_context(user_id: UUID) -> str:
    """Return what a user's number is sealed for."""
    return f"notifications.phone:{user_id}"


def webhook_context(webhook_id: UUID) -> str:
    """Return what a webhook is sealed for."""
    return f"notifications.webhook:{webhook_id}"
