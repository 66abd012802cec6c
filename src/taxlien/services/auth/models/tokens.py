"""Tokens sent by mail, and the keys that sign access tokens."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from .accounts import Account, Moment, Now, Row

MailPurpose = Literal["verify_email", "reset_password"]


class MailToken(Row):
    """A token that was sent to an address; using it deletes it.

    ``password_hash`` is what the sign-up that asked for the mail chose: whoever opens the mail of *that*
    sign-up gets *that* password, so nobody can wait in a stranger's unverified account.
    """

    __tablename__ = "mail_tokens"
    __table_args__ = (
        CheckConstraint("purpose IN ('verify_email', 'reset_password')", name="purpose"),
    )

    token_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey(Account.user_id), index=True)
    purpose: Mapped[MailPurpose] = mapped_column(Text)
    password_hash: Mapped[str | None]
    created_at: Mapped[Now]
    expires_at: Mapped[Moment] = mapped_column(index=True)


class SigningKey(Row):
    """An Ed25519 key. It is published from ``created_at`` on and signs from ``signs_from`` on."""

    __tablename__ = "signing_keys"

    kid: Mapped[str] = mapped_column(primary_key=True)
    public_x: Mapped[str]
    sealed_private: Mapped[bytes]
    created_at: Mapped[Now]
    signs_from: Mapped[Moment]
