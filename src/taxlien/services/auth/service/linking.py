"""Whose account an identity of another provider opens, and which accounts it makes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from taxlien.interfaces.auth import IdentityLinked, UserSignedUp
from taxlien.kit.database import Session
from taxlien.kit.errors import InvalidInput
from taxlien.kit.ids import new_id
from taxlien.kit.outbox import emit
from taxlien.services.auth import repository
from taxlien.services.auth.logic.emails import Address, read_address
from taxlien.services.auth.logic.factor_refusals import IdentityTaken, LinkNeedsSignIn
from taxlien.services.auth.logic.oauth import Identity, decide
from taxlien.services.auth.logic.refusals import AccountDisabled
from taxlien.services.auth.models import Account, Provider

from .proofs import Owner, own_account
from .sessions import DeviceFacts, SignedIn
from .signing_in import ChallengeRequired, after_first_factor

_ANOTHER = "Another account of this provider is linked here. Unlink it first."


class Linked(NamedTuple):
    """A provider was linked to the account that asked."""

    provider: Provider


async def sign_in_with_identity(
    session: Session, provider: Provider, identity: Identity, device: DeviceFacts, language: str
) -> SignedIn | ChallengeRequired:
    """Sign in whoever an identity belongs to, or ask for their second factor.

    An unknown identity is linked to the account of its address, or makes one, where ``decide`` says so.
    Raises ``LinkNeedsSignIn``, ``IdentityTaken``, ``AccountDisabled``.
    """
    account = await _known(session, provider, identity)
    if account is None:
        account = await _meet(session, provider, identity, language)
    if account is None:  # somebody was quicker: the same person in another tab, perhaps
        account = await _known(session, provider, identity)
    if account is None:
        raise LinkNeedsSignIn
    return await after_first_factor(session, account, device, method=provider)


async def link_identity(
    session: Session, owner: Owner, provider: Provider, identity: Identity
) -> Linked:
    """Link an identity to the account that asks. Linking it again changes nothing.

    Raises ``IdentityTaken``, ``SessionEnded``.
    """
    account = await own_account(session, owner, lock=True)
    holder = await repository.account_of_identity(session, provider, identity.subject)
    if holder not in (None, account.user_id):
        raise IdentityTaken("This account of the provider signs in to another account here.")
    if await _add(session, account, provider, identity):
        await _tell_linked(session, account, provider)
    return Linked(provider)


async def _known(session: Session, provider: Provider, identity: Identity) -> Account | None:
    user_id = await repository.account_of_identity(session, provider, identity.subject)
    if user_id is None:
        return None
    await repository.touch_identity(session, provider, identity.subject, identity.email)
    return await repository.get_account(session, user_id)


async def _meet(
    session: Session, provider: Provider, identity: Identity, language: str
) -> Account | None:
    """Return the account of an identity that none knows yet: linked, or made.

    None where somebody took the address, or the identity, at this very moment.
    """
    address = _address_of(identity)
    existing = None
    if address is not None and identity.email_verified:
        existing = await repository.account_by_email(session, address.key, lock=True)
    decision = decide(
        identity if address is not None else identity._replace(email=None),
        account_exists=existing is not None,
        account_email_verified=existing is not None and existing.email_verified_at is not None,
    )
    if decision == "sign_in_first" or address is None:
        raise LinkNeedsSignIn
    if existing is None:
        made = await _make_account(session, provider, identity, address, language)
        if made is not None:
            await _add(session, made, provider, identity)
        return made
    if existing.status != "active":
        raise AccountDisabled
    if await _add(session, existing, provider, identity):
        await _tell_linked(session, existing, provider)
    return existing


async def _add(session: Session, account: Account, provider: Provider, identity: Identity) -> bool:
    """Link an identity to an account; false where it is already. Raises ``IdentityTaken``."""
    subject, email = identity.subject, identity.email
    if await repository.add_identity(session, account.user_id, provider, subject, email):
        return True
    if await repository.account_of_identity(session, provider, subject) == account.user_id:
        return False
    raise IdentityTaken(_ANOTHER)


async def _make_account(
    session: Session, provider: Provider, identity: Identity, address: Address, language: str
) -> Account | None:
    """Make an account whose address is verified: the provider vouches for it. None: it was taken."""
    user_id, now = new_id(), datetime.now(UTC)
    added = await repository.add_account(
        session,
        user_id=user_id,
        email=address.written,
        email_key=address.key,
        email_verified_at=now,
        roles=["investor"],
        language=language,
    )
    account = await repository.get_account(session, user_id)
    if not added or account is None:
        return None
    signed_up = UserSignedUp(
        user_id=user_id,
        at=now,
        email=address.written,
        email_verified=True,
        method=provider,
        language=language,
        full_name=identity.full_name,
    )
    await emit(session, signed_up)
    return account


async def _tell_linked(session: Session, account: Account, provider: Provider) -> None:
    linked = IdentityLinked(
        user_id=account.user_id,
        at=datetime.now(UTC),
        email=account.email or "",
        language=account.language,
        provider=provider,
    )
    await emit(session, linked)


def _address_of(identity: Identity) -> Address | None:
    try:
        return read_address(identity.email) if identity.email else None
    except InvalidInput:
        return None
