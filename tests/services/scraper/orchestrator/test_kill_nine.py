"""Kill -9 whoever drives a run: another goes on at the page, nothing is lost and nothing said twice."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter
from typing import Any
from uuid import UUID

import pytest

from simulated_counties import SimulatedCounties
from taxlien.interfaces.scraper import ScrapeCompleted, ScrapeObserved
from taxlien.services.scraper.adapters import current

DRIVE = """
import asyncio, sys
from uuid import UUID
from taxlien.kit.database import Database
from taxlien.services.scraper import service
async def main():
    database = Database(sys.argv[1], service="scraper")
    await service.drive(database, UUID(sys.argv[2]), stop=asyncio.Event())
asyncio.run(main())
"""


async def start_driver(collector: Any, run_id: UUID) -> asyncio.subprocess.Process:
    url = collector.database.engine.url.set(drivername="postgresql")
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", DRIVE, url.render_as_string(hide_password=False), str(run_id),
        env={**os.environ}, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip


async def until(collector: Any, query: str, **values: Any) -> None:
    """Look again until the query finds something."""
    async with asyncio.timeout(60):
        while not await collector.mappings(query, **values):  # noqa: ASYNC110 - another's work
            await asyncio.sleep(0.01)


async def test_a_driver_killed_at_any_stage_loses_no_page_and_says_nothing_twice(
    collector: Any, counties: SimulatedCounties, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("LEASE_SECONDS", "1"), ("BATCH_PAGES", "4"), ("PUBLISH_PAGES", "3")):
        monkeypatch.setenv(f"TAXLIEN_SCRAPER_{name}", value)
    current.settings.cache_clear()
    site = counties.sites("qpublic")[1]
    name = f"qpublic/{site['name']}"
    await collector.know(site)
    run_id = await collector.begin(name)
    done = "SELECT 1 FROM scraper.runs WHERE id = :id AND (figures ->> 'pages')::int >= :pages"
    for pages in (24,):
        driver = await start_driver(collector, run_id)
        await until(collector, done, id=run_id, pages=pages)
        driver.send_signal(signal.SIGKILL)
        await driver.wait()
        await until(collector, "SELECT 1 FROM scraper.runs WHERE leased_until < now()")
    driver = await start_driver(collector, run_id)
    await until(collector, "SELECT 1 FROM scraper.facts")
    driver.send_signal(signal.SIGKILL)
    await driver.wait()
    await until(
        collector,
        "SELECT 1 FROM scraper.runs WHERE leased_until < now() OR leased_until IS NULL",
    )
    while (await collector.run(run_id))["state"] == "open":
        await collector.drive(run_id)

    events = await collector.events()
    said = Counter(
        parcel.parcel_id
        for event in events
        if isinstance(event, ScrapeObserved)
        for parcel in event.parcels
    )
    expected = site["expected"]["max_records"]
    assert len(said) == expected
    assert set(said.values()) == {1}
    assert [e.state for e in events if isinstance(e, ScrapeCompleted)] == ["published"]
    run = await collector.run(run_id)
    assert run["figures"]["records"] == {"parcel": expected}
    assert await collector.count("facts") == expected
    again = await collector.collect(name)
    assert (again["state"], again["changed"]) == ("published", 0)


async def test_two_drivers_at_once_are_one(collector: Any, counties: SimulatedCounties) -> None:
    site = counties.sites("qpublic")[2]
    await collector.know(site)
    run_id = await collector.begin(f"qpublic/{site['name']}")
    await asyncio.gather(*(collector.drive(run_id) for _ in range(4)))
    run = await collector.run(run_id)
    assert run["state"] == "published"
    observed = await collector.events(ScrapeObserved)
    assert sum(len(event.parcels) for event in observed) == site["expected"]["max_records"]
