"""Tokens that travel in a mail: hashed here, sealed on their way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from taxlien.interfaces.auth import TOKEN_CONTEXT
from taxlien.kit.database import Session
from taxlien.services.auth import repository
from taxlien.services.auth.adapters import current
from taxlien.services.auth.logic.opaque import digest, new_token
from taxlien.services.auth.models import Account, MailPurpose


class Mailed(NamedTuple):
    """A token as an event carries it. ``at`` is now; times are UTC."""

    sealed_token: str
    at: datetime
    expires_at: datetime


async def issue_mail_token(
    session: Session,
    account: Account,
    purpose: MailPurpose,
    life: timedelta,
    *,
    password_hash: str | None = None,
) -> Mailed:
    """Add a token for ``account``; ``password_hash`` becomes the account's when the token is used."""
    now, token = datetime.now(UTC), new_token()
    expires_at = now + life
    await repository.add_mail_token(
        session,
        token_sha256=digest(token),
        user_id=account.user_id,
        purpose=purpose,
        password_hash=password_hash,
        expires_at=expires_at,
    )
    sealed = current.keyring().seal_text(token, f"{TOKEN_CONTEXT}:{account.user_id}")
    return Mailed(sealed, now, expires_at)
