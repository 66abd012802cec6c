"""Pictures of people: sent to quarantine, made anew from their pixels, shown by short-lived addresses."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from taxlien.kit.database import Session
from taxlien.kit.errors import InvalidInput, NotFound
from taxlien.kit.security.identity import Caller
from taxlien.kit.settings import read_settings
from taxlien.services.users.adapters.pictures import MEDIA_TYPE, Portrait, portrait_of
from taxlien.services.users.adapters.uploads import Objects
from taxlien.services.users.models import Avatar
from taxlien.services.users.repository import people as repository
from taxlien.services.users.settings import UsersSettings

from . import uploads
from .audit import record as record_access

_DECODING = asyncio.Semaphore(2)  # each holds up to four bytes a pixel


class Shown(NamedTuple):
    """Where a picture can be read until ``expires_at``: 512 and 128 pixels square."""

    avatar_id: UUID
    large_url: str
    small_url: str
    expires_at: datetime
    created_at: datetime


async def begin_avatar(session: Session, caller: Caller) -> uploads.Place:
    """Open a place for the caller's new picture."""
    limit = read_settings(UsersSettings).avatar_max_bytes
    return await uploads.begin(session, caller, "avatar", limit)


async def set_avatar(session: Session, caller: Caller, upload_id: UUID) -> Shown:
    """Make the caller's picture from what was sent. Raises as ``uploads.receive``.

    What is no JPEG, PNG or WebP of one frame and of a decent size is removed and refused.
    """
    settings = read_settings(UsersSettings)
    sent = await uploads.receive(session, caller, upload_id, "avatar", settings.avatar_max_bytes)
    try:
        portrait = await _decode(sent.content, settings.avatar_max_pixels)
    except InvalidInput:
        await uploads.discard(sent.upload)
        raise
    avatar = await _store(session, caller.user_id, upload_id, portrait)
    await uploads.close(session, sent.upload, "avatar")
    await record_access(
        session, actor=caller, subject=caller.user_id, action="avatar.changed", fields=("avatar",)
    )
    return await _shown(avatar)


async def my_avatar(session: Session, caller: Caller) -> Shown:
    """Return where the caller's picture can be read. Raises ``NotFound``."""
    avatar = await repository.get_avatar(session, caller.user_id)
    if avatar is None:
        raise NotFound("There is no picture.")
    await record_access(
        session, actor=caller, subject=caller.user_id, action="read.self", fields=("avatar",)
    )
    return await _shown(avatar)


async def remove_avatar(session: Session, caller: Caller) -> None:
    """Remove the caller's picture. Raises ``NotFound``."""
    avatar = await repository.remove_avatar(session, caller.user_id)
    if avatar is None:
        raise NotFound("There is no picture.")
    await repository.plan_removal(session, datetime.now(UTC), avatar.large_key, avatar.small_key)
    await record_access(
        session, actor=caller, subject=caller.user_id, action="avatar.removed", fields=("avatar",)
    )


async def _decode(content: bytes, max_pixels: int) -> Portrait:
    async with _DECODING:
        return await asyncio.to_thread(portrait_of, content, max_pixels=max_pixels)


async def _store(session: Session, user_id: UUID, avatar_id: UUID, portrait: Portrait) -> Avatar:
    await repository.lock_user(session, user_id)
    before = await repository.remove_avatar(session, user_id)
    now = datetime.now(UTC)
    if before is not None:
        session.expunge(before)
        await repository.plan_removal(session, now, before.large_key, before.small_key)
    large_key, small_key = uploads.made_of("avatar", avatar_id)
    avatar = Avatar(
        user_id=user_id,
        avatar_id=avatar_id,
        large_key=large_key,
        small_key=small_key,
        sha256=hashlib.sha256(portrait.large).hexdigest(),
        created_at=now,
    )
    session.add(avatar)
    await session.flush()
    objects = Objects.from_environment()
    await objects.write(avatar.large_key, portrait.large, MEDIA_TYPE)
    await objects.write(avatar.small_key, portrait.small, MEDIA_TYPE)
    return avatar


async def _shown(avatar: Avatar) -> Shown:
    seconds = read_settings(UsersSettings).view_seconds
    objects = Objects.from_environment()
    return Shown(
        avatar.avatar_id,
        await objects.address_to_get(avatar.large_key, seconds),
        await objects.address_to_get(avatar.small_key, seconds),
        datetime.now(UTC) + timedelta(seconds=seconds),
        avatar.created_at,
    )
