"""Who somebody is to us: a user, a tier, roles. Plain data; knows no HTTP."""

from __future__ import annotations

from typing import Literal, NamedTuple
from uuid import UUID

Role = Literal["admin", "support", "developer", "investor", "data_customer"]
ROLES: tuple[Role, ...] = ("admin", "support", "developer", "investor", "data_customer")

Tier = Literal["free", "premium", "enterprise"]
TIERS: tuple[Tier, ...] = ("free", "premium", "enterprise")


class Caller(NamedTuple):
    """A signed-in user. ``session_id`` is the sign-in that the access token belongs to."""

    user_id: UUID
    session_id: UUID | None
    tier: str
    roles: frozenset[str]

    def has(self, *roles: Role) -> bool:
        """Say whether the caller has one of ``roles``."""
        return not self.roles.isdisjoint(roles)
