"""Redirects: followed on hosts of the registry, looked at hop by hop."""

from __future__ import annotations

import pytest

from taxlien.services.scraper.adapters.fetching.outcomes import Refused, Stopped

from .conftest import Fetching, Peer, page, reply, serving, site_of


def away(target: str, status: int = 302, **headers: str) -> bytes:
    return reply(status=status, location=target, **headers)


async def test_redirects_are_followed_to_the_page(peer: Peer, fetching: Fetching) -> None:
    peer.on("/page", away("/next"))
    peer.on("/next", away(f"http://127.0.0.1:{peer.port}/end?x=1#part", 301))
    peer.on("/end", reply("there"))
    site = site_of(peer)
    async with fetching(site) as fetcher:
        fetched = await fetcher.fetch(site, page())
    assert (fetched.content, fetched.url) == (b"there", f"http://127.0.0.1:{peer.port}/end?x=1")


async def test_a_played_host_redirects_from_its_own_root(peer: Peer, fetching: Fetching) -> None:
    peer.on("/county/a", away("/b"))
    peer.on("/county/b", reply("there"))
    site = site_of(peer, "/county")
    async with fetching(site) as fetcher:
        assert (await fetcher.fetch(site, page("/a"))).content == b"there"


async def test_a_redirect_back_to_itself_is_noticed(peer: Peer, fetching: Fetching) -> None:
    peer.on("/page", away("/other"))
    peer.on("/other", away("/page"))
    site = site_of(peer)
    async with fetching(site) as fetcher:
        with pytest.raises(Refused, match="back to itself"):
            await fetcher.fetch(site, page())
    assert peer.pages == ["/page", "/other", "/page"]


async def test_a_redirect_to_itself_that_brings_a_cookie_is_no_loop(
    peer: Peer, fetching: Fetching
) -> None:
    peer.on("/page", away("/page", set_cookie="seen=1"), reply("there"))
    site = site_of(peer)
    async with fetching(site) as fetcher:
        assert (await fetcher.fetch(site, page())).content == b"there"
    assert peer.of("/page")[1].headers["cookie"] == "seen=1"


async def test_redirects_come_to_an_end(peer: Peer, fetching: Fetching) -> None:
    for n in range(20):
        peer.on(f"/{n}", away(f"/{n + 1}"))
    site = site_of(peer)
    async with fetching(site) as fetcher:
        with pytest.raises(Refused, match="more than 5 redirects"):
            await fetcher.fetch(site, page("/0"))
    assert peer.pages == [f"/{n}" for n in range(6)]


@pytest.mark.parametrize(
    "target",
    [
        "http://elsewhere.example/",
        "//elsewhere.example/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:169.254.169.254]/",
        "http://localhost:1/",
        "http://127.0.0.1:1/",
        "http://2130706433/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "http://user:password@127.0.0.1:{port}/",
        "http://127.0.0.1:{port}@elsewhere.example/",
        "http://127.0.0.1:{port}\\@elsewhere.example/",
        "http://127.0.0.1:notaport/",
        "javascript:alert(1)",
    ],
)
async def test_a_redirect_away_is_not_followed(peer: Peer, fetching: Fetching, target: str) -> None:
    peer.on("/page", away(target.replace("{port}", str(peer.port))))
    site = site_of(peer)
    async with fetching(site, attempts=1) as fetcher:
        with pytest.raises(Refused):
            await fetcher.fetch(site, page())
    assert peer.pages == ["/page"]


async def test_a_redirect_to_a_site_that_may_not_be_collected_is_not_followed(
    peer: Peer, fetching: Fetching
) -> None:
    async with serving(Peer()) as forbidden:
        peer.on("/page", away(f"http://127.0.0.1:{forbidden.port}/"))
        site, other = site_of(peer), site_of(forbidden, name="x", legal_status="terms_forbid")
        async with fetching(site, other) as fetcher:
            with pytest.raises(Refused, match="may not be collected"):
                await fetcher.fetch(site, page())
        assert forbidden.asked == []


async def test_the_rules_of_the_host_a_redirect_leads_to_are_obeyed(
    peer: Peer, fetching: Fetching
) -> None:
    async with serving(Peer()) as second:
        peer.on("/page", away(f"http://127.0.0.1:{second.port}/private"))
        second.on("/robots.txt", reply("User-agent: *\nDisallow: /private"))
        site, other = site_of(peer), site_of(second, name="second")
        async with fetching(site, other) as fetcher:
            with pytest.raises(Stopped, match="robots"):
                await fetcher.fetch(site, page())
        assert second.pages == []


@pytest.mark.parametrize(("status", "method", "body"), [(303, "GET", b""), (307, "POST", b"a=b")])
async def test_a_form_is_sent_again_only_where_the_redirect_asks_for_it(
    peer: Peer, fetching: Fetching, status: int, method: str, body: bytes
) -> None:
    peer.on("/page", away("/end", status))
    peer.on("/end", reply())
    site = site_of(peer)
    async with fetching(site) as fetcher:
        await fetcher.fetch(site, page(method="POST", form={"a": "b"}))
    assert (peer.of("/end")[0].method, peer.of("/end")[0].body) == (method, body)


async def test_a_redirect_to_nowhere_is_refused(peer: Peer, fetching: Fetching) -> None:
    peer.on("/page", reply(status=302))
    site = site_of(peer)
    async with fetching(site) as fetcher:
        with pytest.raises(Refused, match="nowhere"):
            await fetcher.fetch(site, page())
