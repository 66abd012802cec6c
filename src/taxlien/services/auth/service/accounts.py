"""Accounts as their owners, admins and other services see and change them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from taxlien.interfaces.auth import RolesChanged, UserSignedUp
from taxlien.kit.database import Session
from taxlien.kit.errors import Conflict, InvalidInput, NotFound
from taxlien.kit.ids import new_id
from taxlien.kit.outbox import emit
from taxlien.kit.security.identity import ROLES
from taxlien.services.auth import repository
from taxlien.services.auth.adapters import current
from taxlien.services.auth.logic.emails import read_address
from taxlien.services.auth.models import Account

from .passwords import accept_password
from .sessions import end_all_sessions


class AccountFacts(NamedTuple):
    """An account without its secrets. ``second_factors`` are the kinds it has."""

    user_id: UUID
    email: str | None
    email_verified: bool
    roles: tuple[str, ...]
    tier: str
    language: str
    status: str
    has_password: bool
    second_factors: tuple[str, ...]
    synthetic: bool
    created_at: datetime
    erase_after: datetime | None


class EnsuredAccount(NamedTuple):
    """The account of an address, and whether it was made just now."""

    user_id: UUID
    created: bool


async def account_facts(session: Session, user_id: UUID) -> AccountFacts:
    """Return an account. Raises ``NotFound``."""
    account = await repository.get_account(session, user_id)
    if account is None:
        raise NotFound("There is no such account.")
    return AccountFacts(
        user_id=account.user_id,
        email=account.email,
        email_verified=account.email_verified_at is not None,
        roles=tuple(account.roles),
        tier=account.tier,
        language=account.language,
        status=account.status,
        has_password=account.password_hash is not None,
        second_factors=tuple(await repository.has_second_factor(session, user_id)),
        synthetic=account.synthetic,
        created_at=account.created_at,
        erase_after=account.erase_after,
    )


async def ensure_account(
    session: Session,
    email: str,
    password: str,
    roles: Sequence[str],
    *,
    verified: bool = True,
    synthetic: bool = False,
) -> EnsuredAccount:
    """Make an account, or give the one of this address ``roles``; its password then stays as it is.

    Raises ``InvalidInput`` (``email``, ``password``, ``roles``).
    """
    found = read_address(email)
    account = await repository.account_by_email(session, found.key, lock=True)
    if account is not None:
        await set_roles(session, account.user_id, roles, changed_by=None)
        return EnsuredAccount(account.user_id, created=False)
    wanted = checked_roles(roles)
    plain = await accept_password(password, "password", [found.written])
    now = datetime.now(UTC)
    user_id = new_id()
    added = await repository.add_account(
        session,
        user_id=user_id,
        email=found.written,
        email_key=found.key,
        password_hash=await current.hashing().hash(plain),
        email_verified_at=now if verified else None,
        roles=wanted,
        synthetic=synthetic,
    )
    if not added:  # somebody was quicker
        return await ensure_account(
            session, email, password, roles, verified=verified, synthetic=synthetic
        )
    signed_up = UserSignedUp(
        user_id=user_id,
        at=now,
        email=found.written,
        email_verified=verified,
        method="password",
        synthetic=synthetic,
    )
    given = RolesChanged(user_id=user_id, at=now, roles=tuple(wanted))
    await emit(session, signed_up, given)
    return EnsuredAccount(user_id, created=True)


async def set_roles(
    session: Session, user_id: UUID, roles: Collection[str], *, changed_by: UUID | None
) -> None:
    """Give an account exactly these roles, from its next access token on.

    ``changed_by`` is the admin, None the system. Raises ``NotFound``, ``InvalidInput`` (``roles``), and
    ``Conflict`` where admins would take the role from themselves.
    """
    wanted = checked_roles(roles)
    account = await _lock(session, user_id)
    if changed_by == user_id and "admin" not in wanted:
        raise Conflict("Another admin has to take this role from you.")
    if account.roles == wanted:
        return
    account.roles = wanted
    changed = RolesChanged(
        user_id=user_id, at=datetime.now(UTC), roles=tuple(wanted), changed_by=changed_by
    )
    await emit(session, changed)


async def disable_account(session: Session, user_id: UUID, *, by: UUID) -> None:
    """Close an account and end its sign-ins. Raises ``NotFound``, ``Conflict`` for one's own."""
    if by == user_id:
        raise Conflict("Another admin has to disable your account.")
    account = await _lock(session, user_id)
    account.status = "disabled"
    await end_all_sessions(session, user_id, "account disabled")


async def enable_account(session: Session, user_id: UUID) -> None:
    """Open an account again. Raises ``NotFound``."""
    account = await _lock(session, user_id)
    account.status = "active"


async def set_tier(session: Session, user_id: UUID, tier: str) -> None:
    """Write what an account may use, from its next access token on."""
    await repository.change_account(session, user_id, tier=tier)


async def set_language(session: Session, user_id: UUID, language: str) -> None:
    """Write the language of mails to this account."""
    await repository.change_account(session, user_id, language=language)


async def set_erase_after(session: Session, user_id: UUID, moment: datetime | None) -> None:
    """Write when an account will be erased, or that it will not. Its owner can sign in until then."""
    await repository.change_account(session, user_id, erase_after=moment)


def checked_roles(roles: Collection[str]) -> list[str]:
    """Return roles once each, in the order of ``ROLES``. Raises ``InvalidInput`` for an unknown one."""
    unknown = sorted(set(roles) - set(ROLES))
    if unknown:
        raise InvalidInput("roles", f"has {', '.join(unknown)}; there are {', '.join(ROLES)}")
    return [role for role in ROLES if role in roles]


async def _lock(session: Session, user_id: UUID) -> Account:
    account = await repository.get_account(session, user_id, lock=True)
    if account is None or account.status == "erased":
        raise NotFound("There is no such account.")
    return account
