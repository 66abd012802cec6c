"""A county's server as the tests need it: every byte of its answers is theirs to choose."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any, NamedTuple

import pytest

from taxlien.kit.ids import new_id
from taxlien.kit.settings import KitSettings
from taxlien.services.scraper.adapters.fetching.http_fetcher import HttpFetcher
from taxlien.services.scraper.adapters.fetching.opening import fetcher_for
from taxlien.services.scraper.logic.pages import PageRequest
from taxlien.services.scraper.logic.sites import Politeness, Site
from taxlien.services.scraper.settings import FetchingSettings, ProxySettings


class Asked(NamedTuple):
    """A request as the peer read it. Names of headers are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


Reply = bytes | Callable[[asyncio.StreamWriter, Asked], Awaitable[None]]


def reply(body: bytes | str = b"", status: int = 200, **headers: str) -> bytes:
    """Return an answer, ready to be sent; underscores in names of headers stand for hyphens."""
    content = body.encode() if isinstance(body, str) else body
    told = {"content-type": "text/html", "content-length": str(len(content))}
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"HTTP/1.1 {status} Told\r\n{lines}\r\n".encode() + content


class Peer:
    """Serves what ``on`` says, in turn where it says several; the last is repeated. 404 otherwise."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.port = 0
        self.bytes_sent = 0
        self._replies: dict[str, list[Reply]] = {}

    def on(self, path: str, *replies: Reply) -> None:
        """Say what ``path`` answers."""
        self._replies[path] = list(replies)

    def of(self, path: str) -> list[Asked]:
        """Return what was asked of ``path``."""
        return [asked for asked in self.asked if asked.path == path]

    @property
    def pages(self) -> list[str]:
        """What was asked for, without the rules."""
        return [asked.target for asked in self.asked if not asked.path.endswith("robots.txt")]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while asked := await _read(reader):
                self.asked.append(asked)
                replies = self._replies.get(asked.path, [reply(status=404)])
                chosen = replies.pop(0) if len(replies) > 1 else replies[0]
                if isinstance(chosen, bytes):
                    writer.write(chosen)
                    await writer.drain()
                else:
                    await chosen(writer, asked)
        writer.close()


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {n.strip().lower(): v.strip() for n, _, v in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(method, target, headers, body)


@asynccontextmanager
async def serving(peer: Peer, **options: Any) -> AsyncIterator[Peer]:
    """Let ``peer`` answer at a free port."""
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with suppress(asyncio.CancelledError):
            await peer.serve(reader, writer)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, **options)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()
        for task in tasks:
            task.cancel()


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    async with serving(Peer()) as running:
        yield running


def site_of(peer: Peer, path: str = "", **changes: Any) -> Site:
    """Return a site that the peer plays."""
    fields: dict[str, Any] = {
        "name": "fl_test",
        "platform": "qpublic",
        "title": "Test County, FL",
        "county_fips": "12001",
        "base_url": f"http://127.0.0.1:{peer.port}{path}",
        "legal_status": "synthetic",
        "politeness": Politeness(requests_per_second=1000, concurrency=16),
    }
    return Site(**{**fields, **changes})


def page(path: str = "/page", **changes: Any) -> PageRequest:
    """Return a request for ``path``."""
    return PageRequest(key=path, kind="report", path=path, **changes)


Fetching = Callable[..., AbstractAsyncContextManager[HttpFetcher]]


def fetching_with(kit_settings: KitSettings) -> Fetching:
    """Return what opens fetchers that share a corner of Valkey and wait for nothing long."""
    namespace = f"test-{new_id().hex}"

    @asynccontextmanager
    async def opened(
        *sites: Site,
        proxies: ProxySettings | None = None,
        tls: Any = None,
        look_up: Any = None,
        **changes: Any,
    ) -> AsyncIterator[HttpFetcher]:
        quick = {
            "cache_url": kit_settings.require("cache_url"),
            "cache_namespace": namespace,
            "first_pause": 0.01,
            "longest_pause": 0.1,
        }
        options = {"look_up": look_up} if look_up else {}
        async with fetcher_for(
            FetchingSettings(**{**quick, **changes}), sites, proxies=proxies, tls=tls, **options
        ) as fetcher:
            yield fetcher

    return opened


@pytest.fixture
def fetching(kit_settings: KitSettings) -> Fetching:
    """``async with fetching(site, attempts=1) as fetcher``: settings that wait for nothing long."""
    return fetching_with(kit_settings)
