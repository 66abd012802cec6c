"""Queries on authenticator apps and recovery codes, and on what second factors there are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, exists, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from taxlien.kit.database import Session
from taxlien.services.auth.models import Passkey, RecoveryCode, TotpSecret


async def has_second_factor(session: Session, user_id: UUID) -> tuple[str, ...]:
    """Return the methods that can complete a sign-in, ``()`` where the first factor is enough.

    Recovery codes stand in for another factor: alone they are none.
    """
    totp = exists().where(TotpSecret.user_id == user_id, TotpSecret.secret.is_not(None))
    passkey = exists().where(Passkey.user_id == user_id)
    code = exists().where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    has_totp, has_passkey, has_code = (await session.execute(select(totp, passkey, code))).one()
    if not has_totp and not has_passkey:
        return ()
    found = (("totp", has_totp), ("passkey", has_passkey), ("recovery_code", has_code))
    return tuple(method for method, present in found if present)


async def get_totp(session: Session, user_id: UUID) -> TotpSecret | None:
    """Return the authenticator app of an account, active or waiting."""
    return await session.get(TotpSecret, user_id, populate_existing=True)


async def put_pending_totp(session: Session, user_id: UUID, sealed: bytes, until: datetime) -> None:
    """Store a secret that waits for its first code, in place of any other that waits."""
    pending = {"pending_secret": sealed, "pending_until": until}
    statement = insert(TotpSecret).values(user_id=user_id, **pending)
    await session.execute(
        statement.on_conflict_do_update(index_elements=[TotpSecret.user_id], set_=pending)
    )


async def confirm_totp(session: Session, user_id: UUID, sealed: bytes, step: int) -> bool:
    """Make the waiting secret ``sealed`` the active one; false where it does not wait any more."""
    statement = (
        update(TotpSecret)
        .where(
            TotpSecret.user_id == user_id,
            TotpSecret.pending_secret == sealed,
            TotpSecret.pending_until > func.now(),
        )
        .values(
            secret=TotpSecret.pending_secret,
            confirmed_at=func.now(),
            last_step=step,
            pending_secret=None,
            pending_until=None,
        )
        .returning(literal(1))
    )
    return (await session.execute(statement)).first() is not None


async def use_totp_step(session: Session, user_id: UUID, step: int) -> bool:
    """Mark ``step`` as used; false where it, or a later one, was used before."""
    statement = (
        update(TotpSecret)
        .where(
            TotpSecret.user_id == user_id,
            TotpSecret.secret.is_not(None),
            TotpSecret.last_step < step,
        )
        .values(last_step=step)
        .returning(literal(1))
    )
    return (await session.execute(statement)).first() is not None


async def reseal_totp(session: Session, user_id: UUID, old: bytes, new: bytes) -> None:
    """Replace a secret by itself under the newest sealing key."""
    statement = update(TotpSecret).where(TotpSecret.user_id == user_id, TotpSecret.secret == old)
    await session.execute(statement.values(secret=new))


async def delete_totp(session: Session, user_id: UUID) -> bool:
    """Delete the authenticator app; say whether there was an active one."""
    statement = delete(TotpSecret).where(TotpSecret.user_id == user_id).returning(TotpSecret.secret)
    found = (await session.execute(statement)).scalar()
    return found is not None


async def replace_recovery_codes(session: Session, user_id: UUID, hashes: Sequence[bytes]) -> None:
    """Store new codes in place of all earlier ones."""
    await delete_recovery_codes(session, user_id)
    rows = [{"user_id": user_id, "code_hash": code_hash} for code_hash in hashes]
    await session.execute(insert(RecoveryCode), rows)


async def delete_recovery_codes(session: Session, user_id: UUID) -> None:
    """Delete the codes of an account, used ones too."""
    await session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


async def use_recovery_code(session: Session, user_id: UUID, code_hash: bytes) -> bool:
    """Mark a code as used; false where it is none of the account's, or was used."""
    statement = (
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user_id,
            RecoveryCode.code_hash == code_hash,
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=func.now())
        .returning(literal(1))
    )
    return (await session.execute(statement)).first() is not None


async def recovery_codes_left(session: Session, user_id: UUID) -> int:
    """Return how many codes were not used yet."""
    statement = select(func.count()).where(
        RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None)
    )
    return (await session.execute(statement)).scalar_one()
