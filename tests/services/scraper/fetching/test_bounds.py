"""What one page may cost: bytes on the way, bytes unpacked, seconds."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
import zstandard

from taxlien.services.scraper.adapters.fetching.outcomes import Refused, Unreachable

from .conftest import Asked, Fetching, Peer, page, reply, site_of

MB = 1_000_000


async def test_a_page_of_300_mb_is_dropped_on_the_way_and_memory_stays_small(
    peer: Peer, fetching: Fetching
) -> None:
    sent = 0

    async def endless(writer: asyncio.StreamWriter, asked: Asked) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        for _ in range(300 * 16):
            writer.write(b"f424\r\n" + b"x" * 62_500 + b"\r\n")
            sent += 62_500
            await writer.drain()

    peer.on("/page", endless)
    site = site_of(peer)
    async with fetching(site, max_page_bytes=5 * MB) as fetcher:
        tracemalloc.start()
        try:
            with pytest.raises(Refused, match="more than 5000000 bytes"):
                await fetcher.fetch(site, page())
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert sent < 30 * MB
    assert peak < 20 * MB


async def test_a_page_that_announces_too_much_is_not_read(peer: Peer, fetching: Fetching) -> None:
    peer.on("/page", reply(b"", content_length="300000000"))
    site = site_of(peer)
    async with fetching(site) as fetcher:
        with pytest.raises(Refused, match="300000000 bytes announced"):
            await fetcher.fetch(site, page())


def _gzip_bomb() -> bytes:
    packing = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    return b"".join(packing.compress(bytes(MB)) for _ in range(200)) + packing.flush()


def _zstd_bomb() -> bytes:
    packing = zstandard.ZstdCompressor(level=3).compressobj()
    return b"".join(packing.compress(bytes(MB)) for _ in range(200)) + packing.flush()


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", _gzip_bomb),
        ("deflate", lambda: zlib.compress(bytes(200 * MB))),
        ("zstd", _zstd_bomb),
        ("gzip", lambda: gzip.compress(bytes(9 * MB)) * 20),
    ],
    ids=["gzip", "deflate", "zstd", "many members"],
)
async def test_a_bomb_is_defused(
    peer: Peer, fetching: Fetching, encoding: str, packed: Callable[[], bytes]
) -> None:
    bomb = packed()
    assert len(bomb) < MB
    peer.on("/page", reply(bomb, content_encoding=encoding))
    site = site_of(peer)
    async with fetching(site, max_page_bytes=5 * MB) as fetcher:
        tracemalloc.start()
        try:
            with pytest.raises(Refused, match="when unpacked"):
                await fetcher.fetch(site, page())
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 30 * MB


@pytest.mark.parametrize("encoding", ["br", "compress", "gzip, gzip", "aes128gcm"])
async def test_encodings_we_did_not_ask_for_are_refused(
    peer: Peer, fetching: Fetching, encoding: str
) -> None:
    peer.on("/page", reply(b"whatever", content_encoding=encoding))
    site = site_of(peer)
    async with fetching(site) as fetcher:
        with pytest.raises(Refused, match="not one we asked for"):
            await fetcher.fetch(site, page())


async def test_a_trickle_ends_when_its_time_is_up(peer: Peer, fetching: Fetching) -> None:
    trickled = 0

    async def trickle(writer: asyncio.StreamWriter, asked: Asked) -> None:
        nonlocal trickled
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            trickled += 1
            await writer.drain()
            await asyncio.sleep(0.05)

    peer.on("/page", trickle)
    site = site_of(peer)
    async with fetching(site, page_seconds=0.4, attempts=1) as fetcher:
        with pytest.raises(Unreachable, match=r"no whole answer within 0\.4 s"):
            await fetcher.fetch(site, page())
    assert trickled > 0


async def test_silence_ends_when_its_time_is_up(peer: Peer, fetching: Fetching) -> None:
    async def silence(writer: asyncio.StreamWriter, asked: Asked) -> None:
        await asyncio.Event().wait()

    peer.on("/page", silence)
    site = site_of(peer)
    async with fetching(site, read_seconds=0.2, attempts=2) as fetcher:
        with pytest.raises(Unreachable, match="too slow"):
            await fetcher.fetch(site, page())
    assert len(peer.of("/page")) == 2


async def test_headers_without_end_are_not_read_for_ever(peer: Peer, fetching: Fetching) -> None:
    async def endless(writer: asyncio.StreamWriter, asked: Asked) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while not writer.is_closing():
            writer.write(b"x-more: " + b"y" * 4000 + b"\r\n")
            await writer.drain()

    peer.on("/page", endless)
    site = site_of(peer)
    async with fetching(site, attempts=1) as fetcher:
        with pytest.raises(Unreachable):
            await fetcher.fetch(site, page())
