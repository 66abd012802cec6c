"""Fresh proof of who asks, before something changes that keeps others out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from taxlien.kit.database import Session
from taxlien.services.auth import repository
from taxlien.services.auth.adapters import current
from taxlien.services.auth.logic.factor_refusals import ProofNeeded, WrongProof
from taxlien.services.auth.logic.password_rules import normalise
from taxlien.services.auth.logic.refusals import SessionEnded
from taxlien.services.auth.models import Account

from .factor_checks import FactorAnswer, is_right
from .sessions import require_active
from .throttling import check_throttle, record_failure, record_success
from .transactions import Transactions


class Owner(NamedTuple):
    """The signed-in person who asks about their own account. ``address`` is an IP address."""

    user_id: UUID
    session_id: UUID | None
    address: str


class Proof(NamedTuple):
    """What shows that it is still the owner who asks: the password, or an answer of a second factor."""

    password: str | None = None
    answer: FactorAnswer | None = None


async def own_account(session: Session, owner: Owner, *, lock: bool = False) -> Account:
    """Return the account of who asks, whose sign-in has not ended. Raises ``SessionEnded``."""
    await require_active(session, owner.session_id, owner.user_id)
    account = await repository.get_account(session, owner.user_id, lock=lock)
    if account is None or account.status != "active":
        raise SessionEnded
    return account


async def prove(
    transactions: Transactions,
    owner: Owner,
    proof: Proof | None,
    *,
    or_new_sign_in: bool = False,
    by_password: bool = True,
) -> None:
    """Return where ``proof`` holds; a code in it is used up.

    Without a proof a sign-in of the last minutes is enough ``or_new_sign_in``, and always for an account
    that has nothing else to show. ``by_password`` false leaves second factors only. Raises
    ``ProofNeeded``, ``WrongProof``, ``TooManyAttempts``, ``SessionEnded``.
    """
    if proof is not None and proof.answer is not None:
        async with transactions() as session:
            await _prove_by_factor(session, owner, proof.answer)
    elif not by_password:
        raise ProofNeeded(("a current code", "a recovery code", "a passkey"))
    elif proof is not None and proof.password is not None:
        await _prove_by_password(transactions, owner, proof.password)
    else:
        async with transactions() as session:
            await _prove_by_sign_in(session, owner, or_new_sign_in=or_new_sign_in)


async def _prove_by_sign_in(session: Session, owner: Owner, *, or_new_sign_in: bool) -> None:
    account = await own_account(session, owner)
    ways = await _ways(session, account)
    sign_in = await repository.get_sign_in(session, owner.session_id or UUID(int=0))
    newest = datetime.now(UTC) - timedelta(minutes=current.factor_settings().proof_minutes)
    is_new = sign_in is not None and sign_in.created_at > newest
    if not is_new or (ways and not or_new_sign_in):
        raise ProofNeeded(ways)


async def _prove_by_factor(session: Session, owner: Owner, answer: FactorAnswer) -> None:
    account = await own_account(session, owner)
    attempt = await check_throttle(
        session, "second_factor", account=str(owner.user_id), address=owner.address
    )
    if not await is_right(session, account, answer, "proof"):
        await record_failure(session, attempt)
        raise WrongProof
    await record_success(session, attempt)


async def _prove_by_password(transactions: Transactions, owner: Owner, password: str) -> None:
    async with transactions() as session:
        account = await own_account(session, owner)
        # By user id: failing here does not lock anybody out of signing in.
        attempt = await check_throttle(
            session, "password", account=str(owner.user_id), address=owner.address
        )
    fits = await current.hashing().verify(account.password_hash, normalise(password))
    async with transactions() as session:
        if not fits:
            await record_failure(session, attempt)
            raise WrongProof
        await record_success(session, attempt)


async def _ways(session: Session, account: Account) -> tuple[str, ...]:
    """Return, in words, what the account has to prove with."""
    words = {"totp": "a current code", "recovery_code": "a recovery code", "passkey": "a passkey"}
    factors = await repository.has_second_factor(session, account.user_id)
    password = ("the password",) if account.password_hash is not None else ()
    return (*password, *(words[factor] for factor in factors))
