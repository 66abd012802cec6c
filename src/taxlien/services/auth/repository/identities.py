"""Queries on identities of other providers, and on sign-ins there that are under way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from taxlien.kit.database import Session
from taxlien.services.auth.models import LinkedIdentity, OAuthTransaction, Provider


class Begun(NamedTuple):
    """A sign-in at a provider. ``user_id`` is who asked to link, None for a sign-in."""

    state_hash: bytes
    provider: Provider
    browser_hash: bytes
    return_to: str
    language: str
    user_id: UUID | None


class Finished(NamedTuple):
    """A sign-in that the provider answered. ``identity`` is sealed."""

    state_hash: bytes
    provider: Provider
    language: str
    user_id: UUID | None
    identity: bytes


async def add_transaction(session: Session, begun: Begun, until: datetime) -> None:
    """Store a sign-in that begins, and forget some that never ended."""
    expired = (
        select(OAuthTransaction.state_hash)
        .where(OAuthTransaction.expires_at < func.now())
        .limit(100)
        .with_for_update(skip_locked=True)
    )
    await session.execute(delete(OAuthTransaction).where(OAuthTransaction.state_hash.in_(expired)))
    row = {**begun._asdict(), "expires_at": until}
    await session.execute(insert(OAuthTransaction).values(row))


async def take_answer(
    session: Session, state_hash: bytes, provider: Provider, browser_hash: bytes
) -> Begun | None:
    """Mark a sign-in as answered; None where it is not of this browser and provider, or was answered."""
    statement = (
        update(OAuthTransaction)
        .where(
            OAuthTransaction.state_hash == state_hash,
            OAuthTransaction.provider == provider,
            OAuthTransaction.browser_hash == browser_hash,
            OAuthTransaction.answered_at.is_(None),
            OAuthTransaction.expires_at > func.now(),
        )
        .values(answered_at=func.now())
        .returning(
            OAuthTransaction.state_hash,
            OAuthTransaction.provider,
            OAuthTransaction.browser_hash,
            OAuthTransaction.return_to,
            OAuthTransaction.language,
            OAuthTransaction.user_id,
        )
    )
    row = (await session.execute(statement)).first()
    return None if row is None else Begun(*row)


async def put_result(
    session: Session, state_hash: bytes, code_hash: bytes, identity: bytes, until: datetime
) -> None:
    """Store who signed in, to be fetched once by the code until ``until``."""
    statement = update(OAuthTransaction).where(
        OAuthTransaction.state_hash == state_hash, OAuthTransaction.answered_at.is_not(None)
    )
    await session.execute(
        statement.values(code_hash=code_hash, identity=identity, expires_at=until)
    )


async def state_of_code(session: Session, code_hash: bytes) -> bytes | None:
    """Return the state hash of a result, by which its browser's cookie is named."""
    statement = select(OAuthTransaction.state_hash).where(OAuthTransaction.code_hash == code_hash)
    return (await session.execute(statement)).scalar()


async def take_result(session: Session, code_hash: bytes, browser_hash: bytes) -> Finished | None:
    """Delete and return a result; None where there is none for this code and browser."""
    statement = (
        delete(OAuthTransaction)
        .where(
            OAuthTransaction.code_hash == code_hash,
            OAuthTransaction.browser_hash == browser_hash,
            OAuthTransaction.expires_at > func.now(),
        )
        .returning(
            OAuthTransaction.state_hash,
            OAuthTransaction.provider,
            OAuthTransaction.language,
            OAuthTransaction.user_id,
            OAuthTransaction.identity,
        )
    )
    row = (await session.execute(statement)).first()
    if row is None or row.identity is None:
        return None
    return Finished(row.state_hash, row.provider, row.language, row.user_id, row.identity)


async def account_of_identity(session: Session, provider: Provider, subject: str) -> UUID | None:
    """Return the account an identity signs in to."""
    statement = select(LinkedIdentity.user_id).where(
        LinkedIdentity.provider == provider, LinkedIdentity.subject == subject
    )
    return (await session.execute(statement)).scalar()


async def add_identity(
    session: Session, user_id: UUID, provider: Provider, subject: str, email: str | None
) -> bool:
    """Link an identity; false where it, or another one of the provider, is linked already."""
    statement = (
        insert(LinkedIdentity)
        .values(provider=provider, subject=subject, user_id=user_id, email=email)
        .on_conflict_do_nothing()
        .returning(literal(1))
    )
    return (await session.execute(statement)).first() is not None


async def touch_identity(
    session: Session, provider: Provider, subject: str, email: str | None
) -> None:
    """Store that an identity signed in, and the address the provider has for it now."""
    statement = update(LinkedIdentity).where(
        LinkedIdentity.provider == provider, LinkedIdentity.subject == subject
    )
    await session.execute(statement.values(email=email, last_used_at=func.now()))


async def identities_of(session: Session, user_id: UUID) -> Sequence[LinkedIdentity]:
    """Return the identities of an account."""
    statement = select(LinkedIdentity).where(LinkedIdentity.user_id == user_id)
    return (await session.scalars(statement.order_by(LinkedIdentity.provider))).all()


async def delete_identity(session: Session, user_id: UUID, provider: Provider) -> bool:
    """Unlink a provider; say whether it was linked."""
    statement = (
        delete(LinkedIdentity)
        .where(LinkedIdentity.user_id == user_id, LinkedIdentity.provider == provider)
        .returning(literal(1))
    )
    return (await session.execute(statement)).first() is not None
