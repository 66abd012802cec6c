"""Installations of the app that push messages reach."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from taxlien.kit.database import Session
from taxlien.kit.errors import NotFound
from taxlien.kit.ids import new_id
from taxlien.services.notifications import repository
from taxlien.services.notifications.adapters import current
from taxlien.services.notifications.models import Device

from .addressing import device_context

Platform = Literal["android", "ios", "web"]


async def register_device(
    session: Session, user_id: UUID, token: str, platform: Platform
) -> Device:
    """Send push messages of a user to an installation from now on, and no more of whoever used it before.

    Safe to repeat: the app does so at every start. Beyond the limit the longest unseen one is forgotten.
    Raises ``NotFound`` for a user who is erased.
    """
    recipient = await repository.lock_recipient(session, user_id)
    if recipient.erased_at is not None:
        raise NotFound("There is no such user.")
    token_sha256 = hashlib.sha256(token.encode()).digest()
    sealed = current.keyring().seal_text(token, device_context(token_sha256))
    await repository.put_device(
        session,
        {
            "device_id": new_id(),
            "user_id": user_id,
            "token_sha256": token_sha256,
            "platform": platform,
            "sealed": sealed.encode(),
        },
    )
    devices = await repository.devices_of(session, user_id)
    for unseen in devices[: -current.settings().most_devices]:
        await repository.delete_device(session, unseen.device_id)
    return next(device for device in devices if device.token_sha256 == token_sha256)


async def my_devices(session: Session, user_id: UUID) -> Sequence[Device]:
    """Return the installations of a user, the longest unseen first."""
    return await repository.devices_of(session, user_id)


async def forget_device(session: Session, user_id: UUID, token: str) -> None:
    """Send nothing to an installation any more. Safe to repeat; another's stays."""
    token_sha256 = hashlib.sha256(token.encode()).digest()
    await repository.delete_devices(session, user_id, token_sha256=token_sha256)
