"""Authenticator apps: set one up, confirm it, remove it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from taxlien.kit.database import Session
from taxlien.services.auth import repository
from taxlien.services.auth.adapters import current
from taxlien.services.auth.logic import totp
from taxlien.services.auth.logic.factor_refusals import NothingToConfirm, WrongFirstCode
from taxlien.services.auth.models import TotpSecret

from .factor_checks import open_totp, seal_totp
from .factor_news import tell_of_factor
from .proofs import Owner, Proof, own_account, prove
from .recovery_codes import drop_useless_codes, issue_recovery_codes
from .throttling import check_throttle, record_failure, record_success
from .transactions import Transactions


class TotpBegun(NamedTuple):
    """A new secret, as base32 text, as address and as QR code. It is shown this once."""

    secret: str
    uri: str
    qr_svg: str
    expires_at: datetime


async def begin_totp(transactions: Transactions, owner: Owner, proof: Proof | None) -> TotpBegun:
    """Make a secret that waits for its first code; an app in use stays in use until then.

    To replace an app takes an answer of a second factor, or whoever finds an unlocked screen could do it;
    the first app takes a proof or a new sign-in. Raises as ``prove``.
    """
    async with transactions() as session:
        await own_account(session, owner)
        in_use = _is_active(await repository.get_totp(session, owner.user_id))
    await prove(transactions, owner, proof, or_new_sign_in=True, by_password=not in_use)
    settings = current.factor_settings()
    secret = totp.new_secret()
    until = datetime.now(UTC) + timedelta(minutes=settings.totp_pending_minutes)
    async with transactions() as session:
        account = await own_account(session, owner)
        sealed = seal_totp(owner.user_id, secret)
        await repository.put_pending_totp(session, owner.user_id, sealed, until)
    uri = totp.provisioning_uri(secret, account=account.email or "", issuer=settings.totp_issuer)
    return TotpBegun(secret, uri, totp.qr_svg(uri), until)


async def confirm_totp(session: Session, owner: Owner, code: str) -> tuple[str, ...]:
    """Take the new app into use and return ten new recovery codes, shown this once.

    Raises ``NothingToConfirm``, ``WrongFirstCode``, ``TooManyAttempts``.
    """
    user_id = owner.user_id
    account = await own_account(session, owner, lock=True)
    found = await repository.get_totp(session, user_id)
    if found is None or found.pending_secret is None or _is_over(found):
        raise NothingToConfirm
    attempt = await check_throttle(
        session, "second_factor", account=str(user_id), address=owner.address
    )
    sealed = found.pending_secret
    step = totp.step_of(open_totp(user_id, sealed), totp.as_typed(code), time.time())
    if step is None:
        await record_failure(session, attempt)
        raise WrongFirstCode
    await record_success(session, attempt)
    if not await repository.confirm_totp(session, user_id, sealed, step):
        raise NothingToConfirm
    await tell_of_factor(session, account, "totp", "added")
    return await issue_recovery_codes(session, account)


async def disable_totp(transactions: Transactions, owner: Owner, proof: Proof | None) -> None:
    """Remove the app, with a fresh proof. Where there is none this does nothing, and needs none."""
    async with transactions() as session:
        await own_account(session, owner)
        found = await repository.get_totp(session, owner.user_id)
    if found is None:
        return
    if _is_active(found):
        await prove(transactions, owner, proof)
    async with transactions() as session:
        account = await own_account(session, owner, lock=True)
        if await repository.delete_totp(session, owner.user_id):
            await tell_of_factor(session, account, "totp", "removed")
            await drop_useless_codes(session, account)


def _is_active(found: TotpSecret | None) -> bool:
    return found is not None and found.secret is not None


def _is_over(found: TotpSecret) -> bool:
    return found.pending_until is None or found.pending_until <= datetime.now(UTC)
