"""Signing up: an account for whoever shows that the address is theirs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from taxlien.interfaces.auth import (
    EmailVerificationRequested,
    SignUpRepeated,
    UserSignedUp,
)
from taxlien.kit.database import Session
from taxlien.kit.ids import new_id
from taxlien.kit.outbox import emit
from taxlien.services.auth import repository
from taxlien.services.auth.adapters import current
from taxlien.services.auth.logic.device_names import clean_text
from taxlien.services.auth.logic.emails import Address, read_address
from taxlien.services.auth.logic.evening import evenly
from taxlien.services.auth.logic.opaque import digest
from taxlien.services.auth.logic.refusals import TokenSpent
from taxlien.services.auth.models import Account

from .mail_tokens import issue_mail_token
from .passwords import accept_password, mark_verified
from .sessions import end_all_sessions
from .throttling import check_throttle, record_failure
from .transactions import Transactions

_LONGEST_NAME = 255


async def sign_up(
    transactions: Transactions,
    email: str,
    password: str,
    address: str,
    *,
    language: str = "en",
    full_name: str | None = None,
) -> None:
    """Make an account that waits for its address to be verified, and have a mail sent.

    What is answered and how long it takes is the same where the address has an account already; then its
    owner gets a mail that says so. Raises ``InvalidInput`` (``email``, ``password``), ``TooManyAttempts``.
    """
    found = read_address(email)
    async with transactions() as session:  # before anything that costs processor time
        await check_throttle(session, "sign_up", account=found.key, address=address)
    plain = await accept_password(password, "password", [found.written, full_name or ""])
    # Before anything is looked up: the hash is paid for in any case.
    password_hash = await current.hashing().hash(plain)

    async def work() -> None:
        async with transactions() as session:
            attempt = await check_throttle(session, "mail", account=found.key, address=address)
            await record_failure(session, attempt)  # every mail counts
            if not await _add(session, found, password_hash, language, full_name):
                await _meet_again(session, found, password_hash, language)

    await evenly(current.settings().even_answer_ms / 1000, work)


async def verify_email(session: Session, token: str) -> None:
    """Open an account with the token from its mail. Raises ``TokenSpent``.

    The password becomes the one chosen at the sign-up that asked for this mail: a stranger who signed up
    with the same address before gains nothing by its owner's opening it.
    """
    now = datetime.now(UTC)
    taken = await repository.take_mail_token(session, digest(token), "verify_email", now)
    account = await repository.get_account(session, taken.user_id, lock=True) if taken else None
    if taken is None or account is None or account.email is None:
        raise TokenSpent
    if account.email_verified_at is not None:
        return
    if taken.password_hash is not None and taken.password_hash != account.password_hash:
        account.password_hash = taken.password_hash
        await end_all_sessions(session, account.user_id, "password changed")
    await mark_verified(session, account)


async def resend_verification(transactions: Transactions, email: str, address: str) -> None:
    """Send the mail again where an account waits for it. Says and takes the same where none does.

    Raises ``InvalidInput`` for what is no address, ``TooManyAttempts``.
    """
    key = read_address(email).key

    async def work() -> None:
        async with transactions() as session:
            attempt = await check_throttle(session, "mail", account=key, address=address)
            await record_failure(session, attempt)  # every mail counts
            account = await repository.account_by_email(session, key)
            if account is not None and account.email_verified_at is None:
                await request_verification(session, account)

    await evenly(current.settings().even_answer_ms / 1000, work)


async def request_verification(session: Session, account: Account) -> None:
    """Have a mail sent whose token verifies the address and confirms the password of now."""
    life = timedelta(hours=current.settings().verify_hours)
    mailed = await issue_mail_token(
        session, account, "verify_email", life, password_hash=account.password_hash
    )
    await emit(
        session,
        EmailVerificationRequested(
            user_id=account.user_id,
            email=account.email or "",
            language=account.language,
            **mailed._asdict(),
        ),
    )


async def _add(
    session: Session, found: Address, password_hash: str, language: str, full_name: str | None
) -> bool:
    user_id = new_id()
    is_new = await repository.add_account(
        session,
        user_id=user_id,
        email=found.written,
        email_key=found.key,
        password_hash=password_hash,
        roles=["investor"],
        language=language,
    )
    account = await repository.get_account(session, user_id)
    if not is_new or account is None:
        return False
    await emit(
        session,
        UserSignedUp(
            user_id=user_id,
            at=datetime.now(UTC),
            email=found.written,
            email_verified=False,
            method="password",
            language=language,
            full_name=clean_text(full_name or "", _LONGEST_NAME) or None,
        ),
    )
    await request_verification(session, account)
    return True


async def _meet_again(session: Session, found: Address, password_hash: str, language: str) -> None:
    """An address that has an account: its owner is told, or is sent the mail that is still unanswered."""
    account = await repository.account_by_email(session, found.key, lock=True)
    if account is None or account.email is None or account.status != "active":
        return
    if account.email_verified_at is None:
        account.password_hash = password_hash
        account.language = language
        await request_verification(session, account)
        return
    repeated = SignUpRepeated(
        user_id=account.user_id,
        at=datetime.now(UTC),
        email=account.email,
        language=account.language,
    )
    await emit(session, repeated)
