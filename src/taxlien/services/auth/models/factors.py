"""Second factors and passkeys: sealed or hashed, for whoever reads the table could otherwise use them."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from .accounts import Account, Moment, Now, Row, Words

CeremonyPurpose = Literal["register", "sign_in", "second_factor", "proof"]


class TotpSecret(Row):
    """An authenticator app. ``secret`` is in use; ``pending_secret`` waits for its first right code.

    Both are sealed with context ``auth.totp:<user id>``. ``last_step`` is the newest step whose code was
    used: no code of it or before it is taken again.
    """

    __tablename__ = "totp_secrets"
    __table_args__ = (
        CheckConstraint("(secret IS NULL) = (confirmed_at IS NULL)", name="confirmed"),
        CheckConstraint("(pending_secret IS NULL) = (pending_until IS NULL)", name="pending"),
        CheckConstraint("secret IS NOT NULL OR pending_secret IS NOT NULL", name="holds_a_secret"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey(Account.user_id), primary_key=True)
    secret: Mapped[bytes | None]
    confirmed_at: Mapped[Moment | None]
    last_step: Mapped[int] = mapped_column(BigInteger, server_default=text("-1"))
    pending_secret: Mapped[bytes | None]
    pending_until: Mapped[Moment | None]


class RecoveryCode(Row):
    """A code of the newest ten, hashed with its user (``logic.recovery_codes``)."""

    __tablename__ = "recovery_codes"

    user_id: Mapped[UUID] = mapped_column(ForeignKey(Account.user_id), primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(primary_key=True)
    created_at: Mapped[Now]
    used_at: Mapped[Moment | None]


class Passkey(Row):
    """A WebAuthn credential: ``public_key`` is COSE, ``aaguid`` says which make of authenticator."""

    __tablename__ = "passkeys"

    passkey_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey(Account.user_id), index=True)
    credential_id: Mapped[bytes] = mapped_column(unique=True)
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = mapped_column(BigInteger)
    aaguid: Mapped[str]
    transports: Mapped[Words]
    backed_up: Mapped[bool]
    name: Mapped[str]
    created_at: Mapped[Now]
    last_used_at: Mapped[Moment | None]


class PasskeyCeremony(Row):
    """A question an authenticator was asked and has not answered; the answer deletes it.

    ``user_id`` is whose answer it has to be; null where the answer says who.
    """

    __tablename__ = "passkey_ceremonies"
    __table_args__ = (
        CheckConstraint(
            "purpose IN ('register', 'sign_in', 'second_factor', 'proof')", name="purpose"
        ),
        CheckConstraint("(purpose = 'sign_in') = (user_id IS NULL)", name="user"),
    )

    challenge_hash: Mapped[bytes] = mapped_column(primary_key=True)
    purpose: Mapped[CeremonyPurpose] = mapped_column(Text)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey(Account.user_id), index=True)
    expires_at: Mapped[Moment] = mapped_column(index=True)
