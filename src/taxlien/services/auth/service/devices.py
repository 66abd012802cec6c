"""The devices an account signed in from, for its owner to look through and sign out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from taxlien.kit.database import Session
from taxlien.kit.errors import InvalidInput, NotFound
from taxlien.services.auth import repository
from taxlien.services.auth.logic.device_names import MAX_NAME, clean_text

from .sessions import end_sessions


class DeviceFact(NamedTuple):
    """One device. ``current`` is the one that asks; ``signed_in`` says that a sign-in is active on it."""

    device_id: UUID
    name: str
    last_address: str
    first_seen_at: datetime
    last_seen_at: datetime
    current: bool
    signed_in: bool


async def devices(session: Session, user_id: UUID, session_id: UUID) -> list[DeviceFact]:
    """Return the devices of a user, the one seen last first."""
    here = await _device_of(session, session_id)
    return [
        DeviceFact(
            device_id=row.device.device_id,
            name=row.device.name,
            last_address=row.device.last_address,
            first_seen_at=row.device.first_seen_at,
            last_seen_at=row.device.last_seen_at,
            current=row.device.device_id == here,
            signed_in=row.active > 0,
        )
        for row in await repository.list_devices(session, user_id, datetime.now(UTC))
    ]


async def rename_device(session: Session, user_id: UUID, device_id: UUID, name: str) -> None:
    """Give a device a name. Raises ``NotFound``, ``InvalidInput`` (``name``)."""
    cleaned = clean_text(name, MAX_NAME)
    if not cleaned:
        raise InvalidInput("name", "needs a character that can be seen")
    if not await repository.rename_device(session, user_id, device_id, cleaned):
        raise NotFound("There is no such device.")


async def forget_device(session: Session, user_id: UUID, device_id: UUID) -> None:
    """Sign a device out and forget it. Raises ``NotFound``."""
    now = datetime.now(UTC)
    found = await repository.active_sign_ins(session, user_id, now, device_id=device_id)
    await end_sessions(session, found, "device removed")
    if not await repository.forget_devices(session, user_id, only=device_id):
        raise NotFound("There is no such device.")


async def forget_other_devices(session: Session, user_id: UUID, session_id: UUID) -> int:
    """Sign out and forget every device but the one that asks. Returns how many."""
    here = await _device_of(session, session_id)
    now = datetime.now(UTC)
    found = await repository.active_sign_ins(session, user_id, now, but_device=here)
    await end_sessions(session, found, "device removed")
    return await repository.forget_devices(session, user_id, but=here)


async def _device_of(session: Session, session_id: UUID) -> UUID | None:
    sign_in = await repository.get_sign_in(session, session_id)
    return sign_in.device_id if sign_in else None
