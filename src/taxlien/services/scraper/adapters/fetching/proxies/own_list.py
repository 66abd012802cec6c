"""Proxies of one's own: HTTP proxies by address, with credentials in it where they need them."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

import httpcore2
import httpx2

from taxlien.services.scraper.adapters.fetching.exchange import PooledTransport

from .proxy import Proxy


def forward_transport(
    url: str, tls: ssl.SSLContext, *, user: str | None = None
) -> httpx2.AsyncBaseTransport:
    """Return connections through the proxy at ``url``; ``user`` stands in for the name in it.

    TLS is with the host itself, through the proxy (CONNECT): it cannot read or change such a page.
    """
    parts = urlsplit(url)
    name = user or unquote(parts.username or "")
    pool = httpcore2.AsyncHTTPProxy(
        proxy_url=f"{parts.scheme}://{parts.hostname}:{parts.port or 80}",
        proxy_auth=(name, unquote(parts.password or "")) if name else None,
        ssl_context=tls,
        max_connections=8,
        keepalive_expiry=30.0,
        http2=True,
    )
    return PooledTransport(pool)


class OwnList:
    """The proxies of a setting."""

    def __init__(self, urls: Sequence[str], tls: ssl.SSLContext) -> None:
        self._exits = [Proxy(_name(url), forward_transport(url, tls)) for url in urls]

    def exits(self) -> Sequence[Proxy]:
        """Return all of them."""
        return self._exits

    async def replace(self, name: str) -> None:
        """Do nothing: the list is what it is."""

    async def close(self) -> None:
        """Close every connection."""
        for proxy in self._exits:
            await proxy.transport.aclose()


def _name(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 80}"
