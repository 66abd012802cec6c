"""Proxies: only where the publisher allows collecting, chosen by how well they served, caught when they lie.

The peers speak as the vendors document it; no vendor is asked.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from taxlien.kit.ids import new_id
from taxlien.kit.settings import KitSettings, SettingsError
from taxlien.services.scraper.adapters.fetching.opening import routes_of
from taxlien.services.scraper.adapters.fetching.outcomes import Refused, Stopped, Unreachable
from taxlien.services.scraper.adapters.fetching.proxies.health import ProxyHealth, Standing
from taxlien.services.scraper.logic.sites import Politeness, Site
from taxlien.services.scraper.settings import FetchingSettings, ProxySettings

from .conftest import Asked, Fetching, Peer, page, reply, serving, site_of

COUNTY = "http://county.example"
CANARY = "http://canary.example/page"
PROXIED = Politeness(requests_per_second=1000, burst=100, concurrency=8, proxies=True)


def county(peer: Peer, **changes: Any) -> Site:
    given = {"base_url": COUNTY, "legal_status": "open_data", "politeness": PROXIED}
    return site_of(peer, **given | changes)


def own(*peers: Peer, **changes: Any) -> ProxySettings:
    addresses = [f"http://user:secret@127.0.0.1:{peer.port}" for peer in peers]
    return ProxySettings(provider="own_list", own_list=addresses, **changes)  # type: ignore[arg-type]


@pytest.fixture
async def other() -> AsyncIterator[Peer]:
    async with serving(Peer()) as running:
        yield running


async def test_an_own_proxy_is_asked_for_the_whole_address(peer: Peer, fetching: Fetching) -> None:
    peer.on(f"{COUNTY}/page", reply("by the proxy"))
    site = county(peer)
    async with fetching(site, proxies=own(peer)) as fetcher:
        assert (await fetcher.fetch(site, page())).content == b"by the proxy"
    asked = peer.of(f"{COUNTY}/page")[0].headers
    assert base64.b64decode(asked["proxy-authorization"].split()[1]) == b"user:secret"
    assert asked["host"] == "county.example"


@pytest.mark.parametrize(
    "changes",
    [
        {"politeness": Politeness(requests_per_second=1000)},
        {"legal_status": "synthetic", "base_url": "http://localhost:1"},
    ],
    ids=["not wanted", "simulated"],
)
async def test_proxies_serve_nobody_else(
    peer: Peer, fetching: Fetching, changes: dict[str, Any]
) -> None:
    async def nowhere(host: str, port: int) -> list[str]:
        raise OSError

    site = county(peer, **changes)
    async with fetching(site, proxies=own(peer), attempts=1, look_up=nowhere) as fetcher:
        with pytest.raises(Unreachable):
            await fetcher.fetch(site, page())
    assert peer.asked == []


@pytest.mark.parametrize("status", ["terms_forbid", "unknown"])
async def test_nothing_hides_behind_a_proxy(peer: Peer, fetching: Fetching, status: str) -> None:
    site = county(peer, legal_status=status)
    async with fetching(site, proxies=own(peer)) as fetcher:
        with pytest.raises(Stopped):
            await fetcher.fetch(site, page())
    assert peer.asked == []


async def test_a_refusal_by_the_host_stops_the_source_all_the_same(
    peer: Peer, other: Peer, fetching: Fetching
) -> None:
    for proxy in (peer, other):
        proxy.on(f"{COUNTY}/page", reply(status=403))
    site = county(peer)
    async with fetching(site, proxies=own(peer, other)) as fetcher:
        with pytest.raises(Stopped):
            await fetcher.fetch(site, page())
    assert len(peer.of(f"{COUNTY}/page")) + len(other.of(f"{COUNTY}/page")) == 1


async def test_another_proxy_serves_where_one_fails(
    peer: Peer, other: Peer, fetching: Fetching
) -> None:
    async def silent(writer: asyncio.StreamWriter, asked: Asked) -> None:
        writer.close()

    peer.on(f"{COUNTY}/page", silent)
    peer.on(f"{COUNTY}/robots.txt", silent)
    other.on(f"{COUNTY}/page", reply("fine"))
    site = county(peer)
    async with fetching(site, proxies=own(peer, other, cool_seconds=600)) as fetcher:
        for _ in range(6):
            assert (await fetcher.fetch(site, page())).content == b"fine"
    assert len(peer.asked) <= 1, "a proxy that failed rests"


async def test_pages_of_a_session_leave_by_one_proxy(
    peer: Peer, other: Peer, fetching: Fetching
) -> None:
    for proxy in (peer, other):
        proxy.on(f"{COUNTY}/page", reply("fine"))
    site = county(peer)
    async with fetching(site, proxies=own(peer, other)) as fetcher:
        for _ in range(8):
            await fetcher.fetch(site, page(session="day"))
    used = [len(proxy.of(f"{COUNTY}/page")) for proxy in (peer, other)]
    assert sorted(used) == [0, 8]


def proved(*peers: Peer) -> ProxySettings:
    sha256 = hashlib.sha256(b"the canary").hexdigest()
    return own(*peers, canary_url=CANARY, canary_sha256=sha256)


@pytest.mark.parametrize(
    "lie",
    [
        reply("the canary, and an advertisement"),
        reply("the canar"),
        reply("the canary", status=203),
        reply("please pay"),
    ],
    ids=["added", "cut", "status", "other"],
)
async def test_a_proxy_that_lies_never_serves(
    peer: Peer, other: Peer, fetching: Fetching, lie: bytes
) -> None:
    peer.on(CANARY, lie)
    peer.on(f"{COUNTY}/page", reply("false"))
    other.on(CANARY, reply("the canary"))
    other.on(f"{COUNTY}/page", reply("true"))
    site = county(peer)
    async with fetching(site, proxies=proved(peer, other)) as fetcher:
        for _ in range(6):
            assert (await fetcher.fetch(site, page())).content == b"true"
    assert [asked.target for asked in peer.asked] in ([], [CANARY])
    assert len(other.of(CANARY)) == 1


async def test_liars_alone_leave_the_page_unreached(peer: Peer, fetching: Fetching) -> None:
    peer.on(CANARY, reply("a lie"))
    site = county(peer)
    async with fetching(site, proxies=proved(peer), attempts=2) as fetcher:
        with pytest.raises(Unreachable, match="no proxy is fit"):
            await fetcher.fetch(site, page())
    assert {asked.target for asked in peer.asked} == {CANARY}


async def test_a_page_that_a_proxy_cuts_off_is_asked_for_again(
    peer: Peer, other: Peer, fetching: Fetching
) -> None:
    async def cut(writer: asyncio.StreamWriter, asked: Asked) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 400\r\n\r\nhalf a page")
        writer.close()

    peer.on(f"{COUNTY}/page", cut)
    other.on(f"{COUNTY}/page", reply("whole"))
    site = county(peer)
    async with fetching(site, proxies=own(peer, other), attempts=3) as fetcher:
        for _ in range(4):
            assert (await fetcher.fetch(site, page())).content == b"whole"


def bright(peer: Peer) -> ProxySettings:
    url = f"http://brd-customer-hl_1-zone-data:pass@127.0.0.1:{peer.port}"
    return ProxySettings(provider="bright_data", bright_data_url=url, size=2)  # type: ignore[arg-type]


async def test_bright_data_is_told_a_session_in_the_users_name(
    peer: Peer, fetching: Fetching
) -> None:
    peer.on(f"{COUNTY}/page", reply("fine"))
    site = county(peer)
    async with fetching(site, proxies=bright(peer)) as fetcher:
        for _ in range(3):
            await fetcher.fetch(site, page(session="day"))
    told = {asked.headers["proxy-authorization"] for asked in peer.of(f"{COUNTY}/page")}
    user, password = base64.b64decode(told.pop().split()[1]).decode().split(":")
    stem, _, session = user.rpartition("-session-")
    assert (stem, password, told) == ("brd-customer-hl_1-zone-data", "pass", set())
    assert session.isalnum()


async def test_a_failure_of_bright_data_is_not_taken_for_the_page(
    peer: Peer, fetching: Fetching
) -> None:
    peer.on(f"{COUNTY}/page", reply("", 200, x_brd_err_code="client_10100"))
    site = county(peer)
    async with fetching(site, proxies=bright(peer), attempts=1) as fetcher:
        with pytest.raises(Unreachable, match="client_10100"):
            await fetcher.fetch(site, page())


def bee(peer: Peer) -> ProxySettings:
    url = f"http://127.0.0.1:{peer.port}/api/v1/"
    return ProxySettings(
        provider="scraping_bee",
        scraping_bee_url=url,
        scraping_bee_key="the-key",
        size=1,  # type: ignore[arg-type]
    )


def told(body: str, status: int = 200, resolved: str = f"{COUNTY}/page", **headers: str) -> bytes:
    return reply(
        body,
        status,
        Spb_initial_status_code=str(status),
        Spb_resolved_url=resolved,
        Spb_cost="1",
        content_type="text/plain",
        **{f"Spb_{name}": value for name, value in headers.items()},
    )


async def test_scraping_bee_is_asked_as_documented(peer: Peer, fetching: Fetching) -> None:
    peer.on("/api/v1/", told("", 404), told("fine", content_type="text/html", etag='"v1"'))
    site = county(peer)
    async with fetching(site, proxies=bee(peer)) as fetcher:
        fetched = await fetcher.fetch(site, page("/page?a=1&b=2"), etag='"v0"')
    asked = peer.asked[-1]
    given = parse_qs(urlsplit(asked.target).query)
    session = given.pop("session_id")[0]
    assert session.isdecimal()
    assert given == {
        "api_key": ["the-key"],
        "url": [f"{COUNTY}/page?a=1&b=2"],
        "render_js": ["false"],
        "transparent_status_code": ["true"],
        "forward_headers": ["true"],
    }
    assert asked.headers["spb-if-none-match"] == '"v0"'
    assert asked.headers["spb-user-agent"].startswith("TaxlienBot/")
    assert fetched.content == b"fine"
    assert fetched.etag == '"v1"'
    assert fetched.headers == {"content-type": "text/html", "etag": '"v1"'}
    assert fetched.url == f"{COUNTY}/page?a=1&b=2"


async def test_scraping_bee_gives_the_hosts_own_status(peer: Peer, fetching: Fetching) -> None:
    peer.on("/api/v1/", told("", 404), told("no", 403))
    site = county(peer)
    async with fetching(site, proxies=bee(peer)) as fetcher:
        with pytest.raises(Stopped):
            await fetcher.fetch(site, page())


async def test_a_failure_of_scraping_bee_is_not_the_hosts(peer: Peer, fetching: Fetching) -> None:
    peer.on("/api/v1/", told("", 404), reply('{"message": "no credit"}', 401))
    site = county(peer)
    async with fetching(site, proxies=bee(peer), attempts=1) as fetcher:
        with pytest.raises(Unreachable, match="ScrapingBee answered 401") as unreachable:
            await fetcher.fetch(site, page())
    assert "the-key" not in str(unreachable.value)


async def test_scraping_bee_cannot_lead_to_another_host(peer: Peer, fetching: Fetching) -> None:
    peer.on("/api/v1/", told("", 404), told("x", resolved="http://elsewhere.example/"))
    site = county(peer)
    async with fetching(site, proxies=bee(peer)) as fetcher:
        with pytest.raises(Refused, match=r"elsewhere\.example"):
            await fetcher.fetch(site, page())


@pytest.fixture
async def health(kit_settings: KitSettings) -> AsyncIterator[ProxyHealth]:
    url = kit_settings.require("cache_url")
    opened = ProxyHealth(url, f"test-{new_id().hex}", evict_after=3, cool_seconds=0.001)
    yield opened
    await opened.close()


async def test_success_raises_and_failure_lowers_the_score(health: ProxyHealth) -> None:
    for _ in range(5):
        await health.record("good", worked=True, seconds=0.5)
        await health.record("slow", worked=True, seconds=20)
        await health.record("mixed", worked=True, seconds=0.5)
        await health.record("mixed", worked=False, seconds=0.5)
    await health.record("mixed", worked=True, seconds=0.5)
    good, slow, mixed = [await health.standing(name) for name in ("good", "slow", "mixed")]
    assert good.score > mixed.score > 0
    assert good.score > slow.score > 0
    assert (await health.standing("new")).score == Standing().score > 0


async def test_a_proxy_that_fails_in_a_row_is_evicted(health: ProxyHealth) -> None:
    evicted = [await health.record("bad", worked=False, seconds=1) for _ in range(3)]
    assert evicted == [False, False, True]
    assert (await health.standing("bad")).score == 0


async def test_a_banned_proxy_rests(health: ProxyHealth) -> None:
    await health.record("banned", worked=False, seconds=1, banned=True)
    standing = await health.standing("banned")
    assert standing.resting
    assert standing.score == 0


async def test_health_is_unknown_while_valkey_is_away() -> None:
    health = ProxyHealth("redis://127.0.0.1:1", "test", evict_after=1, cool_seconds=1)
    assert not await health.record("any", worked=False, seconds=1)
    assert await health.standing("any") == Standing()
    await health.close()


@pytest.mark.parametrize("provider", ["own_list", "bright_data", "scraping_bee"])
def test_a_provider_without_credentials_is_told_in_words(provider: str) -> None:
    settings = FetchingSettings(cache_url="redis://127.0.0.1:1")
    asked = ProxySettings(provider=provider)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="TAXLIEN_SCRAPER_PROXY_"):
        routes_of(asked, settings, None)  # type: ignore[arg-type]
    assert routes_of(ProxySettings(), settings, None) is None  # type: ignore[arg-type]
