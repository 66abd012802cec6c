"""Whether a second factor is right: a code, a recovery code, a passkey. Each answer holds once."""

from __future__ import annotations

import time
from typing import Any, Literal, NamedTuple
from uuid import UUID

import structlog

from taxlien.kit.database import Session
from taxlien.services.auth import repository
from taxlien.services.auth.adapters import current
from taxlien.services.auth.logic import passkeys, recovery_codes, totp
from taxlien.services.auth.models import Account, CeremonyPurpose, Passkey

from .factor_news import tell_of_factor

FactorMethod = Literal["totp", "recovery_code", "passkey"]

_log = structlog.get_logger("taxlien.auth")


class FactorAnswer(NamedTuple):
    """An answer as it was sent: a code, or what the browser returned for a passkey."""

    method: FactorMethod
    code: str = ""
    credential: dict[str, Any] | None = None


async def is_right(
    session: Session, account: Account, answer: FactorAnswer, purpose: CeremonyPurpose
) -> bool:
    """Say whether ``answer`` shows a second factor of ``account``; it is used up where it does.

    Throttling is the caller's. Commit a wrong answer too: its question must not be asked twice.
    """
    if answer.method == "totp":
        return await _totp_is_right(session, account.user_id, answer.code)
    if answer.method == "recovery_code":
        return await _recovery_code_is_right(session, account, answer.code)
    found = await used_passkey(session, answer.credential or {}, purpose, account.user_id)
    return found is not None


async def used_passkey(
    session: Session, credential: dict[str, Any], purpose: CeremonyPurpose, user_id: UUID | None
) -> Passkey | None:
    """Return the passkey that ``credential`` proves, or None; its question is used up either way.

    ``user_id`` None means that the answer says whose it is. A count that went back is logged: somebody
    copied the key, or tried to.
    """
    party = current.passkey_party()
    try:
        challenge = passkeys.challenge_of(credential)
        credential_id = passkeys.credential_id_of(credential)
        handle = passkeys.user_handle_of(credential)
        hashed = passkeys.challenge_hash(challenge)
        if not await repository.take_ceremony(session, hashed, purpose, user_id):
            return None
        found = await repository.passkey_of_credential(session, credential_id)
        if found is None or user_id not in (None, found.user_id):
            return None
        if handle is not None and handle != found.user_id.bytes:
            return None
        used = passkeys.verify_authentication(
            party,
            credential,
            challenge=challenge,
            public_key=found.public_key,
            sign_count=found.sign_count,
        )
    except passkeys.CredentialRefused as refused:
        _log.info("passkey_refused", reason=str(refused))
        return None
    counted = await repository.use_passkey(
        session, found.passkey_id, sign_count=used.sign_count, backed_up=used.backed_up
    )
    return found if counted else None


def seal_totp(user_id: UUID, secret: str) -> bytes:
    """Seal the secret of an authenticator app."""
    return current.keyring().seal(secret.encode(), _context(user_id))


def open_totp(user_id: UUID, sealed: bytes) -> str:
    """Return the secret of an authenticator app. Raises ``SealBroken``."""
    return current.keyring().open(sealed, _context(user_id)).decode()


async def _totp_is_right(session: Session, user_id: UUID, code: str) -> bool:
    found = await repository.get_totp(session, user_id)
    if found is None or found.secret is None:
        return False
    secret = open_totp(user_id, found.secret)
    step = totp.step_of(secret, totp.as_typed(code), time.time(), after=found.last_step)
    if step is None or not await repository.use_totp_step(session, user_id, step):
        return False
    if not current.keyring().is_current(found.secret):
        again = seal_totp(user_id, secret)
        await repository.reseal_totp(session, user_id, found.secret, again)
    return True


async def _recovery_code_is_right(session: Session, account: Account, code: str) -> bool:
    code_hash = recovery_codes.hash_of(account.user_id, code)
    if not await repository.use_recovery_code(session, account.user_id, code_hash):
        return False
    left = await repository.recovery_codes_left(session, account.user_id)
    await tell_of_factor(session, account, "recovery_codes", "used", remaining=left)
    return True


def _context(user_id: UUID) -> str:
    return f"auth.totp:{user_id}"
