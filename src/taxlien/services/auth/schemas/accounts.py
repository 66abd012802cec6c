"""Bodies about accounts, passwords and devices. Fields that are not named here are refused."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from taxlien.services.auth import service
from taxlien.services.auth.logic.emails import MAX_LENGTH as LONGEST_EMAIL
from taxlien.services.auth.logic.opaque import MAX_LENGTH as LONGEST_TOKEN
from taxlien.services.auth.logic.password_rules import LONGEST, SHORTEST

EmailText = Field(max_length=LONGEST_EMAIL, examples=["ada@example.com"])
NewPassword = Field(
    max_length=LONGEST, description=f"{SHORTEST} to {LONGEST} characters, hard to guess"
)
KnownPassword = Field(max_length=1024)
Token = Field(min_length=1, max_length=LONGEST_TOKEN, description="from the mail")


class Body(BaseModel):
    """A request body: strict about its fields, silent about its values."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class SignUpBody(Body):
    """An account that is to be made."""

    email: str = EmailText
    password: str = NewPassword
    language: str = Field(default="en", pattern=r"^[a-z]{2}(-[A-Z]{2})?$")
    full_name: str | None = Field(default=None, max_length=255)


class EmailBody(Body):
    """The address that something is asked for."""

    email: str = EmailText


class VerifyEmailBody(Body):
    """The token that shows that an address is one's own."""

    token: str = Token


class ResetPasswordBody(Body):
    """A new password for a forgotten one."""

    token: str = Token
    new_password: str = NewPassword


class ChangePasswordBody(Body):
    """A new password for a known one."""

    current_password: str = KnownPassword
    new_password: str = NewPassword


class RenameDeviceBody(Body):
    """What a device is to be called."""

    name: str = Field(min_length=1, max_length=80)


class RolesBody(Body):
    """All roles of an account."""

    roles: list[str] = Field(max_length=10)


class AcceptedAnswer(BaseModel):
    """The same whether the address has an account or not."""

    message: str


class VerifiedAnswer(BaseModel):
    """The address is its user's; sign in to go on."""

    email_verified: bool = True


class MeAnswer(BaseModel):
    """The account that asks. ``erase_after`` is set while its deletion is under way."""

    user_id: UUID
    email: str | None
    email_verified: bool
    roles: list[str]
    tier: str
    language: str
    has_password: bool
    second_factors: list[str]
    created_at: datetime
    erase_after: datetime | None
    session_id: UUID


class AccountAnswer(BaseModel):
    """An account as admins see it."""

    user_id: UUID
    email: str | None
    email_verified: bool
    roles: list[str]
    tier: str
    language: str
    status: str
    has_password: bool
    second_factors: list[str]
    synthetic: bool
    created_at: datetime
    erase_after: datetime | None

    @classmethod
    def of(cls, facts: service.AccountFacts) -> AccountAnswer:
        """Return what is shown of an account."""
        return cls.model_validate(facts._asdict())


class DeviceAnswer(BaseModel):
    """A device; ``current`` is the one that asks, ``signed_in`` says that it need not sign in again."""

    device_id: UUID
    name: str
    last_address: str
    first_seen_at: datetime
    last_seen_at: datetime
    current: bool
    signed_in: bool


class DevicesAnswer(BaseModel):
    """Every device of the account, the one seen last first."""

    devices: list[DeviceAnswer]


class ForgottenAnswer(BaseModel):
    """How many devices were signed out and forgotten."""

    forgotten: int
