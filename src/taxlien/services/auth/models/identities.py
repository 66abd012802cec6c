"""Identities of other providers, and sign-ins there that are under way."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .accounts import Account, Moment, Now, Row

Provider = Literal["google", "apple", "facebook"]
PROVIDERS: tuple[Provider, ...] = ("google", "apple", "facebook")

_KNOWN = "provider IN ('google', 'apple', 'facebook')"


class LinkedIdentity(Row):
    """Somebody at another provider, who signs in to this account. ``subject`` is the provider's id."""

    __tablename__ = "linked_identities"
    __table_args__ = (
        CheckConstraint(_KNOWN, name="provider"),
        UniqueConstraint("user_id", "provider"),
    )

    provider: Mapped[Provider] = mapped_column(Text, primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey(Account.user_id))
    email: Mapped[str | None]
    linked_at: Mapped[Now]
    last_used_at: Mapped[Now]


class OAuthTransaction(Row):
    """A sign-in at another provider, from the redirect there to the exchange of its result.

    ``state_hash`` and ``browser_hash`` are SHA-256 of what only the browser has. Before the provider's
    answer ``code_hash`` is null; then it names the one-time code of the result, and ``identity`` is who
    signed in, sealed with context ``auth.oauth_identity:<state hash in hex>``. ``user_id`` is who asked
    to link, null for a sign-in.
    """

    __tablename__ = "oauth_transactions"
    __table_args__ = (
        CheckConstraint(_KNOWN, name="provider"),
        CheckConstraint("(code_hash IS NULL) = (identity IS NULL)", name="result"),
    )

    state_hash: Mapped[bytes] = mapped_column(primary_key=True)
    provider: Mapped[Provider] = mapped_column(Text)
    browser_hash: Mapped[bytes]
    return_to: Mapped[str]
    language: Mapped[str]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey(Account.user_id), index=True)
    answered_at: Mapped[Moment | None]
    code_hash: Mapped[bytes | None] = mapped_column(unique=True)
    identity: Mapped[bytes | None]
    expires_at: Mapped[Moment] = mapped_column(index=True)
