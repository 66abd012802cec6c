"""Passwords: which are accepted, how a forgotten one is replaced, how a known one is changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from taxlien.interfaces.auth import (
    EmailVerified,
    PasswordChanged,
    PasswordResetRequested,
)
from taxlien.kit.database import Session
from taxlien.kit.errors import InvalidInput
from taxlien.kit.outbox import emit
from taxlien.services.auth import repository
from taxlien.services.auth.adapters import current
from taxlien.services.auth.logic.emails import read_address
from taxlien.services.auth.logic.evening import evenly
from taxlien.services.auth.logic.opaque import digest
from taxlien.services.auth.logic.password_rules import check_password, normalise
from taxlien.services.auth.logic.refusals import TokenSpent, WrongCredentials
from taxlien.services.auth.models import Account

from .mail_tokens import issue_mail_token
from .sessions import end_all_sessions
from .throttling import check_throttle, forgive, record_failure, record_success
from .transactions import Transactions


async def accept_password(password: str, field: str, about: Sequence[str]) -> str:
    """Return the form of a new password that is hashed. Raises ``InvalidInput`` on ``field``."""
    plain = normalise(password)
    hashing = current.hashing()
    await hashing.run(partial(check_password, plain, field, tuple(about)))
    breached = current.breached()
    if breached is not None and await hashing.run(partial(breached.contains, plain)):
        raise InvalidInput(field, "is known from a breach: choose another one")
    return plain


async def forgot_password(transactions: Transactions, email: str, address: str) -> None:
    """Send a reset link where the address has an account. Says and takes the same where it has none.

    Raises ``InvalidInput`` for what is no address, ``TooManyAttempts``.
    """
    key = read_address(email).key

    async def work() -> None:
        async with transactions() as session:
            attempt = await check_throttle(session, "mail", account=key, address=address)
            await record_failure(session, attempt)  # every mail counts
            account = await repository.account_by_email(session, key)
            if account is not None and account.status == "active":
                await _request_reset(session, account)

    await evenly(current.settings().even_answer_ms / 1000, work)


async def reset_password(transactions: Transactions, token: str, new_password: str) -> None:
    """Set a new password with a token from a mail: it works once, and every sign-in ends.

    Who opens the mail owns the address, so it counts as verified. Raises ``TokenSpent``,
    ``InvalidInput`` (``new_password``); a refused password leaves the token good.
    """
    now = datetime.now(UTC)
    async with transactions() as session:
        found = await repository.find_mail_token(session, digest(token), "reset_password", now)
        owner = await repository.get_account(session, found.user_id) if found else None
    if owner is None or owner.email is None:
        raise TokenSpent
    plain = await accept_password(new_password, "new_password", [owner.email])
    password_hash = await current.hashing().hash(plain)
    async with transactions() as session:
        taken = await repository.take_mail_token(session, digest(token), "reset_password", now)
        account = await repository.get_account(session, taken.user_id, lock=True) if taken else None
        if account is None or account.email is None or account.email_key is None:
            raise TokenSpent
        await _set_password(session, account, password_hash, but=None)
        await forgive(session, "password", account.email_key)
        if account.email_verified_at is None:
            await mark_verified(session, account)


async def change_password(
    transactions: Transactions,
    user_id: UUID,
    session_id: UUID,
    current_password: str,
    new_password: str,
    address: str,
) -> None:
    """Replace a password by who knows it; every other sign-in ends.

    Raises ``WrongCredentials``, ``TooManyAttempts``, ``InvalidInput`` (``new_password``).
    """
    async with transactions() as session:
        account = await repository.get_account(session, user_id)
        # By user id: failing here does not lock anybody out of signing in.
        attempt = await check_throttle(session, "password", account=str(user_id), address=address)
    stored = account.password_hash if account else None
    hashing = current.hashing()
    is_right = await hashing.verify(stored, normalise(current_password))
    async with transactions() as session:
        if not is_right:
            await record_failure(session, attempt)
            raise WrongCredentials
        await record_success(session, attempt)
    about = [account.email] if account and account.email else []
    plain = await accept_password(new_password, "new_password", about)
    password_hash = await hashing.hash(plain)
    async with transactions() as session:
        locked = await repository.get_account(session, user_id, lock=True)
        if locked is None or locked.password_hash != stored:
            raise WrongCredentials
        await _set_password(session, locked, password_hash, but=session_id)


async def mark_verified(session: Session, account: Account) -> None:
    """Write that an address was shown to be its user's, and tell."""
    now = datetime.now(UTC)
    account.email_verified_at = now
    await repository.drop_mail_tokens(session, account.user_id, "verify_email")
    await emit(session, EmailVerified(user_id=account.user_id, at=now, email=account.email or ""))


async def _request_reset(session: Session, account: Account) -> None:
    life = timedelta(minutes=current.settings().reset_minutes)
    mailed = await issue_mail_token(session, account, "reset_password", life)
    await emit(
        session,
        PasswordResetRequested(
            user_id=account.user_id,
            email=account.email or "",
            language=account.language,
            **mailed._asdict(),
        ),
    )


async def _set_password(
    session: Session, account: Account, password_hash: str, *, but: UUID | None
) -> None:
    now = datetime.now(UTC)
    account.password_hash = password_hash
    account.password_changed_at = now
    await repository.drop_mail_tokens(session, account.user_id, "reset_password")
    await end_all_sessions(session, account.user_id, "password changed", but=but)
    await emit(
        session,
        PasswordChanged(
            user_id=account.user_id,
            at=now,
            email=account.email or "",
            language=account.language,
        ),
    )
