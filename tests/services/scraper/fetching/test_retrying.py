"""Trying again where the way or the host is at fault, and stopping where the host says no."""

from __future__ import annotations

import asyncio
import gzip
import socket

import pytest

from taxlien.services.scraper.adapters.fetching.outcomes import Stopped, Unreachable

from .conftest import Asked, Fetching, Peer, page, reply, site_of

CLOUDFLARE = "<title>Just a moment...</title><script>window._cf_chl_opt={};</script>"


async def reset(writer: asyncio.StreamWriter, asked: Asked) -> None:
    """Cut the connection in the middle of a page, with a reset."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf")
    await writer.drain()
    writer.get_extra_info("socket").setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00"
    )
    writer.transport.abort()


async def hang_up(writer: asyncio.StreamWriter, asked: Asked) -> None:
    """End the connection before the page is whole."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf")
    writer.close()


async def nothing(writer: asyncio.StreamWriter, asked: Asked) -> None:
    """End the connection without a word."""
    writer.close()


@pytest.mark.parametrize(
    "trouble",
    [
        reply(status=500),
        reply(status=502),
        reply(status=503),
        reply(status=504),
        reply(status=521),
        reply(status=408),
        reset,
        hang_up,
        nothing,
        reply(gzip.compress(b"page" * 999)[:-20], content_encoding="gzip"),
        reply(b"no gzip at all", content_encoding="gzip"),
        b"no HTTP at all\r\n\r\n",
    ],
    ids=[
        "500",
        "502",
        "503",
        "504",
        "521",
        "408",
        "reset",
        "cut",
        "silent",
        "cut gzip",
        "no gzip",
        "junk",
    ],
)
async def test_trouble_that_passes_does_no_harm(
    peer: Peer, fetching: Fetching, trouble: object
) -> None:
    peer.on("/page", trouble, trouble, reply("fine"))  # type: ignore[arg-type]
    site = site_of(peer)
    async with fetching(site, attempts=3) as fetcher:
        assert (await fetcher.fetch(site, page())).content == b"fine"
    assert len(peer.of("/page")) == 3


async def test_trouble_that_stays_is_told(peer: Peer, fetching: Fetching) -> None:
    peer.on("/page", reply(status=500))
    site = site_of(peer)
    async with fetching(site, attempts=3) as fetcher:
        with pytest.raises(Unreachable, match="status 500") as told:
            await fetcher.fetch(site, page())
    assert told.value.retry
    assert len(peer.of("/page")) == 3


async def test_a_host_that_asks_for_a_long_rest_gets_it(peer: Peer, fetching: Fetching) -> None:
    peer.on("/page", reply(status=503, retry_after="3600"))
    site = site_of(peer)
    async with fetching(site, attempts=3) as fetcher:
        with pytest.raises(Unreachable, match="status 503"):
            await fetcher.fetch(site, page())
    assert len(peer.of("/page")) == 1


async def test_a_host_that_is_not_there_is_unreachable(peer: Peer, fetching: Fetching) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        site = site_of(peer, base_url=f"http://127.0.0.1:{taken.getsockname()[1]}")
        async with fetching(site, attempts=2) as fetcher:
            with pytest.raises(Unreachable, match="ConnectError"):
                await fetcher.fetch(site, page())


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        (reply("no", 403), "forbidden", "403"),
        (reply("no", 451), "forbidden", "451"),
        (reply("slow", 429, retry_after="120"), "too_many_requests", "Retry-After: 120"),
        (reply("slow", 429), "too_many_requests", "not said"),
        (reply(CLOUDFLARE), "challenge", "Cloudflare"),
        (reply(CLOUDFLARE, 503), "challenge", "Cloudflare"),
        (reply(CLOUDFLARE, 403), "challenge", "Cloudflare"),
        (reply("x", 200, cf_mitigated="challenge"), "challenge", "Cloudflare"),
    ],
)
async def test_a_host_that_says_no_is_asked_once(
    peer: Peer, fetching: Fetching, answer: bytes, kind: str, reason: str
) -> None:
    peer.on("/page", answer)
    site = site_of(peer)
    async with fetching(site) as fetcher:
        with pytest.raises(Stopped) as stopped:
            await fetcher.fetch(site, page())
    assert stopped.value.kind == kind
    assert reason in stopped.value.reason
    assert peer.pages == ["/page"]
