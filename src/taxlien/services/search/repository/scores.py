"""The latest risk score of each lien."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from taxlien.kit.database import Session

# In one order for all, or two workers could wait for each other.
_KEEP = text(
    """
    INSERT INTO search.scores AS kept (lien_id, appointment, version, score)
    SELECT * FROM unnest(CAST(:liens AS uuid[]), CAST(:appointments AS bigint[]),
                         CAST(:versions AS integer[]), CAST(:scores AS smallint[])) AS told (lien_id)
    ORDER BY told.lien_id
    ON CONFLICT (lien_id) DO UPDATE
    SET appointment = excluded.appointment, version = excluded.version, score = excluded.score
    WHERE (kept.appointment, kept.version) < (excluded.appointment, excluded.version)
    RETURNING kept.lien_id, old.score, kept.score, kept.version
    """
)

_IS_ANY = text("SELECT EXISTS (SELECT FROM search.scores)")
_KNOWN = text(
    "SELECT lien_id, score FROM search.scores"
    " WHERE lien_id = ANY(CAST(:liens AS uuid[])) AND score IS NOT NULL"
)
_VERSIONS = text(
    "SELECT lien_id, version FROM search.scores WHERE lien_id = ANY(CAST(:liens AS uuid[]))"
)


class Told(NamedTuple):
    """What was said of a lien in one of its versions, under an appointment of a model."""

    lien_id: UUID
    appointment: int
    version: int
    score: int | None


class Moved(NamedTuple):
    """The score of a lien as it was, as it is, and the lien's version when that was said."""

    before: int | None
    after: int | None
    version: int


async def keep(session: Session, told: Sequence[Told]) -> dict[UUID, Moved]:
    """Keep what is newer than what is kept, each lien named once; returns what was, by lien."""
    if not told:
        return {}
    liens, appointments, versions, scores = zip(*told, strict=True)
    values = {
        "liens": list(liens), "appointments": list(appointments), "versions": list(versions),
        "scores": list(scores),
    }  # fmt: skip
    rows = await session.execute(_KEEP, values)
    return {lien_id: Moved(*moved) for lien_id, *moved in rows}


async def scores_of(session: Session, lien_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return the scores that are known of these liens; before any was scored, that is all it asks."""
    if not await session.scalar(_IS_ANY):
        return {}
    rows = await session.execute(_KNOWN, {"liens": list(lien_ids)})
    return dict(map(tuple, rows))


async def versions_of(session: Session, lien_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return which version of each of these liens was judged last."""
    rows = await session.execute(_VERSIONS, {"liens": list(lien_ids)})
    return dict(map(tuple, rows))
