"""Bright Data: one address for all, and an exit chosen by a session in the user's name.

https://docs.brightdata.com/proxy-networks/config-options: the user is
``brd-customer-ID-zone-ZONE-session-NAME``; the same session leaves by the same exit. Failures of theirs
are told in ``x-brd-err-code``, with a status of 200 too.
"""

from __future__ import annotations

import secrets
import ssl
from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

import httpx2

from .own_list import forward_transport
from .proxy import Proxy, ProxyFault

_ERRORS = ("x-brd-err-code", "x-brd-error", "x-luminati-error")


class BrightData:
    """``size`` sessions of one zone."""

    def __init__(self, url: str, tls: ssl.SSLContext, *, size: int) -> None:
        self._url = url
        self._tls = tls
        self._user = unquote(urlsplit(url).username or "")
        self._exits = [self._exit() for _ in range(size)]

    def exits(self) -> Sequence[Proxy]:
        """Return the sessions in use."""
        return self._exits

    async def replace(self, name: str) -> None:
        """Leave by another exit from now on: a session with a new name."""
        for place, proxy in enumerate(self._exits):
            if proxy.name == name:
                self._exits[place] = self._exit()
                await proxy.transport.aclose()

    async def close(self) -> None:
        """Close every connection."""
        for proxy in self._exits:
            await proxy.transport.aclose()

    def _exit(self) -> Proxy:
        session = secrets.token_hex(6)
        user = f"{self._user}-session-{session}"
        return Proxy(
            f"bright-data-{session}",
            _Telling(forward_transport(self._url, self._tls, user=user)),
        )


class _Telling(httpx2.AsyncBaseTransport):
    """Tells failures of the network itself from answers of the host."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._inner.handle_async_request(request)
        for name in _ERRORS:
            if name in response.headers:
                await response.aclose()
                raise ProxyFault(f"Bright Data: {response.headers[name][:100]}")
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()
