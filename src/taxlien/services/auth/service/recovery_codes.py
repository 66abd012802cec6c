"""Recovery codes: ten at a time, each good once, of use only beside a second factor."""

from __future__ import annotations

from taxlien.kit.database import Session
from taxlien.services.auth import repository
from taxlien.services.auth.logic import recovery_codes
from taxlien.services.auth.logic.factor_refusals import NoSecondFactor
from taxlien.services.auth.models import Account

from .factor_news import tell_of_factor
from .proofs import Owner, Proof, own_account, prove
from .transactions import Transactions


async def renew_recovery_codes(
    transactions: Transactions, owner: Owner, proof: Proof | None
) -> tuple[str, ...]:
    """Return ten new codes in place of all earlier ones, with a fresh proof. Raises ``NoSecondFactor``."""
    async with transactions() as session:
        await _require_factor(session, await own_account(session, owner))
    await prove(transactions, owner, proof)
    async with transactions() as session:
        account = await own_account(session, owner, lock=True)
        await _require_factor(session, account)
        return await issue_recovery_codes(session, account)


async def issue_recovery_codes(session: Session, account: Account) -> tuple[str, ...]:
    """Store and return ten new codes in place of all earlier ones; only their hashes are kept."""
    codes = recovery_codes.new_codes()
    hashes = [recovery_codes.hash_of(account.user_id, code) for code in codes]
    await repository.replace_recovery_codes(session, account.user_id, hashes)
    await tell_of_factor(session, account, "recovery_codes", "added", remaining=len(codes))
    return codes


async def drop_useless_codes(session: Session, account: Account) -> None:
    """Forget the codes of an account that has no second factor any more."""
    if not await repository.has_second_factor(session, account.user_id):
        await repository.delete_recovery_codes(session, account.user_id)


async def _require_factor(session: Session, account: Account) -> None:
    if not await repository.has_second_factor(session, account.user_id):
        raise NoSecondFactor
