"""Every query of which liens were announced to which saved searches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, select, text

from taxlien.interfaces.search import AlertPace
from taxlien.kit.database import Session
from taxlien.services.search.models import Match, SavedSearch

# In one order for all, or two workers could wait for each other: by lien, as callers go too. The lock
# on the search makes whoever deletes it wait for this transaction; one that is gone or quiet by now is
# left out.
_BEGIN = text(
    """
    WITH begun AS (
        INSERT INTO search.matches (number, lien_id)
        SELECT pair.number, pair.lien_id
        FROM unnest(CAST(:numbers AS bigint[]), CAST(:liens AS uuid[])) AS pair (number, lien_id)
        JOIN search.saved_searches AS s ON s.number = pair.number
        WHERE NOT s.paused AND s.pace <> 'off'
        ORDER BY pair.lien_id, pair.number FOR KEY SHARE OF s
        ON CONFLICT DO NOTHING RETURNING number, lien_id
    )
    SELECT begun.lien_id, s.search_id, s.user_id, s.name, s.pace, o.tier
    FROM begun JOIN search.saved_searches AS s USING (number)
    JOIN search.owners AS o USING (user_id)
    ORDER BY begun.lien_id, s.number
    """
)


Pair = tuple[UUID, int]
"""A lien, and the number of a saved search that it meets."""


class Begun(NamedTuple):
    """A lien that begins to match a search, and what its owner is told with."""

    lien_id: UUID
    search_id: UUID
    user_id: UUID
    name: str
    pace: AlertPace
    tier: str | None


async def begin(session: Session, pairs: Sequence[Pair]) -> list[Begun]:
    """Record pairs; return those that were not recorded before.

    One transaction that calls it often passes on to higher ids of liens, never back.
    """
    if not pairs:
        return []
    liens, numbers = zip(*pairs, strict=True)
    rows = await session.execute(_BEGIN, {"numbers": list(numbers), "liens": list(liens)})
    return [Begun(*row) for row in rows]


async def matches_of(session: Session, user_id: UUID) -> Sequence[tuple[UUID, UUID, datetime]]:
    """Return search, lien and time of everything that was announced to a user's searches."""
    rows = await session.execute(
        select(SavedSearch.search_id, Match.lien_id, Match.matched_at)
        .join(SavedSearch, SavedSearch.number == Match.number)
        .where(SavedSearch.user_id == user_id)
        .order_by(SavedSearch.search_id, Match.lien_id)
    )
    return rows.all()


async def remove_all(session: Session, user_id: UUID) -> int:
    """Forget what was announced to a user's searches. Returns how many."""
    mine = select(SavedSearch.number).where(SavedSearch.user_id == user_id)
    gone = await session.execute(delete(Match).where(Match.number.in_(mine)))
    return int(gone.rowcount)  # type: ignore[attr-defined]
