"""The index is kept true to what models say of each lien, without asking the catalogue again."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from taxlien.interfaces.ml import LienScored
from taxlien.kit.database import Session
from taxlien.services.search.adapters import current
from taxlien.services.search.repository import scores
from taxlien.services.search.repository.scores import Told

from .moving import note_moves


async def keep_scores(session: Session, events: Sequence[LienScored]) -> int:
    """Keep the newest score of each lien, and let liens be found by it; returns how many were news.

    Idempotent: what is kept and what the index has is never replaced by something older. The index is
    durable on return; if the transaction is lost then, the same events come again.
    """
    newest: dict[UUID, Told] = {}
    for event in events:
        for one in event.scores:
            told = Told(one.lien_id, event.appointment, one.version, one.score)
            known = newest.get(one.lien_id)
            if known is None or known[1:3] < told[1:3]:
                newest[one.lien_id] = told
    kept = await scores.keep(session, list(newest.values()))
    if kept:
        engine = await current.writer()
        written = await engine.rescore({lien_id: moved.after for lien_id, moved in kept.items()})
        await engine.commit()
        await note_moves(session, engine, kept, written)
    return len(kept)
