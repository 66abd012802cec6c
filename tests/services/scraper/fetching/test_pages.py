"""A page as it is asked for, and as it comes back."""

from __future__ import annotations

import json

import pytest

from taxlien.services.scraper.adapters.fetching.outcomes import Refused, Stopped
from taxlien.services.scraper.logic.sites import Site, Terms

from .conftest import Fetching, Peer, page, reply, site_of


async def test_a_page_comes_with_what_its_host_said_of_it(peer: Peer, fetching: Fetching) -> None:
    peer.on(
        "/page", reply("<p>hello</p>", etag='"v1"', last_modified="Sun, 01 Nov 2026 10:00:00 GMT")
    )
    site = site_of(peer)
    async with fetching(site) as fetcher:
        fetched = await fetcher.fetch(site, page("/page?x=1"))
    assert (fetched.status, fetched.content) == (200, b"<p>hello</p>")
    assert fetched.url == f"http://127.0.0.1:{peer.port}/page?x=1"
    assert (fetched.etag, fetched.last_modified) == ('"v1"', "Sun, 01 Nov 2026 10:00:00 GMT")
    assert not fetched.not_modified
    assert not fetched.from_browser
    assert fetched.bytes_read == 12


async def test_we_say_who_we_are(peer: Peer, fetching: Fetching) -> None:
    peer.on("/page", reply())
    site = site_of(peer)
    async with fetching(
        site, agent="CountyReader", contact_url="https://example.com/us"
    ) as fetcher:
        await fetcher.fetch(site, page(headers={"User-Agent": "Mozilla/5.0", "X-Wanted": "yes"}))
    told = peer.of("/page")[0].headers
    assert told["user-agent"] == "CountyReader/1.0 (+https://example.com/us)"
    assert told["x-wanted"] == "yes"
    assert told["accept-encoding"] == "gzip, deflate, zstd"


async def test_pages_lie_under_the_path_of_the_site(peer: Peer, fetching: Fetching) -> None:
    peer.on("/county.example/index.cfm", reply("played"))
    site = site_of(peer, "/county.example")
    async with fetching(site) as fetcher:
        assert (await fetcher.fetch(site, page("/index.cfm?zaction=USER"))).content == b"played"


async def test_what_did_not_change_is_not_sent_again(peer: Peer, fetching: Fetching) -> None:
    peer.on("/page", reply(status=304, content_length="0"))
    site = site_of(peer)
    async with fetching(site) as fetcher:
        fetched = await fetcher.fetch(
            site, page(), etag='"v1"', last_modified="Sun, 01 Nov 2026 10:00:00 GMT"
        )
    asked = peer.of("/page")[0].headers
    assert asked["if-none-match"] == '"v1"'
    assert asked["if-modified-since"] == "Sun, 01 Nov 2026 10:00:00 GMT"
    assert fetched.not_modified
    assert (fetched.content, fetched.etag) == (b"", '"v1"')


async def test_a_page_that_is_gone_is_an_answer(peer: Peer, fetching: Fetching) -> None:
    peer.on("/gone", reply(status=410))
    site = site_of(peer)
    async with fetching(site) as fetcher:
        assert (await fetcher.fetch(site, page("/missing"))).status == 404
        assert (await fetcher.fetch(site, page("/gone"))).status == 410


async def test_forms_and_json_are_sent(peer: Peer, fetching: Fetching) -> None:
    peer.on("/page", reply())
    site = site_of(peer)
    async with fetching(site) as fetcher:
        await fetcher.fetch(site, page(method="POST", form={"a": "b c", "d": "é"}))
        await fetcher.fetch(site, page(method="POST", json={"rows": [1, 2]}))
    form, sent = peer.of("/page")
    assert (form.method, form.body) == ("POST", b"a=b+c&d=%C3%A9")
    assert form.headers["content-type"] == "application/x-www-form-urlencoded"
    assert json.loads(sent.body) == {"rows": [1, 2]}
    assert sent.headers["content-type"] == "application/json"


async def test_cookies_are_not_among_the_headers_kept(peer: Peer, fetching: Fetching) -> None:
    peer.on("/page", reply("x", set_cookie="cfid=secret", x_kept="yes"))
    site = site_of(peer)
    async with fetching(site) as fetcher:
        fetched = await fetcher.fetch(site, page())
    assert "secret" not in repr(fetched)
    assert fetched.headers["x-kept"] == "yes"


@pytest.mark.parametrize("status", ["terms_forbid", "unknown"])
async def test_a_site_that_may_not_be_collected_is_not_asked_at_all(
    peer: Peer, fetching: Fetching, status: str
) -> None:
    site = site_of(peer, legal_status=status, terms=Terms(says="no robots"))
    async with fetching(site) as fetcher:
        with pytest.raises(Stopped) as stopped:
            await fetcher.fetch(site, page())
        with pytest.raises(Stopped):
            await fetcher.robots(site)
    assert stopped.value.kind == "terms"
    assert "no robots" in stopped.value.reason
    assert peer.asked == []


async def test_a_synthetic_site_elsewhere_is_not_asked_at_all(
    peer: Peer, fetching: Fetching
) -> None:
    site = site_of(peer, base_url="http://county.example")
    async with fetching(site) as fetcher:
        with pytest.raises(Stopped):
            await fetcher.fetch(site, page())


async def test_only_sites_of_the_registry_are_asked(peer: Peer, fetching: Fetching) -> None:
    known, stranger = site_of(peer, "/a"), site_of(peer, "/b")
    async with fetching(known) as fetcher:
        with pytest.raises(Refused, match="may not be collected"):
            await fetcher.fetch(stranger, page())
    async with fetching() as fetcher:
        with pytest.raises(Refused, match="not a host of the registry"):
            await fetcher.fetch(stranger, page())
    assert peer.asked == []


@pytest.mark.parametrize(
    ("status", "reason"), [(401, "login"), (400, "400"), (405, "405"), (501, "501"), (206, "206")]
)
async def test_other_refusals_concern_the_page_alone(
    peer: Peer, fetching: Fetching, status: int, reason: str
) -> None:
    peer.on("/page", reply(status=status))
    site: Site = site_of(peer)
    async with fetching(site) as fetcher:
        with pytest.raises(Refused, match=reason):
            await fetcher.fetch(site, page())
    assert peer.pages == ["/page"]
