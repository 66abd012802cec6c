"""The index is kept true to what the catalogue says of each lien."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from taxlien.interfaces.liens import Lien
from taxlien.services.search.adapters import current
from taxlien.services.search.logic.document import document_of

_CHUNK = 500


async def index_liens(liens: Sequence[Lien]) -> int:
    """Make ``liens`` findable and return how many were newer than what the index had.

    Idempotent by id and version, and durable on return: a caller that crashes before it acknowledged
    may hand in the same liens again, and older versions never replace newer ones.
    """
    engine = await current.writer()
    applied = 0
    for start in range(0, len(liens), _CHUNK):
        applied += await engine.upsert([document_of(x) for x in liens[start : start + _CHUNK]])
        await asyncio.sleep(0)  # pricing a chunk takes tens of milliseconds: let others have a turn
    await engine.commit()
    return applied
