"""Where a record was seen is where anybody sees it, also where a form led to it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from simulated_counties import SimulatedCounties
from taxlien.interfaces.scraper import ScrapeObserved


async def test_the_address_of_every_parcel_is_that_of_its_own_page(
    collector: Any, counties: SimulatedCounties
) -> None:
    [site, *_] = counties.sites("qpublic")
    first = site["start"]["first_keys"][:2]  # from there on every record is reached by a form
    site = {**site, "start": {**site["start"], "first_keys": first}}
    await collector.know(site)
    await collector.collect(f"qpublic/{site['name']}")
    observed = await collector.events(ScrapeObserved)
    seen = {
        parcel.parcel_id: parse_qs(urlsplit(event.page.url).query)["KeyValue"]
        for event in observed
        for parcel in event.parcels
    }
    assert len(seen) == site["expected"]["max_records"]
    assert seen == {parcel_id: [parcel_id] for parcel_id in seen}
    assert any(event.page.key.startswith("after ") for event in observed)
