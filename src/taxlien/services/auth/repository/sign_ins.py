"""Queries on devices, sign-ins, refresh tokens and login challenges."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert

from taxlien.kit.database import Session
from taxlien.services.auth.models import Account, Device, LoginChallenge, RefreshToken, SignIn


class RefreshRow(NamedTuple):
    """A refresh token with its sign-in and account."""

    token: RefreshToken
    sign_in: SignIn
    account: Account


class DeviceRow(NamedTuple):
    """A device with how many sign-ins are active on it."""

    device: Device
    active: int


async def device_by_token(session: Session, user_id: UUID, token_sha256: bytes) -> Device | None:
    """Return the device of ``user_id`` that keeps this token."""
    return await session.scalar(
        select(Device).where(Device.user_id == user_id, Device.token_sha256 == token_sha256)
    )


async def has_device(session: Session, user_id: UUID) -> bool:
    """Say whether the account signed in from anywhere before."""
    return bool(await session.scalar(select(exists().where(Device.user_id == user_id))))


async def add_device(session: Session, **values: object) -> None:
    """Add a device."""
    await session.execute(insert(Device).values(**values))


async def device_name(session: Session, device_id: UUID) -> str | None:
    """Return what a device is called."""
    return await session.scalar(select(Device.name).where(Device.device_id == device_id))


async def touch_device(session: Session, device_id: UUID, **values: object) -> None:
    """Write what a device was last seen with."""
    await session.execute(
        update(Device)
        .where(Device.device_id == device_id)
        .values(last_seen_at=func.now(), **values)
    )


async def list_devices(session: Session, user_id: UUID, now: datetime) -> list[DeviceRow]:
    """Return the devices of a user, the one seen last first."""
    active = (
        select(func.count())
        .where(SignIn.device_id == Device.device_id, *_active(now))
        .correlate(Device)
        .scalar_subquery()
    )
    rows = await session.execute(
        select(Device, active)
        .where(Device.user_id == user_id)
        .order_by(Device.last_seen_at.desc(), Device.device_id)
    )
    return [DeviceRow(device, count) for device, count in rows]


async def rename_device(session: Session, user_id: UUID, device_id: UUID, name: str) -> bool:
    """Rename a device of ``user_id``; return whether there is such a one."""
    found = await session.execute(
        update(Device)
        .where(Device.device_id == device_id, Device.user_id == user_id)
        .values(name=name)
        .returning(Device.device_id)
    )
    return found.one_or_none() is not None


async def forget_devices(
    session: Session, user_id: UUID, *, only: UUID | None = None, but: UUID | None = None
) -> int:
    """Delete devices of ``user_id`` with their sign-ins. Returns how many devices."""
    wanted = [Device.user_id == user_id]
    wanted += [Device.device_id == only] if only else []
    wanted += [Device.device_id != but] if but else []
    ids = list(await session.scalars(select(Device.device_id).where(*wanted).with_for_update()))
    await session.execute(delete(SignIn).where(SignIn.device_id.in_(ids)))
    await session.execute(delete(Device).where(Device.device_id.in_(ids)))
    return len(ids)


async def add_sign_in(session: Session, **values: object) -> None:
    """Add a sign-in."""
    await session.execute(insert(SignIn).values(**values))


async def get_sign_in(session: Session, session_id: UUID) -> SignIn | None:
    """Return a sign-in."""
    return await session.scalar(
        select(SignIn)
        .where(SignIn.session_id == session_id)
        .execution_options(populate_existing=True)
    )


async def is_active(session: Session, session_id: UUID, user_id: UUID, now: datetime) -> bool:
    """Say whether a sign-in of ``user_id`` was neither ended nor is over, on an active account."""
    wanted = exists().where(
        SignIn.session_id == session_id,
        SignIn.user_id == user_id,
        Account.user_id == SignIn.user_id,
        Account.status == "active",
        *_active(now),
    )
    return bool(await session.scalar(select(wanted)))


async def active_sign_ins(
    session: Session,
    user_id: UUID,
    now: datetime,
    *,
    but: UUID | None = None,
    device_id: UUID | None = None,
    but_device: UUID | None = None,
) -> list[UUID]:
    """Return the active sign-ins of a user."""
    wanted = [SignIn.user_id == user_id, *_active(now)]
    wanted += [SignIn.session_id != but] if but else []
    wanted += [SignIn.device_id == device_id] if device_id else []
    wanted += [SignIn.device_id != but_device] if but_device else []
    return list(await session.scalars(select(SignIn.session_id).where(*wanted)))


async def revoke(session: Session, session_ids: Sequence[UUID], reason: str, now: datetime) -> None:
    """End sign-ins; those that ended before keep their first reason."""
    await session.execute(
        update(SignIn)
        .where(SignIn.session_id.in_(session_ids), SignIn.revoked_at.is_(None))
        .values(revoked_at=now, revoked_reason=reason)
    )


async def touch_sign_in(session: Session, session_id: UUID, now: datetime) -> None:
    """Write that a sign-in was used."""
    await session.execute(
        update(SignIn).where(SignIn.session_id == session_id).values(last_used_at=now)
    )


async def add_refresh_token(session: Session, **values: object) -> None:
    """Add a refresh token."""
    await session.execute(insert(RefreshToken).values(**values))


async def lock_refresh_token(session: Session, token_sha256: bytes) -> RefreshRow | None:
    """Return a refresh token with its sign-in locked: what is done with a family is done in turns.

    Of two that bring a token at once, the second sees it used; of a refresh and an end, whichever comes
    second sees the first.
    """
    session_id = await session.scalar(
        select(RefreshToken.session_id).where(RefreshToken.token_sha256 == token_sha256)
    )
    if session_id is None:
        return None
    await session.execute(
        select(SignIn.session_id).where(SignIn.session_id == session_id).with_for_update()
    )
    # A statement of its own: one that waited for a lock goes on with what it saw before.
    found = await session.execute(
        select(RefreshToken, SignIn, Account)
        .join(SignIn, SignIn.session_id == RefreshToken.session_id)
        .join(Account, Account.user_id == SignIn.user_id)
        .where(RefreshToken.token_sha256 == token_sha256)
    )
    row = found.one_or_none()
    return None if row is None else RefreshRow(*row)


async def use_refresh_token(session: Session, token_sha256: bytes, now: datetime) -> None:
    """Write that a refresh token was exchanged."""
    await session.execute(
        update(RefreshToken).where(RefreshToken.token_sha256 == token_sha256).values(used_at=now)
    )


async def add_challenge(session: Session, **values: object) -> None:
    """Add a login challenge."""
    await session.execute(insert(LoginChallenge).values(**values))


async def lock_challenge(session: Session, challenge_sha256: bytes) -> LoginChallenge | None:
    """Return a challenge, locked: attempts come one after the other."""
    return await session.scalar(
        select(LoginChallenge)
        .where(LoginChallenge.challenge_sha256 == challenge_sha256)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


async def count_challenge_attempt(session: Session, challenge_sha256: bytes) -> None:
    """Write that a second factor was tried."""
    await session.execute(
        update(LoginChallenge)
        .where(LoginChallenge.challenge_sha256 == challenge_sha256)
        .values(attempts=LoginChallenge.attempts + 1)
    )


async def drop_challenge(session: Session, challenge_sha256: bytes) -> None:
    """Delete a challenge."""
    await session.execute(
        delete(LoginChallenge).where(LoginChallenge.challenge_sha256 == challenge_sha256)
    )


async def drop_challenges_of(session: Session, user_id: UUID) -> None:
    """Delete the challenges of a user: first factors shown so far count no more."""
    await session.execute(delete(LoginChallenge).where(LoginChallenge.user_id == user_id))


def _active(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return SignIn.revoked_at.is_(None), SignIn.expires_at > now
