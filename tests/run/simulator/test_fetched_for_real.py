"""The real fetcher over a real connection: sessions, steps, forms, conditional requests hold there too."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from agreed_counties import Collected
from simulated_counties import DAY, SimulatedCounties, simulated
from taxlien.kit.settings import KitSettings
from taxlien.services.scraper.adapters.fetching.fetcher import Fetcher
from taxlien.services.scraper.adapters.fetching.opening import fetcher_for
from taxlien.services.scraper.adapters.fetching.outcomes import Stopped
from taxlien.services.scraper.adapters.platforms.open_data import PLATFORM as OPEN_DATA
from taxlien.services.scraper.adapters.platforms.registry import PLATFORMS
from taxlien.services.scraper.logic.pages import Page, PageRequest, Scope
from taxlien.services.scraper.logic.sites import Site, site_of
from taxlien.services.scraper.settings import FetchingSettings

MOST_PAGES = 40
SITES = [
    "qpublic/sim_fl_alachua",  # terms in a modal, the next record by a postback
    "beacon/sim_fl_franklin",  # the postback redirects
    "iasworld/sim_oh_adams",  # every datalet on one page
    "iasworld/sim_oh_cuyahoga",  # behind a disclaimer
    "realauction/sim_fl_alachua_realtaxdeed",  # the day is bound to the session
    "realtaxlien/sim_fl_alachua",
    "lienhub/sim_fl_franklin",  # an id for each visit, a token for each page
    "bid4assets/sim_wa_adams",
    "open_data/sim_md_baltimore_city_opendata",
]


@pytest.fixture(scope="module")
def counties() -> Iterator[SimulatedCounties]:
    with simulated(counties=15, parcels=15 * 300) as running:
        yield running


@pytest.fixture
async def fetcher(
    counties: SimulatedCounties, kit_settings: KitSettings
) -> AsyncIterator[tuple[Fetcher, dict[str, Site]]]:
    sites = {site.source: site for site in map(site_of, counties.sites())}
    settings = FetchingSettings(cache_url=kit_settings.cache_url)
    async with fetcher_for(settings, sites.values()) as opened:
        yield opened, sites


@pytest.mark.parametrize("source", SITES)
async def test_a_run_reads_every_page_it_fetches(
    fetcher: tuple[Fetcher, dict[str, Site]], source: str
) -> None:
    opened, sites = fetcher
    site, found, known = sites[source], Collected(), set()
    platform = {**PLATFORMS, "open_data": OPEN_DATA}[site.platform]
    scope = Scope(today=DAY, parcels=tuple(site.start.get("parcels", ()))[:5])
    waiting, lists = list(platform.start(site, scope)), 0
    while waiting and len(known) < MOST_PAGES:
        request = waiting.pop(0)
        if request.key in known:
            continue
        known.add(request.key)
        came = await opened.fetch(site, request)
        page = Page(
            request=request, url=came.url, text=came.content.decode(), fetched_at=came.fetched_at
        )
        reading = platform.read(page, site)
        found.take(request.kind, request.key, reading)
        lists += len(reading.lists)
        waiting += reading.follow
    assert set(found.verdicts) <= {"ok", "empty"}
    assert found.verdicts["ok"] > 0
    assert found.short == []
    assert found.parcels or found.liens or lists or site.platform == "lienhub"


async def test_an_unchanged_list_is_not_sent_again(
    fetcher: tuple[Fetcher, dict[str, Site]],
) -> None:
    opened, sites = fetcher
    site = sites["open_data/sim_mt_flathead_opendata"]
    [request] = OPEN_DATA.start(site, Scope(today=DAY))
    first = await opened.fetch(site, request)
    again = await opened.fetch(site, request, etag=first.etag, last_modified=first.last_modified)
    assert (first.not_modified, again.not_modified) == (False, True)


@pytest.mark.parametrize("fault", ["forbidden", "too_many_requests", "challenge"])
async def test_a_refusal_stops_the_source(
    counties: SimulatedCounties, fetcher: tuple[Fetcher, dict[str, Site]], fault: str
) -> None:
    opened, sites = fetcher
    site = sites["qpublic/sim_fl_alachua"]
    counties.fail("fl-alachua.qpublic", {"fault": fault, "since": 1})
    try:
        with pytest.raises(Stopped) as stopped:
            await opened.fetch(site, PageRequest(key="x", kind="report", path="/Application.aspx"))
        assert stopped.value.kind == fault
    finally:
        counties.fail(None)
