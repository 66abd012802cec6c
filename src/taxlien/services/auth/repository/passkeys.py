"""Queries on passkeys and on the questions that authenticators were asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, delete, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from taxlien.kit.database import Session
from taxlien.services.auth.logic.passkeys import NewPasskey
from taxlien.services.auth.models import CeremonyPurpose, Passkey, PasskeyCeremony


async def add_ceremony(
    session: Session,
    challenge_hash: bytes,
    purpose: CeremonyPurpose,
    user_id: UUID | None,
    until: datetime,
) -> None:
    """Store a question, and forget some that were never answered."""
    expired = (
        select(PasskeyCeremony.challenge_hash)
        .where(PasskeyCeremony.expires_at < func.now())
        .limit(100)
        .with_for_update(skip_locked=True)
    )
    await session.execute(
        delete(PasskeyCeremony).where(PasskeyCeremony.challenge_hash.in_(expired))
    )
    row = {
        "challenge_hash": challenge_hash,
        "purpose": purpose,
        "user_id": user_id,
        "expires_at": until,
    }
    await session.execute(insert(PasskeyCeremony).values(row))


async def take_ceremony(
    session: Session, challenge_hash: bytes, purpose: CeremonyPurpose, user_id: UUID | None
) -> bool:
    """Delete a question that is being answered; false where it was not asked of this user for this."""
    statement = (
        delete(PasskeyCeremony)
        .where(
            PasskeyCeremony.challenge_hash == challenge_hash,
            PasskeyCeremony.purpose == purpose,
            PasskeyCeremony.user_id.is_not_distinct_from(user_id),
            PasskeyCeremony.expires_at > func.now(),
        )
        .returning(literal(1))
    )
    return (await session.execute(statement)).first() is not None


async def add_passkey(
    session: Session, passkey_id: UUID, user_id: UUID, name: str, made: NewPasskey
) -> bool:
    """Store a passkey; false where its credential is registered already, for whomever."""
    statement = (
        insert(Passkey)
        .values(
            passkey_id=passkey_id,
            user_id=user_id,
            credential_id=made.credential_id,
            public_key=made.public_key,
            sign_count=made.sign_count,
            aaguid=made.aaguid,
            transports=list(made.transports),
            backed_up=made.backed_up,
            name=name,
        )
        .on_conflict_do_nothing(index_elements=[Passkey.credential_id])
        .returning(literal(1))
    )
    return (await session.execute(statement)).first() is not None


async def passkeys_of(session: Session, user_id: UUID) -> Sequence[Passkey]:
    """Return the passkeys of an account, oldest first."""
    statement = select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.passkey_id)
    return (await session.scalars(statement)).all()


async def get_passkey(session: Session, user_id: UUID, passkey_id: UUID) -> Passkey | None:
    """Return a passkey of an account."""
    statement = select(Passkey).where(Passkey.user_id == user_id, Passkey.passkey_id == passkey_id)
    return (await session.scalars(statement)).one_or_none()


async def passkey_of_credential(session: Session, credential_id: bytes) -> Passkey | None:
    """Return the passkey with this credential id, whoever's it is, locked until the end of the work."""
    statement = select(Passkey).where(Passkey.credential_id == credential_id).with_for_update()
    return (
        await session.scalars(statement.execution_options(populate_existing=True))
    ).one_or_none()


async def use_passkey(
    session: Session, passkey_id: UUID, *, sign_count: int, backed_up: bool
) -> bool:
    """Store a use; false where the count did not grow: authenticators that do not count always say 0."""
    grew = or_(
        Passkey.sign_count < sign_count, and_(Passkey.sign_count == 0, literal(sign_count) == 0)
    )
    statement = (
        update(Passkey)
        .where(Passkey.passkey_id == passkey_id, grew)
        .values(sign_count=sign_count, backed_up=backed_up, last_used_at=func.now())
        .returning(literal(1))
    )
    return (await session.execute(statement)).first() is not None


async def delete_passkey(session: Session, user_id: UUID, passkey_id: UUID) -> bool:
    """Delete a passkey of an account; say whether there was one."""
    statement = (
        delete(Passkey)
        .where(Passkey.user_id == user_id, Passkey.passkey_id == passkey_id)
        .returning(literal(1))
    )
    return (await session.execute(statement)).first() is not None


async def rename_passkey(session: Session, user_id: UUID, passkey_id: UUID, name: str) -> bool:
    """Rename a passkey of an account; say whether there is such a one."""
    statement = (
        update(Passkey)
        .where(Passkey.user_id == user_id, Passkey.passkey_id == passkey_id)
        .values(name=name)
        .returning(literal(1))
    )
    return (await session.execute(statement)).first() is not None
