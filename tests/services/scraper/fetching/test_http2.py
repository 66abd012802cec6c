"""HTTP/2 over TLS: spoken where the host speaks it, on one connection for many pages."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress

import h2.config
import h2.connection
import h2.events
import pytest
import trustme

from taxlien.services.scraper.adapters.fetching.outcomes import Unreachable

from .conftest import Fetching, Peer, page, reply, serving, site_of


class Http2Peer(Peer):
    """Answers every page with its own name."""

    def __init__(self) -> None:
        super().__init__()
        self.connections = 0
        self.paths: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        speaking = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        speaking.initiate_connection()
        writer.write(speaking.data_to_send())
        with suppress(ConnectionError, ssl.SSLError):
            while data := await reader.read(65_536):
                for event in speaking.receive_data(data):
                    if isinstance(event, h2.events.RequestReceived):
                        self._answer(speaking, event)
                writer.write(speaking.data_to_send())
                await writer.drain()
        writer.close()

    def _answer(
        self, speaking: h2.connection.H2Connection, event: h2.events.RequestReceived
    ) -> None:
        path = dict(event.headers or [])[b":path"].decode()
        self.paths.append(path)
        status = "404" if path == "/robots.txt" else "200"
        assert event.stream_id is not None
        speaking.send_headers(event.stream_id, [(":status", status), ("content-type", "text/html")])
        speaking.send_data(event.stream_id, path.encode(), end_stream=True)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def presenting(authority: trustme.CA, *protocols: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(list(protocols))
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture
async def second(authority: trustme.CA) -> AsyncIterator[Http2Peer]:
    async with serving(Http2Peer(), ssl=presenting(authority, "h2")) as running:
        assert isinstance(running, Http2Peer)
        yield running


async def test_many_pages_travel_on_one_connection(
    second: Http2Peer, trusting: ssl.SSLContext, fetching: Fetching
) -> None:
    site = site_of(second, base_url=f"https://localhost:{second.port}")
    async with fetching(site, tls=trusting) as fetcher:
        await fetcher.fetch(site, page("/first"))
        fetched = await asyncio.gather(*(fetcher.fetch(site, page(f"/{n}")) for n in range(20)))
    assert [one.content for one in fetched] == [b"/%d" % n for n in range(20)]
    assert second.connections == 1


async def test_a_host_that_speaks_only_http_1_is_understood(
    authority: trustme.CA, trusting: ssl.SSLContext, fetching: Fetching
) -> None:
    async with serving(Peer(), ssl=presenting(authority, "http/1.1")) as peer:
        peer.on("/page", reply("old but fine"))
        site = site_of(peer, base_url=f"https://localhost:{peer.port}")
        async with fetching(site, tls=trusting) as fetcher:
            assert (await fetcher.fetch(site, page())).content == b"old but fine"


async def test_a_certificate_of_nobody_we_trust_is_not_tried_again(
    second: Http2Peer, fetching: Fetching
) -> None:
    site = site_of(second, base_url=f"https://localhost:{second.port}")
    async with fetching(site, attempts=5) as fetcher:
        with pytest.raises(Unreachable) as told:
            await fetcher.fetch(site, page())
    assert not told.value.retry
    assert second.paths == []
