"""Servers of ours that go away in the middle of a run: it goes on where it was, whole, each page said once.

``OUTAGE_SECONDS=60 pytest tests/services/scraper/faults/test_outages.py`` makes it the minute we promise.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest
import structlog

from cables import Cable
from simulated_counties import SimulatedCounties
from taxlien.kit.database import Database
from taxlien.services.scraper import service
from taxlien.services.scraper.adapters import current

from .conftest import Misbehaving

OUTAGE_SECONDS = float(os.environ.get("OUTAGE_SECONDS", "5"))
SHORTER_SECONDS = OUTAGE_SECONDS * 0.4
PARCELS = 40
# How the collector is told of a server, and where the run's own is.
SETTINGS = {
    "cache": ("TAXLIEN_SCRAPER_CACHE_URL", "TAXLIEN_CACHE_URL"),
    "objects": ("TAXLIEN_OBJECTS_ENDPOINT", "TAXLIEN_OBJECTS_ENDPOINT"),
}


async def test_a_database_that_is_away_in_the_middle_costs_no_page(
    collector: Any, counties: SimulatedCounties
) -> None:
    cable = Cable(collector.database.engine.url.render_as_string(hide_password=False))
    await cable.join()
    database = Database(cable.url, service="scraper")
    try:
        site = site_of(collector, counties)
        await whole_in_spite_of(cable, site, database, OUTAGE_SECONDS)
    finally:
        await database.close()
        await cable.cut()


@pytest.mark.parametrize("part", ["cache", "objects"])
async def test_a_server_that_is_away_in_the_middle_costs_no_page(
    collector: Any,
    counties: SimulatedCounties,
    stack_environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    part: str,
) -> None:
    setting, known = SETTINGS[part]
    cable = Cable(stack_environment[known])
    await cable.join()
    monkeypatch.setenv(setting, cable.url)
    current.blobs.cache_clear()
    try:
        site = site_of(collector, counties)
        await whole_in_spite_of(cable, site, collector.database, SHORTER_SECONDS)
    finally:
        await cable.cut()


def site_of(collector: Any, counties: SimulatedCounties) -> Misbehaving:
    """A site so slow and so politely asked that a run takes some seconds."""
    [document, *_] = counties.sites("iasworld")
    polite = {"requests_per_second": 200.0, "burst": 20, "concurrency": 2}
    return Misbehaving(collector, counties, {**document, "politeness": polite})


async def whole_in_spite_of(
    cable: Cable, site: Misbehaving, database: Database, seconds: float
) -> None:
    """Cut the cable for a while in the middle of a run, and hold the run to be as if nothing had been."""
    collector = site.collector
    await collector.know(site.site)
    site.fail({"fault": "slow", "share": 1.0, "seconds": 0.03})
    run_id = await collector.begin(site.name)
    going = asyncio.create_task(go_on(collector, database, run_id))
    read = "SELECT 1 FROM scraper.runs WHERE (figures ->> 'pages')::int >= 8"
    async with asyncio.timeout(30):
        while not await collector.mappings(read):  # noqa: ASYNC110 - another task's work
            await asyncio.sleep(0.02)
    assert cable.carried > 0
    await cable.cut()
    await asyncio.sleep(seconds)
    site.fail()
    assert (await collector.run(run_id))["state"] == "open"
    await cable.join()
    async with asyncio.timeout(60):
        await going

    run = await collector.run(run_id)
    assert (run["state"], run["reason"]) == ("published", None)
    assert run["figures"]["records"] == {"parcel": PARCELS}
    assert await site.facts() == PARCELS
    assert await site.left_over() == 0
    again = await site.run()
    assert (again["state"], again["changed"]) == ("published", 0)
    assert len(site.said) == PARCELS
    assert set(site.said.values()) == {1}


async def go_on(collector: Any, database: Database, run_id: Any) -> None:
    """Go on with the run as workers do: a job that fails is sent out again while the run is open."""
    while (await collector.run(run_id))["state"] == "open":
        try:
            await service.drive(database, run_id, stop=asyncio.Event(), seconds=5)
        except Exception as error:
            structlog.get_logger("tests").info("job_failed", error=type(error).__name__)
        await asyncio.sleep(0.1)
