"""The keys that vouch for users: made ahead of use, sealed at rest, published until their last token died."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import structlog
from joserfc.jwk import OKPKey

from taxlien.kit.database import Session
from taxlien.services.auth import repository
from taxlien.services.auth.adapters import current
from taxlien.services.auth.logic import access_tokens, key_schedule
from taxlien.services.auth.logic.access_tokens import Issue, Subject
from taxlien.services.auth.logic.key_schedule import KeyRules, KeyTimes
from taxlien.services.auth.models import Account, SigningKey

_log = structlog.get_logger("taxlien.auth")

SEAL_CONTEXT = "auth.signing_key"


async def rotate_keys(session: Session) -> None:
    """Make the next key when it is due, and forget keys whose tokens are all over."""
    await repository.lock_keys(session)
    times = _times(await repository.list_keys(session))
    now = datetime.now(UTC)
    start = key_schedule.next_start(times, now, _rules())
    if start is not None:
        await _add_key(session, start)
    if old := key_schedule.forgotten(times, now, _rules()):
        await repository.drop_keys(session, old)
        _log.info("signing_keys_forgotten", kids=old)


async def key_set(session: Session) -> dict[str, Any]:
    """Return the public keys as a JSON Web Key Set, newest last."""
    keys = await repository.list_keys(session)
    if not keys:
        await rotate_keys(session)
        keys = await repository.list_keys(session)
    return {"keys": [access_tokens.public_jwk(key.kid, key.public_x) for key in keys]}


async def issue_access_token(session: Session, account: Account, session_id: UUID) -> str:
    """Return an access token for a sign-in of ``account``, by what the account is allowed now."""
    settings = current.settings()
    subject = Subject(
        user_id=account.user_id,
        session_id=session_id,
        email=account.email or "",
        email_verified=account.email_verified_at is not None,
        tier=account.tier,
        roles=tuple(account.roles),
    )
    issue = Issue(settings.issuer, settings.audience, datetime.now(UTC), settings.access_seconds)
    return access_tokens.sign_access_token(await _signing_key(session), subject, issue)


async def _signing_key(session: Session) -> OKPKey:
    keys = await repository.list_keys(session)
    found = key_schedule.signing_now(_times(keys), datetime.now(UTC))
    if found is None:
        await rotate_keys(session)
        keys = await repository.list_keys(session)
        found = key_schedule.signing_now(_times(keys), datetime.now(UTC))
    row = next(key for key in keys if found is not None and key.kid == found.kid)
    return _open_key(row.kid, row.sealed_private)


@lru_cache(maxsize=16)
def _open_key(kid: str, sealed: bytes) -> OKPKey:
    return access_tokens.signing_key(kid, current.keyring().open(sealed, f"{SEAL_CONTEXT}:{kid}"))


async def _add_key(session: Session, start: datetime) -> None:
    kid = secrets.token_hex(8)
    key = access_tokens.new_signing_key(kid)
    private = access_tokens.private_part(key)
    await repository.add_key(
        session,
        kid=kid,
        public_x=str(key.as_dict(private=False)["x"]),
        sealed_private=current.keyring().seal(private, f"{SEAL_CONTEXT}:{kid}"),
        signs_from=start,
    )
    _log.info("signing_key_made", kid=kid, signs_from=start.isoformat())


def _times(keys: list[SigningKey]) -> list[KeyTimes]:
    return [KeyTimes(key.kid, key.signs_from) for key in keys]


def _rules() -> KeyRules:
    settings = current.settings()
    return KeyRules(
        signs_for=timedelta(days=settings.key_days),
        published_ahead=timedelta(hours=settings.key_ahead_hours),
        tokens_live=timedelta(seconds=settings.access_seconds + access_tokens.LEEWAY_SECONDS),
    )
