"""Bodies about signing in and the tokens it gives."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel, Field

from taxlien.services.auth.logic.opaque import MAX_LENGTH as LONGEST_TOKEN

from .accounts import Body, EmailText, KnownPassword

CookieChoice = Field(
    default=False,
    description="for browsers: refresh and device token come as HttpOnly cookies instead of in the"
    " body; needs the header `x-requested-with: taxlien`",
)
DeviceToken = Field(
    default=None,
    max_length=LONGEST_TOKEN,
    description="`device_token` of an earlier sign-in, by which the account knows this device",
)


class LoginBody(Body):
    """First factor: a password."""

    email: str = EmailText
    password: str = KnownPassword
    cookie: bool = CookieChoice
    device_token: str | None = DeviceToken


class RefreshBody(Body):
    """A refresh token, unless the cookie brings it."""

    refresh_token: str | None = Field(default=None, min_length=1, max_length=LONGEST_TOKEN)
    cookie: bool = CookieChoice


class LogoutBody(Body):
    """The refresh token whose sign-in is to end, unless the cookie or the access token names it."""

    refresh_token: str | None = Field(default=None, min_length=1, max_length=LONGEST_TOKEN)


class SignedInAnswer(BaseModel):
    """Signed in. ``expires_in`` is seconds; tokens that went into cookies are null here.

    ``device_token`` is null too where the device has one already.
    """

    access_token: str
    token_type: str = "Bearer"  # noqa: S105
    expires_in: int
    refresh_token: str | None
    device_token: str | None
    session_id: UUID
    user_id: UUID


class ChallengeAnswer(BaseModel):
    """The first factor was right: send one of ``methods`` with ``challenge``, in ``expires_in`` seconds."""

    challenge: str
    methods: list[str]
    expires_in: int


class KeySetAnswer(BaseModel):
    """Public keys of access tokens (RFC 7517). Keys that do not sign yet are among them."""

    keys: list[dict[str, str]]
