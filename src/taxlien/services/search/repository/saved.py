"""Every query of saved searches and of who has them."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from taxlien.kit import owned_rows, versioned_set
from taxlien.kit.database import Session
from taxlien.kit.owned_rows import OwnedRows
from taxlien.services.search.models import Owner, QuerySet, SavedSearch


class StoredQuery(NamedTuple):
    """A saved query as matching needs it; ``live`` says whether its owner is to hear of matches."""

    number: int
    parameters: dict[str, list[str]]
    live: bool


owned = OwnedRows(SavedSearch, SavedSearch.search_id, SavedSearch.user_id)
"""Saved searches by whose they are."""


async def lock_owner(session: Session, user_id: UUID) -> Owner:
    """Return the row of somebody, made if needed, locked until the transaction ends."""
    return await owned_rows.lock_owner(session, Owner, user_id)


async def set_tier(session: Session, user_id: UUID, tier: str, at: datetime) -> bool:
    """Write the tier of somebody, unless a later one is known or they are gone. Says whether it did."""
    return await owned_rows.set_tier(session, Owner, user_id, tier, at)


async def next_version(session: Session, removed: int = 0) -> int:
    """Count a change of the set of queries; whoever changes next waits for this transaction."""
    return await versioned_set.next_version(session, QuerySet, removed)


async def changed_after(
    session: Session, version: int, after: int, limit: int
) -> list[StoredQuery]:
    """Return queries that changed after ``version``, by number, those above ``after``."""
    live = ~SavedSearch.paused & (SavedSearch.pace != "off")
    rows = await session.execute(
        select(SavedSearch.number, SavedSearch.parameters, live)
        .where(SavedSearch.changed > version, SavedSearch.number > after)
        .order_by(SavedSearch.number)
        .limit(limit)
    )
    return [StoredQuery(*row) for row in rows]


async def shared_by(session: Session, sha256: bytes) -> SavedSearch | None:
    """Return the search whose link has a token of this digest."""
    return await session.scalar(select(SavedSearch).where(SavedSearch.share_sha256 == sha256))
