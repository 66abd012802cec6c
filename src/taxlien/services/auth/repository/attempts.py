"""Queries on failed attempts: the truth that Valkey's counts are rebuilt from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert

from taxlien.kit.database import Session
from taxlien.services.auth.models import SignInAttempt


async def attempt_times(session: Session, subject: str, since: datetime) -> list[datetime]:
    """Return when ``subject`` failed since then, oldest first."""
    return list(
        await session.scalars(
            select(SignInAttempt.at)
            .where(SignInAttempt.subject == subject, SignInAttempt.at > since)
            .order_by(SignInAttempt.at)
        )
    )


async def lock_subject(session: Session, subject: str) -> None:
    """Let one transaction at a time count for ``subject``."""
    statement = text("SELECT pg_advisory_xact_lock(hashtextextended(:subject, 0))")
    await session.execute(statement, {"subject": subject})


async def add_attempts(session: Session, subjects: Sequence[str], at: datetime) -> None:
    """Write a failure for each of ``subjects``."""
    rows = [{"subject": subject, "at": at} for subject in subjects]
    await session.execute(insert(SignInAttempt).values(rows))


async def drop_attempts(session: Session, subject: str) -> None:
    """Forget the failures of a subject."""
    await session.execute(delete(SignInAttempt).where(SignInAttempt.subject == subject))


async def drop_attempt(session: Session, subject: str, at: datetime) -> None:
    """Forget one failure that turned out to be none."""
    await session.execute(
        delete(SignInAttempt).where(SignInAttempt.subject == subject, SignInAttempt.at == at)
    )
