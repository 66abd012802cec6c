"""Files that people send: a place in quarantine for a few minutes, and objects that are to be gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from taxlien.kit import personal_data
from taxlien.kit.database import Session
from taxlien.kit.errors import Conflict, InvalidInput, NotFound
from taxlien.kit.ids import new_id
from taxlien.kit.security.identity import Caller
from taxlien.kit.settings import read_settings
from taxlien.services.users.adapters.uploads import ObjectMissing, Objects, ObjectTooLarge
from taxlien.services.users.models import Upload
from taxlien.services.users.repository import people as repository
from taxlien.services.users.repository.removals import sha256_of
from taxlien.services.users.settings import UsersSettings

Purpose = Literal["avatar", "kyc_document"]

MOST_OPEN = 10
"""How many uploads somebody may have begun and not finished."""

_REMOVALS_AT_ONCE = 100
_AFTERWARDS = timedelta(minutes=5)  # clocks of the object store and ours may differ


class Place(NamedTuple):
    """Where one file may be PUT until ``expires_at``, of at most ``max_bytes``."""

    upload_id: UUID
    url: str
    expires_at: datetime
    max_bytes: int


def made_of(purpose: Purpose, upload_id: UUID) -> tuple[str, ...]:
    """Return the keys of what will be made of an upload; they name nobody."""
    if purpose == "avatar":
        return f"avatars/{upload_id.hex}/512.webp", f"avatars/{upload_id.hex}/128.webp"
    return (f"documents/{upload_id.hex}",)


class Sent(NamedTuple):
    """What was sent: not yet looked at."""

    upload: Upload
    content: bytes


async def begin(
    session: Session,
    caller: Caller,
    purpose: Purpose,
    max_bytes: int,
    document_kind: str | None = None,
) -> Place:
    """Open a place in quarantine. Raises ``NotFound`` without a profile, ``Conflict`` at the tenth."""
    user = await repository.lock_user(session, caller.user_id)
    if user is None or user.erased_at is not None:
        raise NotFound("There is no profile of this user.")
    now = datetime.now(UTC)
    if await repository.open_uploads(session, caller.user_id, now) >= MOST_OPEN:
        raise Conflict("Too many uploads were begun and not finished. Wait a few minutes.")
    seconds = read_settings(UsersSettings).upload_seconds
    upload = Upload(
        upload_id=new_id(),
        user_id=caller.user_id,
        purpose=purpose,
        document_kind=document_kind,
        object_key=f"quarantine/{new_id().hex}",
        expires_at=now + timedelta(seconds=seconds),
    )
    session.add(upload)
    await session.flush()
    # Whatever comes, and whenever, is gone once nobody can send any more; so is what a process wrote
    # that died before it could say so: only ``close`` lets that stay.
    await repository.plan_removal(
        session,
        upload.expires_at + _AFTERWARDS,
        upload.object_key,
        *made_of(purpose, upload.upload_id),
    )
    url = await Objects.from_environment().address_to_put(upload.object_key, seconds)
    return Place(upload.upload_id, url, upload.expires_at, max_bytes)


async def receive(
    session: Session, caller: Caller, upload_id: UUID, purpose: Purpose, max_bytes: int
) -> Sent:
    """Take what was sent out of quarantine, once. The caller of this decides what it is.

    Raises ``NotFound`` for an upload that is not the caller's or of another purpose, ``Conflict`` for
    one that was used or is too old, ``InvalidInput`` where nothing, or too much, was sent.
    """
    upload = await repository.lock_upload(session, upload_id)
    if upload is None or upload.user_id != caller.user_id or upload.purpose != purpose:
        raise NotFound("There is no such upload.")
    if upload.completed_at is not None:
        raise Conflict("This upload was used before.")
    if upload.expires_at <= datetime.now(UTC):
        raise Conflict("This upload's time is over. Begin another.")
    objects = Objects.from_environment()
    try:
        content = await objects.read(upload.object_key, at_most=max_bytes)
    except ObjectMissing:
        raise InvalidInput("upload_id", "has received nothing: PUT the file to its url") from None
    except ObjectTooLarge as error:
        await objects.remove(upload.object_key)
        said = f"has {error.size} bytes; {max_bytes} are the limit"
        raise InvalidInput("upload_id", said) from None
    return Sent(upload, content)


async def close(session: Session, upload: Upload, purpose: Purpose) -> None:
    """Mark an upload as used and remove what was sent at once: only what we made of it stays."""
    upload.completed_at = datetime.now(UTC)
    await repository.cancel_removal(session, *made_of(purpose, upload.upload_id))
    await Objects.from_environment().remove(upload.object_key)


async def discard(upload: Upload) -> None:
    """Remove what was sent and cannot be used; its sender may send another file to the same place."""
    await Objects.from_environment().remove(upload.object_key)


async def remove_objects(session: Session, now: datetime) -> int:
    """Remove stored objects whose time has come, at most 100. Returns how many: ask again while not 0.

    Where the store fails, the transaction rolls back and all of them are tried again.
    """
    keys = await repository.take_removals(session, now, _REMOVALS_AT_ONCE)
    for key in keys:
        sha256 = sha256_of(key)
        if sha256 is None:
            await Objects.from_environment().remove(key)
        else:
            await personal_data.remove(sha256)
    await repository.forget_uploads(session, now - timedelta(days=1))
    return len(keys)
