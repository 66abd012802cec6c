"""Kept pages read again: nothing new where the parser reads the same, and only what it reads otherwise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from simulated_counties import SimulatedCounties
from taxlien.interfaces.scraper import ScrapeObserved
from taxlien.services.scraper import service


async def reparse(collector: Any, since: datetime) -> dict[str, Any] | None:
    begun, left_out = await service.start_reparse(collector.database, since)
    assert left_out == []
    if not begun:
        return None
    [run] = begun
    await collector.drive(run.run_id)
    found: dict[str, Any] = await collector.run(run.run_id)
    return found


async def test_only_what_todays_parser_reads_otherwise_is_published(
    collector: Any, counties: SimulatedCounties
) -> None:
    site = counties.sites("qpublic")[0]
    await collector.know(site)
    began = datetime.now(UTC) - timedelta(minutes=1)
    collected = await collector.collect(f"qpublic/{site['name']}")
    await collector.events()
    asked = counties.status()

    run = await reparse(collector, began)
    assert run is not None
    assert (run["state"], run["changed"], run["kind"]) == ("published", 0, "reparse")
    assert run["figures"]["pages"] == collected["figures"]["pages"]
    assert await collector.events(ScrapeObserved) == []

    async with collector.database.session() as session:  # as an earlier parser had read three
        await session.execute(
            text(
                "UPDATE scraper.facts SET sha256 = decode(repeat('00', 32), 'hex'),"
                " said = said - 'land_use' WHERE (page, kind, key) IN"
                " (SELECT page, kind, key FROM scraper.facts ORDER BY key LIMIT 3)"
            )
        )
    run = await reparse(collector, began)
    assert run is not None
    assert (run["state"], run["changed"]) == ("published", 3)
    observed = await collector.events(ScrapeObserved)
    assert sum(len(event.parcels) for event in observed) == 3
    assert all(parcel.land_use for event in observed for parcel in event.parcels)
    assert counties.status()["requests"] == asked["requests"]
    assert await reparse(collector, datetime.now(UTC) + timedelta(hours=1)) is None
