"""What other services may know of accounts: who signed up, what changed for their safety, who is gone.

E-mail addresses are personal data: they travel in the events whose readers write to people, nowhere else.
Secrets travel sealed (``kit.security.sealing``) and open only for who holds the key and the context.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from taxlien.kit.events import Event

SignUpMethod = Literal["password", "google", "apple", "facebook"]
FactorKind = Literal["totp", "passkey", "recovery_codes"]

AccountAccess = Literal[
    "account.read", "account.roles_changed", "account.disabled", "account.enabled"
]

TOKEN_CONTEXT = "auth.mail_token"  # noqa: S105
"""Context of ``sealed_token``, followed by ``:`` and the user id."""


class AccountEvent(Event, frozen=True, kw_only=True):
    """What all events about one account have. ``at`` is UTC; order holds per user."""

    user_id: UUID
    at: datetime

    def key(self) -> str:
        return str(self.user_id)


class UserSignedUp(AccountEvent, frozen=True, kw_only=True):
    """Somebody made an account. ``language`` is what the person was shown, such as ``en``."""

    type: ClassVar[str] = "user.signed_up"

    email: str
    email_verified: bool
    method: SignUpMethod
    language: str = "en"
    full_name: str | None = None
    synthetic: bool = False


class EmailVerificationRequested(AccountEvent, frozen=True, kw_only=True):
    """Somebody has to show that an address is theirs. ``sealed_token`` opens with ``TOKEN_CONTEXT``."""

    type: ClassVar[str] = "user.email_verification_requested"

    email: str
    language: str
    sealed_token: str
    expires_at: datetime


class SignUpRepeated(AccountEvent, frozen=True, kw_only=True):
    """Somebody signed up with an address that has an account: only its owner may learn of that."""

    type: ClassVar[str] = "user.sign_up_repeated"

    email: str
    language: str


class EmailVerified(AccountEvent, frozen=True, kw_only=True):
    """An address was shown to be its user's."""

    type: ClassVar[str] = "user.email_verified"

    email: str


class PasswordResetRequested(AccountEvent, frozen=True, kw_only=True):
    """Somebody forgot a password. ``sealed_token`` opens with ``TOKEN_CONTEXT``."""

    type: ClassVar[str] = "user.password_reset_requested"

    email: str
    language: str
    sealed_token: str
    expires_at: datetime


class PasswordChanged(AccountEvent, frozen=True, kw_only=True):
    """A password was changed or reset; every other session ended."""

    type: ClassVar[str] = "user.password_changed"

    email: str
    language: str


class DeviceAdded(AccountEvent, frozen=True, kw_only=True):
    """Somebody signed in from a device not seen before. ``address`` is an IP address."""

    type: ClassVar[str] = "user.device_added"

    email: str
    language: str
    device_name: str
    address: str


class RefreshTokenReused(AccountEvent, frozen=True, kw_only=True):
    """A refresh token that was already exchanged came again: its whole family was revoked."""

    type: ClassVar[str] = "user.refresh_token_reused"

    email: str
    language: str
    device_name: str


class SecondFactorChanged(AccountEvent, frozen=True, kw_only=True):
    """A second factor was added, removed or used up. ``remaining`` counts recovery codes."""

    type: ClassVar[str] = "user.second_factor_changed"

    email: str
    language: str
    factor: FactorKind
    change: Literal["added", "removed", "used"]
    remaining: int | None = None


class IdentityLinked(AccountEvent, frozen=True, kw_only=True):
    """An account of another provider can sign in from now on."""

    type: ClassVar[str] = "user.identity_linked"

    email: str
    language: str
    provider: Literal["google", "apple", "facebook"]


class RolesChanged(AccountEvent, frozen=True, kw_only=True):
    """A user's roles are now these; ``changed_by`` is the admin, or None for the system."""

    type: ClassVar[str] = "user.roles_changed"

    roles: tuple[str, ...]
    changed_by: UUID | None = None


class AccountAccessed(AccountEvent, frozen=True, kw_only=True):
    """Staff saw or changed somebody's account: for the log of accesses. ``fields`` are names, no values."""

    type: ClassVar[str] = "user.account_accessed"

    actor_id: UUID
    actor_roles: tuple[str, ...]
    action: AccountAccess
    fields: tuple[str, ...]
    request_id: str | None = None
