"""What collecting hears: which counties people look for."""

from __future__ import annotations

from taxlien.interfaces.search import CountiesSearched
from taxlien.kit.database import Session
from taxlien.kit.handlers import on

from . import service


@on(CountiesSearched)
async def count_searches(session: Session, event: CountiesSearched) -> None:
    """Count searches towards the priority of the county's sources."""
    await service.count_searches(session, event.counts, event.until)
