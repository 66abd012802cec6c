"""A small world whose sites misbehave on purpose, and the real collector."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from county_collector import Collector, collector
from simulated_counties import SimulatedCounties, simulated
from taxlien.interfaces.scraper import ScrapeCompleted, ScrapeObserved, SourceStopped
from taxlien.services.scraper import service

__all__ = ["collector"]


class Misbehaving:
    """A source whose site misbehaves: its runs, what they said in all, and how it is healed."""

    def __init__(
        self, collector: Collector, counties: SimulatedCounties, site: dict[str, Any]
    ) -> None:
        self.collector = collector
        self.counties = counties
        self.site = site
        self.name = f"{site['platform']}/{site['name']}"
        self.host = str(site["base_url"].rsplit("/", 1)[-1])
        self.said: Counter[str] = Counter()
        self.completed: list[ScrapeCompleted] = []
        self.stopped: list[SourceStopped] = []

    def fail(self, *rules: dict[str, Any]) -> None:
        """Let the site misbehave from its next request on; with no rule it is well again."""
        self.counties.fail(self.host, *rules)

    async def run(self) -> dict[str, Any]:
        """Collect it once, and note what was said. Returns the run."""
        run = await self.collector.collect(self.name)
        for event in await self.collector.events():
            if isinstance(event, ScrapeCompleted):
                self.completed.append(event)
            elif isinstance(event, SourceStopped):
                self.stopped.append(event)
            elif isinstance(event, ScrapeObserved):
                self.said.update(f"parcel {one.parcel_id}" for one in event.parcels)
                self.said.update(
                    f"item {one.item_id or one.certificate_number}" for one in event.liens
                )
        return run

    async def state(self) -> str:
        return str((await self.collector.source(self.name))["status"])

    async def tasks(self) -> list[dict[str, Any]]:
        """What waits for a person."""
        async with self.collector.database.session() as session:
            return await service.open_tasks(session)

    async def facts(self) -> int:
        return await self.collector.count("facts", "gone_at IS NULL")

    async def left_over(self) -> int:
        """Rows that only a run under way or held back may have."""
        return await self.collector.count("staged") + await self.collector.count("run_pages")

    async def heal(self) -> None:
        """The site is well again, and a person looked at what waited for one."""
        self.fail()
        status = await self.state()
        async with self.collector.database.session() as session:
            if status == "stopped":
                await service.resume_source(session, self.name)
            elif status == "quarantined":
                await service.discard_run(session, self.name)
        await self.collector.events()
        assert await self.state() == "active"
        assert await self.tasks() == []


@pytest.fixture(scope="session")
def small_world() -> Iterator[SimulatedCounties]:
    """Counties of every platform, with forty parcels each."""
    with simulated(counties=5, parcels=200) as counties:
        yield counties


@pytest.fixture
def counties(small_world: SimulatedCounties) -> Iterator[SimulatedCounties]:
    """The same; faults that a test makes are taken back."""
    yield small_world
    small_world.fail(None)
