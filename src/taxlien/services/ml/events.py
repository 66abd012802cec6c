"""What ml hears: every lien that appeared or changed, and what it knows of it."""

from __future__ import annotations

from taxlien.interfaces.liens import LienChanged, LienCreated, LienStatusChanged
from taxlien.kit.database import Session
from taxlien.kit.handlers import on_batch

from . import service


# Nothing waits for these facts: what is indexed goes first.
@on_batch(
    LienCreated,
    LienChanged,
    LienStatusChanged,
    max_messages=1_000,
    max_wait=0.2,
    unless=service.nobody_asks,
    patient=True,
)
async def keep_facts(
    session: Session, events: list[LienCreated | LienChanged | LienStatusChanged]
) -> None:
    """Keep what models need of the liens of a batch."""
    await service.keep_facts(session, [event.lien for event in events])
