"""Which event becomes which mail, and what the mail says."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from taxlien.interfaces.auth import (
    DeviceAdded,
    EmailVerificationRequested,
    IdentityLinked,
    PasswordChanged,
    PasswordResetRequested,
    RefreshTokenReused,
    SecondFactorChanged,
    SignUpRepeated,
)
from taxlien.interfaces.users import UserDeletionCancelled, UserDeletionRequested, UserExportReady

from .wording import harmless

Secured = (
    EmailVerificationRequested
    | SignUpRepeated
    | PasswordResetRequested
    | PasswordChanged
    | DeviceAdded
    | RefreshTokenReused
    | SecondFactorChanged
    | IdentityLinked
)
"""Events of an account that name the address to write to."""

Announced = UserExportReady | UserDeletionRequested | UserDeletionCancelled
"""Events of a user that leave it to us to know the address."""

Parameters = dict[str, Any]
OpenToken = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to be: ``email`` and ``language`` are None where only we can know them.

    Before ``not_before`` it is not sent; after ``expires_at`` it would help nobody and is not either.
    """

    kind: str
    email: str | None = None
    language: str | None = None
    parameters: Parameters = field(default_factory=dict)
    expires_at: datetime | None = None
    not_before: datetime | None = None


def letter_of(event: Secured | Announced, open_token: OpenToken) -> Letter:
    """Return the mail that tells of ``event``. Raises what ``open_token`` raises."""
    if isinstance(event, Announced):
        return _announcement(event)
    kind, parameters = _secured(event, open_token)
    expires_at = getattr(event, "expires_at", None)
    return Letter(kind, event.email, event.language, parameters, expires_at)


def event_id_of(event: msgspec.Struct, name: str) -> UUID:
    """Return an id made from all that ``event`` says: the same fact has the same, whatever carried it."""
    body = msgspec.json.encode(event, order="deterministic")
    return UUID(bytes=hashlib.sha256(name.encode() + b"\n" + body).digest()[:16])


def _secured(event: Secured, open_token: OpenToken) -> tuple[str, Parameters]:
    at = event.at.isoformat()
    match event:
        case EmailVerificationRequested():
            return "verify_email", {
                "email": event.email,
                "token": open_token(event.sealed_token),
                "expires_at": event.expires_at.isoformat(),
            }
        case PasswordResetRequested():
            return "reset_password", {
                "token": open_token(event.sealed_token),
                "expires_at": event.expires_at.isoformat(),
            }
        case SignUpRepeated():
            return "sign_up_repeated", {"at": at}
        case PasswordChanged():
            return "password_changed", {"at": at}
        case DeviceAdded():
            return "device_added", {
                "at": at,
                "device_name": harmless(event.device_name),
                "address": harmless(event.address),
            }
        case RefreshTokenReused():
            return "refresh_token_reused", {"at": at, "device_name": harmless(event.device_name)}
        case SecondFactorChanged():
            return "second_factor_changed", {
                "at": at,
                "factor": event.factor,
                "change": event.change,
                "remaining": event.remaining,
            }
        case IdentityLinked():
            return "identity_linked", {"at": at, "provider": event.provider.capitalize()}


def _announcement(event: Announced) -> Letter:
    at = event.at.isoformat()
    match event:
        case UserExportReady():
            told: Parameters = {
                "export_id": str(event.export_id),
                "expires_at": event.expires_at.isoformat(),
            }
            return Letter("export_ready", parameters=told, expires_at=event.expires_at)
        case UserDeletionRequested():
            told = {"at": at, "erase_after": event.erase_after.isoformat()}
            return Letter("deletion_requested", parameters=told)
        case UserDeletionCancelled():
            return Letter("deletion_cancelled", parameters={"at": at})
