"""Passkeys: registered, named, removed, and used to sign in without a user name or a password."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import structlog

from taxlien.kit.database import Session
from taxlien.kit.errors import NotFound
from taxlien.kit.ids import new_id
from taxlien.services.auth import repository
from taxlien.services.auth.adapters import current
from taxlien.services.auth.logic import passkeys
from taxlien.services.auth.logic.device_names import MAX_NAME, clean_text
from taxlien.services.auth.logic.factor_refusals import (
    LastWayToSignIn,
    PasskeyKnown,
    PasskeyRefused,
    TooManyPasskeys,
)
from taxlien.services.auth.logic.opaque import digest
from taxlien.services.auth.logic.refusals import ChallengeOver, EmailNotVerified
from taxlien.services.auth.models import CeremonyPurpose, Passkey

from .factor_checks import used_passkey
from .factor_news import tell_of_factor
from .proofs import Owner, Proof, own_account, prove
from .recovery_codes import drop_useless_codes, issue_recovery_codes
from .sessions import DeviceFacts, SignedIn, start_session
from .transactions import Transactions
from .ways_in import has_another_way

_CHALLENGE_BYTES = 32

_log = structlog.get_logger("taxlien.auth")


class PasskeyFact(NamedTuple):
    """A passkey as its owner sees it. ``backed_up`` says that other devices of theirs have it, too."""

    passkey_id: UUID
    name: str
    backed_up: bool
    created_at: datetime
    last_used_at: datetime | None


class Registered(NamedTuple):
    """A new passkey, and recovery codes where the account had none: shown this once."""

    passkey: PasskeyFact
    recovery_codes: tuple[str, ...]


async def registration_options(
    transactions: Transactions, owner: Owner, proof: Proof | None
) -> dict[str, Any]:
    """Return what the browser needs to make a passkey. It takes a proof or a new sign-in.

    Raises ``TooManyPasskeys``, and as ``prove``.
    """
    await prove(transactions, owner, proof, or_new_sign_in=True)
    async with transactions() as session:
        account = await own_account(session, owner)
        existing = await repository.passkeys_of(session, owner.user_id)
        _check_room(len(existing))
        return passkeys.registration_options(
            current.passkey_party(),
            user_id=owner.user_id,
            user_name=account.email or "",
            challenge=await _ask(session, "register", owner.user_id),
            existing=[_known(passkey) for passkey in existing],
        )


async def register_passkey(
    session: Session, owner: Owner, credential: dict[str, Any], name: str
) -> Registered:
    """Store the passkey that a browser made. Raises ``PasskeyRefused``, ``PasskeyKnown``."""
    account = await own_account(session, owner, lock=True)
    _check_room(len(await repository.passkeys_of(session, owner.user_id)))
    made = await _made(session, owner.user_id, credential)
    passkey_id = new_id()
    shown = clean_text(name, MAX_NAME) or "Passkey"
    if not await repository.add_passkey(session, passkey_id, owner.user_id, shown, made):
        raise PasskeyKnown
    await tell_of_factor(session, account, "passkey", "added")
    codes: tuple[str, ...] = ()
    if not await repository.recovery_codes_left(session, owner.user_id):
        codes = await issue_recovery_codes(session, account)
    return Registered(await _fact_of(session, owner.user_id, passkey_id), codes)


async def list_passkeys(session: Session, user_id: UUID) -> list[PasskeyFact]:
    """Return the passkeys of an account, oldest first."""
    return [_fact(passkey) for passkey in await repository.passkeys_of(session, user_id)]


async def rename_passkey(
    session: Session, owner: Owner, passkey_id: UUID, name: str
) -> PasskeyFact:
    """Rename a passkey. Raises ``NotFound``."""
    await own_account(session, owner)
    shown = clean_text(name, MAX_NAME) or "Passkey"
    await repository.rename_passkey(session, owner.user_id, passkey_id, shown)
    return await _fact_of(session, owner.user_id, passkey_id)


async def remove_passkey(
    transactions: Transactions, owner: Owner, passkey_id: UUID, proof: Proof | None
) -> None:
    """Remove a passkey, with a fresh proof. Raises ``NotFound``, ``LastWayToSignIn``, and as ``prove``."""
    async with transactions() as session:
        await own_account(session, owner)
        await _fact_of(session, owner.user_id, passkey_id)
    await prove(transactions, owner, proof)
    async with transactions() as session:
        account = await own_account(session, owner, lock=True)
        if not await has_another_way(session, account, but_passkey=passkey_id):
            raise LastWayToSignIn
        if await repository.delete_passkey(session, owner.user_id, passkey_id):
            await tell_of_factor(session, account, "passkey", "removed")
            await drop_useless_codes(session, account)


async def sign_in_options(session: Session, challenge: str | None) -> dict[str, Any]:
    """Return what the browser needs to use a passkey: any, or one that completes ``challenge``.

    Raises ``ChallengeOver``.
    """
    party = current.passkey_party()
    if challenge is None:
        return passkeys.authentication_options(
            party, challenge=await _ask(session, "sign_in", None)
        )
    found = await repository.lock_challenge(session, digest(challenge))
    if found is None or found.expires_at <= datetime.now(UTC):
        raise ChallengeOver
    return await _options_for(session, "second_factor", found.user_id)


async def proof_options(session: Session, owner: Owner) -> dict[str, Any]:
    """Return what the browser needs to prove with a passkey who asks for a change."""
    await own_account(session, owner)
    return await _options_for(session, "proof", owner.user_id)


async def sign_in_with_passkey(
    session: Session, credential: dict[str, Any], device: DeviceFacts
) -> SignedIn:
    """Sign in whoever the passkey belongs to.

    The device, and a finger or a PIN it checked, are two factors: no second one is asked for. Raises
    ``PasskeyRefused``, ``EmailNotVerified``, ``AccountDisabled``.
    """
    passkey = await used_passkey(session, credential, "sign_in", None)
    account = await repository.get_account(session, passkey.user_id) if passkey else None
    if account is None:
        raise PasskeyRefused
    if account.email_verified_at is None:
        raise EmailNotVerified
    return await start_session(session, account, device, methods=("passkey",))


async def _made(session: Session, user_id: UUID, credential: dict[str, Any]) -> passkeys.NewPasskey:
    """Return the passkey in an answer to our question to this user. Raises ``PasskeyRefused``."""
    try:
        challenge = passkeys.challenge_of(credential)
        hashed = passkeys.challenge_hash(challenge)
        if not await repository.take_ceremony(session, hashed, "register", user_id):
            raise PasskeyRefused
        return passkeys.verify_registration(
            current.passkey_party(), credential, challenge=challenge
        )
    except passkeys.CredentialRefused as refused:
        _log.info("passkey_refused", reason=str(refused))
        raise PasskeyRefused from None


async def _ask(session: Session, purpose: CeremonyPurpose, user_id: UUID | None) -> bytes:
    """Return a new challenge, stored until it is answered."""
    challenge = os.urandom(_CHALLENGE_BYTES)
    until = datetime.now(UTC) + timedelta(seconds=passkeys.CEREMONY_SECONDS)
    hashed = passkeys.challenge_hash(challenge)
    await repository.add_ceremony(session, hashed, purpose, user_id, until)
    return challenge


async def _options_for(session: Session, purpose: CeremonyPurpose, user_id: UUID) -> dict[str, Any]:
    existing = await repository.passkeys_of(session, user_id)
    return passkeys.authentication_options(
        current.passkey_party(),
        challenge=await _ask(session, purpose, user_id),
        allowed=[_known(passkey) for passkey in existing],
    )


def _check_room(count: int) -> None:
    most = current.factor_settings().passkeys_per_account
    if count >= most:
        raise TooManyPasskeys(most)


def _known(passkey: Passkey) -> passkeys.Known:
    return passkeys.Known(passkey.credential_id, tuple(passkey.transports))


async def _fact_of(session: Session, user_id: UUID, passkey_id: UUID) -> PasskeyFact:
    found = await repository.get_passkey(session, user_id, passkey_id)
    if found is None:
        raise NotFound("There is no such passkey.")
    return _fact(found)


def _fact(passkey: Passkey) -> PasskeyFact:
    return PasskeyFact(
        passkey.passkey_id,
        passkey.name,
        passkey.backed_up,
        passkey.created_at,
        passkey.last_used_at,
    )
