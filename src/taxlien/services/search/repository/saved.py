"""Every query of saved searches and of who has them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from taxlien.kit import versioned_set
from taxlien.kit.database import Session
from taxlien.services.search.models import Owner, QuerySet, SavedSearch


class StoredQuery(NamedTuple):
    """A saved query as matching needs it; ``live`` says whether its owner is to hear of matches."""

    number: int
    parameters: dict[str, list[str]]
    live: bool


async def lock_owner(session: Session, user_id: UUID) -> Owner:
    """Return the row of somebody, made if needed, locked until the transaction ends."""
    await session.execute(insert(Owner).values(user_id=user_id).on_conflict_do_nothing())
    found = await session.scalars(select(Owner).where(Owner.user_id == user_id).with_for_update())
    return found.one()


async def set_tier(session: Session, user_id: UUID, tier: str, at: datetime) -> bool:
    """Write the tier of somebody, unless a later one is known or they are gone. Says whether it did."""
    new = insert(Owner).values(user_id=user_id, tier=tier, tier_at=at)
    later = (Owner.tier_at.is_(None) | (Owner.tier_at < at)) & Owner.erased_at.is_(None)
    written = await session.execute(
        new.on_conflict_do_update(
            index_elements=["user_id"], set_={"tier": tier, "tier_at": at}, where=later
        ).returning(Owner.user_id)
    )
    return written.first() is not None


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


async def add(session: Session, search: SavedSearch) -> None:
    """Add a search."""
    session.add(search)
    await session.flush()
    await session.refresh(search)


async def get(session: Session, user_id: UUID, search_id: UUID) -> SavedSearch | None:
    """Return a search of this user."""
    return await session.scalar(_of(user_id).where(SavedSearch.search_id == search_id))


async def lock(session: Session, user_id: UUID, search_id: UUID) -> SavedSearch | None:
    """Return a search of this user, locked until the transaction ends."""
    wanted = _of(user_id).where(SavedSearch.search_id == search_id)
    return await session.scalar(wanted.with_for_update())


async def page_of(
    session: Session, user_id: UUID, *, before: UUID | None, limit: int
) -> Sequence[SavedSearch]:
    """Return searches of a user, the latest first, those older than ``before``."""
    wanted = _of(user_id).order_by(SavedSearch.search_id.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(SavedSearch.search_id < before)
    return (await session.scalars(wanted)).all()


async def all_of(session: Session, user_id: UUID) -> Sequence[SavedSearch]:
    """Return every search of a user, the oldest first."""
    return (await session.scalars(_of(user_id).order_by(SavedSearch.search_id))).all()


async def count_of(session: Session, user_id: UUID) -> int:
    """Return how many searches a user has."""
    wanted = select(func.count()).select_from(SavedSearch).where(SavedSearch.user_id == user_id)
    return (await session.scalar(wanted)) or 0


async def shared_by(session: Session, sha256: bytes) -> SavedSearch | None:
    """Return the search whose link has a token of this digest."""
    return await session.scalar(select(SavedSearch).where(SavedSearch.share_sha256 == sha256))


async def remove(session: Session, search: SavedSearch) -> None:
    """Delete a search, with what was announced to it."""
    await session.delete(search)
    await session.flush()


async def remove_all(session: Session, user_id: UUID) -> int:
    """Delete every search of a user. Returns how many."""
    gone = await session.execute(
        delete(SavedSearch).where(SavedSearch.user_id == user_id).returning(SavedSearch.number)
    )
    return len(gone.all())


def _of(user_id: UUID) -> Select[SavedSearch]:
    return select(SavedSearch).where(SavedSearch.user_id == user_id)
