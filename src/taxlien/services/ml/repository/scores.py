"""Which liens wait to be scored, and what was said of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, text

from taxlien.kit.database import Session
from taxlien.services.ml.logic.risk.asked import AskedLien, Scored
from taxlien.services.ml.models import Score

_ASKED = ", ".join(f"l.{name}" for name in AskedLien._fields)
# Of two workers the second finds nothing: one is enough, and no lien is scored twice.
_TURN = text("SELECT pg_try_advisory_xact_lock(hashtext('ml.scores'))")
_CLAIM = text(
    f"SELECT l.lien_id, l.version, s.score, l.kind, l.status, l.synthetic, {_ASKED}"  # noqa: S608
    " FROM ml.scores AS s JOIN ml.liens AS l USING (lien_id) WHERE s.appointment < :appointment"
    " ORDER BY s.appointment, s.lien_id LIMIT :most FOR UPDATE OF s SKIP LOCKED"
)
# A lien that changed since it was read goes on waiting.
_WRITE = text(
    """
    UPDATE ml.scores AS s
    SET appointment = :appointment, model_version = :model_version, scored_at = now(),
        version = told.version, score = told.score, p_unredeemed = told.p_unredeemed
    FROM unnest(CAST(:ids AS uuid[]), CAST(:versions AS integer[]), CAST(:scores AS smallint[]),
                CAST(:chances AS double precision[])) AS told (lien_id, version, score, p_unredeemed)
    JOIN ml.liens AS l ON l.lien_id = told.lien_id AND l.version = told.version
    WHERE s.lien_id = told.lien_id
    RETURNING s.lien_id
    """
)

_KEPT = text(
    "SELECT s.version, s.score, s.p_unredeemed, s.model_version, s.scored_at FROM ml.scores AS s"
    " WHERE s.lien_id = :lien_id AND s.scored_at IS NOT NULL"
)


class Waiting(NamedTuple):
    """A lien that waits to be scored, and the score it has had."""

    lien_id: UUID
    version: int
    score: int | None
    kind: str
    status: str
    synthetic: bool
    asked: AskedLien


class Kept(NamedTuple):
    """What was said of a lien in one of its versions, by which version of the model."""

    version: int
    score: int | None
    p_unredeemed: float | None
    model_version: int
    scored_at: datetime


async def is_any_waiting(session: Session, appointment: int) -> bool:
    """Tell whether a lien was not scored by ``appointment`` in its newest version."""
    waiting = select(Score.lien_id).where(Score.appointment < appointment)
    return bool(await session.scalar(select(waiting.exists())))


async def claim(session: Session, appointment: int, most: int) -> list[Waiting]:
    """Return liens that ``appointment`` has not scored, locked; none while another worker has its turn."""
    if not await session.scalar(_TURN):
        return []
    rows = await session.execute(_CLAIM, {"appointment": appointment, "most": most})
    return [
        Waiting(lien_id, version, score, kind, status, synthetic, AskedLien._make(asked))
        for lien_id, version, score, kind, status, synthetic, *asked in rows
    ]


async def write(
    session: Session,
    appointment: int,
    model_version: int,
    told: Sequence[tuple[Waiting, Scored]],
) -> set[UUID]:
    """Write what was said; returns the liens of which it was said in their newest version."""
    values = {
        "appointment": appointment,
        "model_version": model_version,
        "ids": [one.lien_id for one, _ in told],
        "versions": [one.version for one, _ in told],
        "scores": [said.score for _, said in told],
        "chances": [said.p_unredeemed for _, said in told],
    }
    return set(await session.scalars(_WRITE, values))


async def get(session: Session, lien_id: UUID) -> Kept | None:
    """Return what was said of a lien, last; None where nothing was yet."""
    row = (await session.execute(_KEPT, {"lien_id": lien_id})).one_or_none()
    return None if row is None else Kept(*row)
