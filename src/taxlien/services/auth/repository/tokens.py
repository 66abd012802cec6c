"""Queries on tokens sent by mail and on signing keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert

from taxlien.kit.database import Session
from taxlien.services.auth.models import MailPurpose, MailToken, SigningKey


async def add_mail_token(session: Session, **values: object) -> None:
    """Add a token that is about to be mailed."""
    await session.execute(insert(MailToken).values(**values))


async def find_mail_token(
    session: Session, token_sha256: bytes, purpose: MailPurpose, now: datetime
) -> MailToken | None:
    """Return a token that is good now, without using it."""
    return await session.scalar(
        select(MailToken).where(
            MailToken.token_sha256 == token_sha256,
            MailToken.purpose == purpose,
            MailToken.expires_at > now,
        )
    )


async def take_mail_token(
    session: Session, token_sha256: bytes, purpose: MailPurpose, now: datetime
) -> MailToken | None:
    """Use a token: it is deleted and returned if it was good. Of two users at once, one gets it."""
    found = await session.execute(
        delete(MailToken)
        .where(
            MailToken.token_sha256 == token_sha256,
            MailToken.purpose == purpose,
            MailToken.expires_at > now,
        )
        .returning(MailToken)
    )
    return found.scalar_one_or_none()


async def drop_mail_tokens(session: Session, user_id: UUID, purpose: MailPurpose) -> None:
    """Delete the other tokens of one purpose."""
    await session.execute(
        delete(MailToken).where(MailToken.user_id == user_id, MailToken.purpose == purpose)
    )


async def lock_keys(session: Session) -> None:
    """Let one transaction at a time change the signing keys."""
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('auth.signing_keys'))"))


async def list_keys(session: Session) -> list[SigningKey]:
    """Return every key, the one that begins first in front."""
    return list(
        await session.scalars(select(SigningKey).order_by(SigningKey.signs_from, SigningKey.kid))
    )


async def get_key(session: Session, kid: str) -> SigningKey | None:
    """Return one key."""
    return await session.get(SigningKey, kid)


async def add_key(session: Session, **values: object) -> None:
    """Add a key."""
    await session.execute(insert(SigningKey).values(**values))


async def drop_keys(session: Session, kids: Sequence[str]) -> None:
    """Delete keys."""
    await session.execute(delete(SigningKey).where(SigningKey.kid.in_(kids)))
