"""Every query of liens whose score came into the bounds of a saved search, until that is announced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select, text

from taxlien.kit.database import Session
from taxlien.services.search.models import Move

# What the score was when the lien was last looked at stays, however often it moves until then.
_ADD = text(
    """
    INSERT INTO search.moves (lien_id, before)
    SELECT * FROM unnest(CAST(:liens AS uuid[]), CAST(:before AS smallint[])) AS moved (lien_id, before)
    ORDER BY moved.lien_id ON CONFLICT DO NOTHING
    """
)
_TAKE = text(
    "DELETE FROM search.moves WHERE lien_id = ANY(CAST(:liens AS uuid[])) RETURNING lien_id, before"
)


async def add(session: Session, before: Mapping[UUID, int | None]) -> None:
    """Let liens wait, with the score each had; one that waits already goes on waiting."""
    if before:
        liens = sorted(before)
        values = {"liens": liens, "before": [before[lien_id] for lien_id in liens]}
        await session.execute(_ADD, values)


async def waiting(session: Session, limit: int) -> Sequence[UUID]:
    """Return liens that wait, the lowest ids first."""
    found = await session.scalars(select(Move.lien_id).order_by(Move.lien_id).limit(limit))
    return found.all()


async def take(session: Session, lien_ids: Sequence[UUID]) -> dict[UUID, int | None]:
    """Let liens wait no longer; returns those that did, with the score each had. Of two workers at once,
    each lien goes to one."""
    rows = await session.execute(_TAKE, {"liens": list(lien_ids)})
    return dict(map(tuple, rows))
