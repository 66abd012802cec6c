"""Sign-ins: how one starts, how it is told to be active, how it ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from taxlien.interfaces.auth import DeviceAdded
from taxlien.kit.database import Session
from taxlien.kit.ids import new_id
from taxlien.kit.outbox import emit
from taxlien.services.auth import repository
from taxlien.services.auth.adapters import current
from taxlien.services.auth.logic.device_names import MAX_USER_AGENT, clean_text
from taxlien.services.auth.logic.opaque import digest, new_token
from taxlien.services.auth.logic.refusals import AccountDisabled, SessionEnded
from taxlien.services.auth.models import Account

from .keys import issue_access_token

_NOBODY = UUID(int=0)


class DeviceFacts(NamedTuple):
    """What a request tells of the device it comes from.

    ``name`` is short and for people, ``address`` an IP address, ``device_token`` what the device was given
    at an earlier sign-in, or None.
    """

    user_agent: str
    address: str
    name: str
    device_token: str | None


class SignedIn(NamedTuple):
    """A sign-in as its owner gets it; ``expires_in`` is seconds. ``device_token`` None: as before."""

    access_token: str
    expires_in: int
    refresh_token: str
    device_token: str | None
    session_id: UUID
    user_id: UUID


async def start_session(
    session: Session, account: Account, device: DeviceFacts, *, methods: tuple[str, ...]
) -> SignedIn:
    """Sign ``account`` in. Every factor it has must have been shown; ``methods`` names those.

    Ids and tokens are all made here: nothing that a caller sent before signing in goes on to mean
    something. A device token that this account does not know is replaced by a new one. Raises
    ``AccountDisabled``.
    """
    if account.status != "active":
        raise AccountDisabled
    device_id, device_token = await _meet_device(session, account, device)
    now = datetime.now(UTC)
    settings = current.settings()
    session_id = new_id()
    await repository.add_sign_in(
        session,
        session_id=session_id,
        user_id=account.user_id,
        device_id=device_id,
        methods=list(methods),
        expires_at=now + timedelta(days=settings.session_days),
        last_used_at=now,
    )
    refresh_token = await add_refresh_token(session, session_id, now)
    return SignedIn(
        access_token=await issue_access_token(session, account, session_id),
        expires_in=settings.access_seconds,
        refresh_token=refresh_token,
        device_token=device_token,
        session_id=session_id,
        user_id=account.user_id,
    )


async def add_refresh_token(session: Session, session_id: UUID, now: datetime) -> str:
    """Return a new refresh token of a sign-in. Only its hash is stored."""
    token = new_token()
    await repository.add_refresh_token(
        session,
        token_sha256=digest(token),
        session_id=session_id,
        issued_at=now,
        expires_at=now + timedelta(days=current.settings().refresh_days),
    )
    return token


async def known_device(
    session: Session, account: Account | None, device: DeviceFacts
) -> UUID | None:
    """Return the id of the device, where ``account`` signed in from it before."""
    if device.device_token is None:
        return None
    token = digest(device.device_token)
    owner = account.user_id if account else _NOBODY  # asked all the same: it takes as long
    found = await repository.device_by_token(session, owner, token)
    return found.device_id if found else None


async def require_active(session: Session, session_id: UUID | None, user_id: UUID) -> UUID:
    """Return the id of an active sign-in of ``user_id``. Raises ``SessionEnded``.

    Access tokens outlive an end by minutes; where that matters, this is asked. Valkey may vouch for the
    sign-in; whatever it does not know, PostgreSQL is asked.
    """
    if session_id is None:
        raise SessionEnded
    cache = current.session_cache()
    if await cache.vouches_for(session_id):
        return session_id
    if not await repository.is_active(session, session_id, user_id, datetime.now(UTC)):
        raise SessionEnded
    await cache.vouch(session_id)
    return session_id


async def end_sessions(session: Session, session_ids: Sequence[UUID], reason: str) -> None:
    """End sign-ins: their refresh tokens give nothing more, and ``require_active`` says so at once."""
    if session_ids:
        await current.session_cache().doubt(session_ids)
        await repository.revoke(session, session_ids, reason, datetime.now(UTC))


async def end_all_sessions(
    session: Session, user_id: UUID, reason: str, *, but: UUID | None = None
) -> int:
    """End every sign-in of a user, ``but`` one perhaps, and every one half done. Returns how many."""
    found = await repository.active_sign_ins(session, user_id, datetime.now(UTC), but=but)
    await end_sessions(session, found, reason)
    await repository.drop_challenges_of(session, user_id)
    return len(found)


async def _meet_device(
    session: Session, account: Account, device: DeviceFacts
) -> tuple[UUID, str | None]:
    """Return the id of the device, and its token where it gets a new one."""
    seen = {
        "user_agent": clean_text(device.user_agent, MAX_USER_AGENT),
        "last_address": device.address,
    }
    known = await known_device(session, account, device)
    if known is not None:
        await repository.touch_device(session, known, **seen)
        return known, None
    had_devices = await repository.has_device(session, account.user_id)
    device_id, token = new_id(), new_token()
    await repository.add_device(
        session,
        device_id=device_id,
        user_id=account.user_id,
        token_sha256=digest(token),
        name=device.name,
        **seen,
    )
    if had_devices and account.email is not None:
        await emit(
            session,
            DeviceAdded(
                user_id=account.user_id,
                at=datetime.now(UTC),
                email=account.email,
                language=account.language,
                device_name=device.name,
                address=device.address,
            ),
        )
    return device_id, token
