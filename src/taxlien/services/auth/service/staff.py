"""What staff see and change of others' accounts. Every look is told to who keeps the log of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from taxlien.interfaces.auth import AccountAccess, AccountAccessed
from taxlien.kit.database import Session
from taxlien.kit.outbox import emit
from taxlien.kit.telemetry.context import current_request

from .accounts import AccountFacts, account_facts

_SEEN = ("email", "roles", "tier", "status", "second_factors")


class Staff(Protocol):
    """Who acts."""

    @property
    def user_id(self) -> UUID: ...

    @property
    def roles(self) -> frozenset[str]: ...


async def account_for_staff(
    session: Session, staff: Staff, user_id: UUID, action: AccountAccess = "account.read"
) -> AccountFacts:
    """Return somebody's account to ``staff``, after ``action``, and tell of it. Raises ``NotFound``."""
    facts = await account_facts(session, user_id)
    accessed = AccountAccessed(
        user_id=user_id,
        at=datetime.now(UTC),
        actor_id=staff.user_id,
        actor_roles=tuple(sorted(staff.roles)),
        action=action,
        fields=_SEEN,
        request_id=current_request().request_id or None,
    )
    await emit(session, accessed)
    return facts
