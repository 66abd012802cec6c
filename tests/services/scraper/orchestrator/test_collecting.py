"""A run from its first page to its events: once, whole, and again without a word."""

from __future__ import annotations

from typing import Any

import pytest

from simulated_counties import SimulatedCounties
from taxlien.interfaces.scraper import ScrapeCompleted, ScrapeObserved


@pytest.mark.parametrize("platform", ["qpublic", "realauction"])
async def test_a_source_is_collected_whole_and_a_second_run_says_nothing(
    collector: Any, counties: SimulatedCounties, platform: str
) -> None:
    site = counties.sites(platform)[0]
    name = f"{platform}/{site['name']}"
    await collector.know(site)
    run = await collector.collect(name)
    assert (run["state"], run["reason"]) == ("published", None)
    events = await collector.events()
    observed = [event for event in events if isinstance(event, ScrapeObserved)]
    [completed] = [event for event in events if isinstance(event, ScrapeCompleted)]
    assert observed
    assert completed.state == "published"
    assert completed.changed == run["changed"] > 0
    assert await collector.count("run_pages") == 0
    assert await collector.count("staged") == 0

    again = await collector.collect(name)
    assert (again["state"], again["changed"]) == ("published", 0)
    assert await collector.events(ScrapeObserved) == []
