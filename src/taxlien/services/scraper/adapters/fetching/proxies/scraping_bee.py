"""ScrapingBee: an API that asks for a page on our behalf, made to look like a transport.

https://www.scrapingbee.com/documentation: GET with ``api_key``, ``url``, ``render_js=false``,
``transparent_status_code=true`` (the host's status as it is), ``forward_headers=true`` (ours go out where
they are prefixed ``Spb-``) and ``session_id`` (the same number leaves by the same exit). The host's headers
come back prefixed ``Spb-``, with ``Spb-initial-status-code`` and ``Spb-resolved-url`` beside them.
"""

from __future__ import annotations

import secrets
import ssl
from collections.abc import Sequence

import httpcore2
import httpx2

from taxlien.services.scraper.adapters.fetching.decoding import ACCEPTED
from taxlien.services.scraper.adapters.fetching.exchange import PooledTransport
from taxlien.services.scraper.adapters.fetching.outcomes import Refused

from .proxy import Proxy, ProxyFault

_PREFIX = "spb-"
_HOP = frozenset({"host", "accept-encoding", "connection", "content-length", "cookie"})
_THEIRS = frozenset({"initial-status-code", "resolved-url", "cost", "content-encoding"})


class ScrapingBee:
    """``size`` sessions of one account."""

    def __init__(self, url: str, key: str, tls: ssl.SSLContext, *, size: int) -> None:
        self._url = url
        self._key = key
        self._api = PooledTransport(
            httpcore2.AsyncConnectionPool(ssl_context=tls, max_connections=16, http2=True)
        )
        self._exits = [self._exit() for _ in range(size)]

    def exits(self) -> Sequence[Proxy]:
        """Return the sessions in use."""
        return self._exits

    async def replace(self, name: str) -> None:
        """Leave by another exit from now on."""
        self._exits = [self._exit() if proxy.name == name else proxy for proxy in self._exits]

    async def close(self) -> None:
        """Close every connection."""
        await self._api.aclose()

    def _exit(self) -> Proxy:
        session = secrets.randbelow(10_000_000)
        return Proxy(
            f"scraping-bee-{session}", _Asking(self._api, self._url, self._key, str(session))
        )


class _Asking(httpx2.AsyncBaseTransport):
    """Sends a request to the API, and gives its answer as the host's."""

    def __init__(self, api: PooledTransport, url: str, key: str, session: str) -> None:
        self._api = api
        self._url = url
        self._fixed = {
            "api_key": key,
            "render_js": "false",
            "transparent_status_code": "true",
            "forward_headers": "true",
            "session_id": session,
        }

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Raise ``ProxyFault`` where the API itself fails, ``Refused`` where it followed a redirect away."""
        response = await self._api.handle_async_request(await self._asked(request))
        told = response.headers
        if f"{_PREFIX}initial-status-code" not in told:
            await response.aclose()
            raise ProxyFault(f"ScrapingBee answered {response.status_code} without the host's")
        resolved = httpx2.URL(told.get(f"{_PREFIX}resolved-url") or str(request.url))
        if (resolved.host, resolved.port) != (request.url.host, request.url.port):
            await response.aclose()
            raise Refused(f"redirected to {resolved.host}")
        headers = [
            (name.removeprefix(_PREFIX), value)
            for name, value in told.multi_items()
            if name.startswith(_PREFIX) and name.removeprefix(_PREFIX) not in _THEIRS
        ]
        if "content-encoding" in told:
            headers.append(("content-encoding", told["content-encoding"]))
        return httpx2.Response(response.status_code, headers=headers, stream=response.stream)

    async def _asked(self, request: httpx2.Request) -> httpx2.Request:
        given = {**self._fixed, "url": str(request.url)}
        if "cookie" in request.headers:
            given["cookies"] = request.headers["cookie"]
        headers = {
            f"Spb-{name}": value for name, value in request.headers.items() if name not in _HOP
        }
        return httpx2.Request(
            request.method,
            httpx2.URL(self._url, params=given),
            headers={**headers, "accept-encoding": ACCEPTED},
            content=await request.aread(),
            extensions=request.extensions,
        )
