"""Deleting what has served its time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, CursorResult, delete, or_

from taxlien.kit.database import Session
from taxlien.services.auth.models import (
    LoginChallenge,
    MailToken,
    OAuthTransaction,
    PasskeyCeremony,
    RefreshToken,
    Row,
    SignIn,
    SignInAttempt,
)

# Ended sign-ins are kept this long: a refresh token that comes back shows that it was stolen.
ENDED_KEPT = timedelta(days=30)
ATTEMPTS_KEPT = timedelta(days=1)


class Pruned(NamedTuple):
    """How many rows went."""

    challenges: int
    mail_tokens: int
    refresh_tokens: int
    sessions: int
    attempts: int
    ceremonies: int
    transactions: int


async def prune(session: Session, now: datetime) -> Pruned:
    """Delete expired tokens and challenges, sign-ins that ended long ago, and old attempts."""
    kept_since = now - ENDED_KEPT
    return Pruned(
        await _drop(session, LoginChallenge, LoginChallenge.expires_at < now),
        await _drop(session, MailToken, MailToken.expires_at < now),
        await _drop(session, RefreshToken, RefreshToken.expires_at < kept_since),
        await _drop(
            session, SignIn, or_(SignIn.expires_at < kept_since, SignIn.revoked_at < kept_since)
        ),
        await _drop(session, SignInAttempt, SignInAttempt.at < now - ATTEMPTS_KEPT),
        await _drop(session, PasskeyCeremony, PasskeyCeremony.expires_at < now),
        await _drop(session, OAuthTransaction, OAuthTransaction.expires_at < now),
    )


async def _drop(session: Session, model: type[Row], which: ColumnElement[bool]) -> int:
    return cast(CursorResult[Any], await session.execute(delete(model).where(which))).rowcount
