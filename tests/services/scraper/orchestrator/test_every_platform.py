"""Every site the simulator plays can be collected to its end, and again without news."""

from __future__ import annotations

from typing import Any

from simulated_counties import SimulatedCounties
from taxlien.interfaces.scraper import ListCollected, ScrapeObserved
from taxlien.services.scraper.adapters.platforms.registry import PLATFORMS


async def test_one_site_of_every_platform_is_published_and_says_nothing_twice(
    collector: Any, counties: SimulatedCounties
) -> None:
    first = {site["platform"]: site for site in reversed(counties.sites())}
    sites = [site for platform, site in first.items() if platform in PLATFORMS]
    await collector.know(*sites)
    states = {}
    for site in sites:
        run = await collector.collect(f"{site['platform']}/{site['name']}")
        states[site["platform"]] = (run["state"], run["reason"])
    assert states == dict.fromkeys(states, ("published", None))
    assert await collector.events(ScrapeObserved)

    for site in sites:
        again = await collector.collect(f"{site['platform']}/{site['name']}")
        states[site["platform"]] = (again["state"], again["changed"])
    assert states == dict.fromkeys(states, ("published", 0))
    events = await collector.events()
    assert not [e for e in events if isinstance(e, ScrapeObserved | ListCollected)]
