"""Collecting follows what people watch: how many watch a county is announced when it changed."""

from __future__ import annotations

from datetime import UTC, datetime

from taxlien.interfaces.scraper import CountyDemandChanged
from taxlien.kit.database import Session
from taxlien.kit.outbox import emit_many
from taxlien.services.portfolio.repository import demand

_COUNTIES_AT_ONCE = 500


async def announce_demand(session: Session) -> int:
    """Announce counties whose number of watchers changed since they were announced; returns how many.

    People are counted, not watches; what came and went in between is not announced at all.
    """
    counted = await demand.recount(session, _COUNTIES_AT_ONCE)
    events = [
        CountyDemandChanged(
            county_fips=found.county_fips,
            kind="watchlists",
            count=found.watchers,
            at=datetime.now(UTC),
        )
        for found in counted
        if found.watchers != found.announced
    ]
    if events:
        await emit_many(session, events)
    return len(events)
