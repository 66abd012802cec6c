"""What collecting hears: which counties people want."""

from __future__ import annotations

from taxlien.interfaces.scraper import CountyDemandChanged
from taxlien.interfaces.search import CountiesSearched
from taxlien.kit.database import Session
from taxlien.kit.handlers import on

from . import service


@on(CountiesSearched)
async def count_searches(session: Session, event: CountiesSearched) -> None:
    """Count searches towards the priority of the county's sources."""
    await service.count_searches(session, event.counts, event.until)


@on(CountyDemandChanged)
async def note_demand(session: Session, event: CountyDemandChanged) -> None:
    """Note how many watch a county or pay for its data."""
    await service.note_wish(session, event.county_fips, event.kind, event.count)
