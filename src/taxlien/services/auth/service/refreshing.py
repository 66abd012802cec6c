"""Refresh tokens: each works once, and a used one that returns ends its whole family."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from taxlien.interfaces.auth import RefreshTokenReused
from taxlien.kit.database import Session
from taxlien.kit.outbox import emit
from taxlien.services.auth import repository
from taxlien.services.auth.adapters import current
from taxlien.services.auth.logic.opaque import digest
from taxlien.services.auth.logic.refusals import RefreshRefused
from taxlien.services.auth.repository import RefreshRow

from .keys import issue_access_token
from .sessions import DeviceFacts, SignedIn, add_refresh_token, end_sessions


async def refresh(session: Session, token: str, device: DeviceFacts) -> SignedIn:
    """Exchange a refresh token for a new pair. Raises ``RefreshRefused``.

    A token that was exchanged before is in two hands: its sign-in ends and its owner hears of it. Where
    ``refresh_grace_seconds`` is set, it is only refused for so long after the exchange: two tabs of one
    browser, or an answer lost on the way, are no theft. Nothing is handed out either way.
    """
    found = await repository.lock_refresh_token(session, digest(token))
    now = datetime.now(UTC)
    if found is None or not _is_alive(found, now):
        raise RefreshRefused
    if found.token.used_at is not None:
        await _meet_used_token(session, found, now)
        raise RefreshRefused
    if found.token.expires_at <= now:
        raise RefreshRefused
    session_id = found.sign_in.session_id
    await repository.use_refresh_token(session, found.token.token_sha256, now)
    await repository.touch_sign_in(session, session_id, now)
    await repository.touch_device(session, found.sign_in.device_id, last_address=device.address)
    return SignedIn(
        access_token=await issue_access_token(session, found.account, session_id),
        expires_in=current.settings().access_seconds,
        refresh_token=await add_refresh_token(session, session_id, now),
        device_token=None,
        session_id=session_id,
        user_id=found.account.user_id,
    )


async def log_out(session: Session, token: str) -> None:
    """End the sign-in of a refresh token, used or not; an unknown one ends nothing."""
    found = await repository.lock_refresh_token(session, digest(token))
    if found is not None:
        await end_sessions(session, [found.sign_in.session_id], "logout")


def _is_alive(found: RefreshRow, now: datetime) -> bool:
    sign_in = found.sign_in
    return (
        sign_in.revoked_at is None and sign_in.expires_at > now and found.account.status == "active"
    )


async def _meet_used_token(session: Session, found: RefreshRow, now: datetime) -> None:
    used_at = found.token.used_at or now
    if now - used_at < timedelta(seconds=current.settings().refresh_grace_seconds):
        return
    await end_sessions(session, [found.sign_in.session_id], "refresh token reused")
    account = found.account
    if account.email is None:
        return
    name = await repository.device_name(session, found.sign_in.device_id)
    await emit(
        session,
        RefreshTokenReused(
            user_id=account.user_id,
            at=now,
            email=account.email,
            language=account.language,
            device_name=name or "unknown device",
        ),
    )
