"""Signing in: the password, then a second factor where the account has one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from taxlien.kit.database import Session
from taxlien.kit.errors import InvalidInput
from taxlien.services.auth import repository
from taxlien.services.auth.adapters import current
from taxlien.services.auth.logic.emails import read_address
from taxlien.services.auth.logic.opaque import digest, new_token
from taxlien.services.auth.logic.password_rules import normalise
from taxlien.services.auth.logic.refusals import (
    AccountDisabled,
    ChallengeOver,
    EmailNotVerified,
    WrongCredentials,
)
from taxlien.services.auth.models import Account

from .sessions import DeviceFacts, SignedIn, known_device, start_session
from .throttling import Attempt, check_throttle, record_failure, record_success
from .transactions import Transactions


class ChallengeRequired(NamedTuple):
    """The first factor was right; ``methods`` can be the second. ``expires_in`` is seconds."""

    challenge: str
    methods: tuple[str, ...]
    expires_in: int


async def log_in(
    transactions: Transactions, email: str, password: str, device: DeviceFacts
) -> SignedIn | ChallengeRequired:
    """Sign in with a password.

    What is answered and how long it takes is the same for a wrong password, an unknown address and an
    account without a password. Raises ``WrongCredentials``, ``TooManyAttempts``, and only after a right
    password ``EmailNotVerified`` or ``AccountDisabled``.
    """
    key = _key_of(email)
    async with transactions() as session:
        account = await repository.account_by_email(session, key)
        known = await known_device(session, account, device)
        attempt = await check_throttle(
            session, "password", account=key, address=device.address, device_id=known
        )
    stored = account.password_hash if account else None
    hashing = current.hashing()
    is_right = await hashing.verify(stored, normalise(password))
    renewed = None
    if is_right and stored and hashing.is_outdated(stored):
        renewed = await hashing.hash(normalise(password))
    async with transactions() as session:
        if account is None or stored is None or not is_right:
            await record_failure(session, attempt)
            raise WrongCredentials
        if renewed is not None:
            await repository.replace_hash(session, account.user_id, stored, renewed)
        return await _let_in(session, account, stored, renewed, attempt, device)


async def _let_in(
    session: Session,
    checked: Account,
    stored: str,
    renewed: str | None,
    attempt: Attempt,
    device: DeviceFacts,
) -> SignedIn | ChallengeRequired:
    """Go on after a right password, with the account as it is by now."""
    account = await repository.get_account(session, checked.user_id, lock=True)
    if account is None or account.password_hash not in {stored, renewed}:  # changed meanwhile
        await record_failure(session, attempt)
        raise WrongCredentials
    await record_success(session, attempt)
    if account.email_verified_at is None:
        raise EmailNotVerified
    return await after_first_factor(session, account, device, method="password")


async def after_first_factor(
    session: Session, account: Account, device: DeviceFacts, *, method: str
) -> SignedIn | ChallengeRequired:
    """Sign in an account that showed its first factor, or ask for the second one it has.

    Raises ``AccountDisabled``.
    """
    if account.status != "active":
        raise AccountDisabled
    methods = await repository.has_second_factor(session, account.user_id)
    if not methods:
        return await start_session(session, account, device, methods=(method,))
    challenge = new_token()
    seconds = current.settings().challenge_seconds
    await repository.add_challenge(
        session,
        challenge_sha256=digest(challenge),
        user_id=account.user_id,
        method=method,
        expires_at=datetime.now(UTC) + timedelta(seconds=seconds),
    )
    return ChallengeRequired(challenge, tuple(methods), seconds)


async def try_challenge(session: Session, challenge: str) -> Account:
    """Count an attempt at a challenge and return whose it is, without using it up.

    Call it before the second factor is looked at. Attempts at one challenge wait for each other here. When
    the factor is wrong, refuse with a ``LeavesTrace`` so that the count stays; when it is right, go on with
    ``finish_challenge``. Raises ``ChallengeOver``, also after the last allowed attempt.
    """
    found = await repository.lock_challenge(session, digest(challenge))
    if found is None or found.expires_at <= datetime.now(UTC):
        raise ChallengeOver
    if found.attempts >= current.settings().challenge_attempts:
        await repository.drop_challenge(session, found.challenge_sha256)
        raise ChallengeOver
    await repository.count_challenge_attempt(session, found.challenge_sha256)
    account = await repository.get_account(session, found.user_id)
    if account is None:
        raise ChallengeOver
    return account


async def finish_challenge(session: Session, challenge: str) -> Account:
    """Use a challenge up and return whose it is. Raises ``ChallengeOver``: it works once."""
    found = await repository.lock_challenge(session, digest(challenge))
    if found is None or found.expires_at <= datetime.now(UTC):
        raise ChallengeOver
    await repository.drop_challenge(session, found.challenge_sha256)
    account = await repository.get_account(session, found.user_id)
    if account is None or account.status != "active":
        raise ChallengeOver
    return account


def _key_of(email: str) -> str:
    """Return the key to look for; what cannot be an address is looked for all the same, and not found."""
    try:
        return read_address(email).key
    except InvalidInput:
        return f"not an address: {digest(email).hex()}"
