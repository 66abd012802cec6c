"""Sign-ins: from which device, with which refresh token, and what failed before."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from .accounts import Account, Moment, Now, Row, Words


class Device(Row):
    """A browser or program that an account signed in from, known by a token it keeps (SHA-256 here)."""

    __tablename__ = "devices"
    __table_args__ = (UniqueConstraint("user_id", "token_sha256"),)

    device_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey(Account.user_id))
    token_sha256: Mapped[bytes]
    name: Mapped[str]
    user_agent: Mapped[str]
    last_address: Mapped[str]
    first_seen_at: Mapped[Now]
    last_seen_at: Mapped[Now]


class SignIn(Row):
    """One sign-in: the ``sid`` of its access tokens, and the family of its refresh tokens."""

    __tablename__ = "sessions"

    session_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey(Account.user_id), index=True)
    device_id: Mapped[UUID] = mapped_column(ForeignKey(Device.device_id), index=True)
    methods: Mapped[Words]
    created_at: Mapped[Now]
    last_used_at: Mapped[Now]
    expires_at: Mapped[Moment] = mapped_column(index=True)
    revoked_at: Mapped[Moment | None]
    revoked_reason: Mapped[str | None]


class RefreshToken(Row):
    """One link in the chain of a sign-in's refresh tokens; only the newest was never used."""

    __tablename__ = "refresh_tokens"

    token_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    session_id: Mapped[UUID] = mapped_column(
        ForeignKey(SignIn.session_id, ondelete="CASCADE"), index=True
    )
    issued_at: Mapped[Now]
    expires_at: Mapped[Moment] = mapped_column(index=True)
    used_at: Mapped[Moment | None]


class LoginChallenge(Row):
    """A right first factor that waits for the second."""

    __tablename__ = "login_challenges"

    challenge_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey(Account.user_id), index=True)
    method: Mapped[str]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[Now]
    expires_at: Mapped[Moment] = mapped_column(index=True)


class SignInAttempt(Row):
    """A failed attempt, under the hash of what it is counted for (``logic.throttling``)."""

    __tablename__ = "sign_in_attempts"
    __table_args__ = (Index(None, "subject", "at"),)

    attempt_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    subject: Mapped[str]
    at: Mapped[Now] = mapped_column(index=True)
