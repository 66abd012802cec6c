"""What search hears: every lien that appeared or changed becomes findable."""

from __future__ import annotations

from taxlien.interfaces.liens import LienChanged, LienCreated, LienStatusChanged
from taxlien.kit.database import Session
from taxlien.kit.handlers import on_batch

from . import service


@on_batch(LienCreated, LienChanged, LienStatusChanged, max_messages=5_000, max_wait=0.2)
async def index_liens(
    session: Session, events: list[LienCreated | LienChanged | LienStatusChanged]
) -> None:
    """Index the liens of a batch. The index is durable before the session's transaction commits."""
    await service.index_liens([event.lien for event in events])
