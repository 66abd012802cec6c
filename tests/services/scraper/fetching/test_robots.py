"""robots.txt: asked for once, kept for all, obeyed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from taxlien.kit.cache import Cache
from taxlien.kit.ids import new_id
from taxlien.kit.settings import KitSettings
from taxlien.services.scraper.adapters.fetching.outcomes import Stopped, Unreachable
from taxlien.services.scraper.adapters.fetching.robots import (
    CachedRobots,
    Robots,
    RobotsRecord,
    record_of,
)
from taxlien.services.scraper.logic.sites import Politeness, Site

from .conftest import Fetching, Peer, page, reply, site_of

RULES = """
User-agent: *
Disallow: /private
Crawl-delay: 4

User-agent: BadBot
Disallow: /
"""
COUNTY = Site(
    name="x",
    platform="qpublic",
    title="x",
    county_fips="12001",
    base_url="https://county.example",
    legal_status="open_data",
    politeness=Politeness(requests_per_second=2, burst=5, concurrency=3),
)


async def test_what_is_disallowed_is_not_asked_for(peer: Peer, fetching: Fetching) -> None:
    peer.on("/robots.txt", reply(RULES))
    peer.on("/page", reply("fine"))
    site = site_of(peer)
    async with fetching(site) as fetcher:
        assert (await fetcher.fetch(site, page())).content == b"fine"
        with pytest.raises(Stopped) as stopped:
            await fetcher.fetch(site, page("/private/x?y=1"))
    assert stopped.value.kind == "robots"
    assert "disallows /private/x" in stopped.value.reason
    assert peer.pages == ["/page"]


async def test_rules_for_our_name_go_before_those_for_all(peer: Peer, fetching: Fetching) -> None:
    peer.on("/robots.txt", reply("User-agent: *\nDisallow: /\n\nUser-agent: TaxlienBot\nAllow: /"))
    peer.on("/page", reply("fine"))
    site = site_of(peer)
    async with fetching(site) as fetcher:
        assert (await fetcher.fetch(site, page())).status == 200
    async with fetching(site, agent="OtherBot") as fetcher:
        with pytest.raises(Stopped):
            await fetcher.fetch(site, page())


async def test_a_played_host_has_rules_of_its_own(peer: Peer, fetching: Fetching) -> None:
    peer.on("/a.example/robots.txt", reply("User-agent: *\nDisallow: /secret"))
    peer.on("/a.example/open", reply("fine"))
    site = site_of(peer, "/a.example")
    async with fetching(site) as fetcher:
        await fetcher.fetch(site, page("/open"))
        with pytest.raises(Stopped, match="disallows /secret"):
            await fetcher.fetch(site, page("/secret"))


async def test_rules_are_asked_for_once_however_many_pages_wait(
    peer: Peer, fetching: Fetching
) -> None:
    peer.on("/robots.txt", reply(RULES))
    site = site_of(peer)
    async with fetching(site) as fetcher:
        await asyncio.gather(*(fetcher.fetch(site, page(f"/{n}")) for n in range(20)))
    assert len(peer.of("/robots.txt")) == 1


@pytest.mark.parametrize("status", [404, 400, 401, 410])
async def test_a_host_without_rules_allows_everything(
    peer: Peer, fetching: Fetching, status: int
) -> None:
    peer.on("/robots.txt", reply("Disallow: /", status))
    site = site_of(peer)
    async with fetching(site) as fetcher:
        assert (await fetcher.fetch(site, page())).status == 404
        assert (await fetcher.robots(site)).status == status


async def test_rules_that_cannot_be_had_forbid_everything_for_now(
    peer: Peer, fetching: Fetching
) -> None:
    peer.on("/robots.txt", reply(status=500))
    site = site_of(peer)
    async with fetching(site, attempts=2) as fetcher:
        with pytest.raises(Unreachable):
            await fetcher.fetch(site, page())
    assert peer.pages == []


async def test_a_host_that_refuses_even_its_rules_is_left_alone(
    peer: Peer, fetching: Fetching
) -> None:
    peer.on("/robots.txt", reply(status=403))
    site = site_of(peer)
    async with fetching(site) as fetcher:
        with pytest.raises(Stopped):
            await fetcher.fetch(site, page())
    assert peer.pages == []


async def test_what_the_rules_say_is_told_for_the_record(peer: Peer, fetching: Fetching) -> None:
    peer.on("/robots.txt", reply(RULES))
    site = site_of(peer)
    async with fetching(site) as fetcher:
        facts = await fetcher.robots(site)
    assert (facts.status, facts.crawl_delay) == (200, 4.0)
    assert facts.url == f"http://127.0.0.1:{peer.port}/robots.txt"
    assert len(facts.sha256) == 64


def rules_of(text: str, asked: list[Site], store: CachedRobots | None = None) -> Robots:
    async def ask(site: Site) -> RobotsRecord:
        asked.append(site)
        return record_of(site, 200, text.encode())

    return Robots(ask, store, agent="TaxlienBot", hours=24)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("User-agent: *\nCrawl-delay: 10", Politeness(requests_per_second=0.1)),
        ("User-agent: *\nRequest-rate: 1/20", Politeness(requests_per_second=0.05)),
        ("User-agent: *\nCrawl-delay: 0.1", COUNTY.politeness),
        ("", COUNTY.politeness),
    ],
)
async def test_a_host_that_asks_for_more_time_gets_it(text: str, expected: Politeness) -> None:
    assert await rules_of(text, []).permit(COUNTY, "https://county.example/x") == expected


async def test_what_one_worker_asked_for_another_finds(kit_settings: KitSettings) -> None:
    cache = Cache(kit_settings.require("cache_url"), f"test-{new_id().hex}")
    asked: list[Site] = []
    for _ in range(2):
        robots = rules_of(RULES, asked, CachedRobots(cache))
        with pytest.raises(Stopped):
            await robots.permit(COUNTY, "https://county.example/private")
    await cache.close()
    assert len(asked) == 1


async def test_a_cache_that_is_down_only_means_asking_again() -> None:
    cache = Cache("redis://127.0.0.1:1", "test")
    asked: list[Site] = []
    facts = await rules_of(RULES, asked, CachedRobots(cache)).facts(COUNTY)
    await cache.close()
    assert facts.crawl_delay == 4.0
    assert facts.fetched_at <= datetime.now(UTC)
