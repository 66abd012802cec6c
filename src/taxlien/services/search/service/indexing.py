"""The index is kept true to what the catalogue says of each lien."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

from taxlien.interfaces.liens import Lien
from taxlien.kit.database import Session
from taxlien.services.search.adapters import current
from taxlien.services.search.logic.document import document_of
from taxlien.services.search.logic.scoring import scored
from taxlien.services.search.repository import scores

_CHUNK = 500


_NONE: Mapping[UUID, int] = {}


async def index_arrived(session: Session, liens: Sequence[Lien]) -> int:
    """Do what ``index_liens`` does, with the scores that came before their liens: where a file is read
    again, or the index was lost."""
    known = await scores.scores_of(session, [lien.lien_id for lien in liens])
    return await index_liens(liens, known)


async def index_liens(liens: Sequence[Lien], known: Mapping[UUID, int] = _NONE) -> int:
    """Make ``liens`` findable and return how many were newer than what the index had.

    Idempotent by id and version, and durable on return: a caller that crashes before it acknowledged
    may hand in the same liens again, and older versions never replace newer ones. ``known`` are risk
    scores of liens that the index does not have; of all others it keeps its own.
    """
    engine = await current.writer()
    applied = 0
    for start in range(0, len(liens), _CHUNK):
        documents = [document_of(lien) for lien in liens[start : start + _CHUNK]]
        if known:
            documents = [scored(d, known.get(d.lien_id)) for d in documents]
        applied += await engine.upsert(documents)
        await asyncio.sleep(0)  # pricing a chunk takes tens of milliseconds: let others have a turn
    await engine.commit()
    return applied
