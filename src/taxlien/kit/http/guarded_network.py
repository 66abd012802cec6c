"""Connections to checked addresses only: what a name means is looked up once, judged, and used.

Without this a name that strangers chose could be made to mean a machine of ours (SSRF), also between the
check and the connection (DNS rebinding).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import httpcore2

Resolve = Callable[[str, int], Awaitable[list[str]]]
Judge = Callable[[str, str], None]
"""Takes a host and one of its addresses, and raises where we must not connect to it."""

_TRANSLATED = IPv6Network("64:ff9b::/96")  # IPv4 behind NAT64 (RFC 6052)


async def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of ``host``, numeric. Raises ``OSError``."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Say whether ``address`` is one that anybody on the internet could mean."""
    ip = ip_address(address.partition("%")[0])
    meant: Sequence[IPv4Address | IPv6Address] = _carried(ip) or [ip]
    return all(_is_global(one) for one in meant)


def _is_global(ip: IPv4Address | IPv6Address) -> bool:
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def _carried(ip: IPv4Address | IPv6Address) -> list[IPv4Address]:
    """Return the IPv4 addresses that an IPv6 address is only another spelling of."""
    if isinstance(ip, IPv4Address):
        return []
    translated = IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _TRANSLATED else None
    found = (translated, ip.ipv4_mapped, ip.sixtofour, ip.teredo and ip.teredo[1])
    return [one for one in found if one]


class GuardedNetwork(httpcore2.AsyncNetworkBackend):
    """Opens connections to hosts whose every address passes ``judge``."""

    def __init__(self, judge: Judge, *, look_up: Resolve = resolve) -> None:
        self._judge = judge
        self._look_up = look_up
        self._inner = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to the first address that answers. Raises what ``judge`` raises."""
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._look_up(host, port)
        except TimeoutError:
            raise httpcore2.ConnectTimeout(f"no address for {host} in time") from None
        except (OSError, UnicodeError):
            raise httpcore2.ConnectError(f"no address for {host}") from None
        for address in addresses:
            self._judge(host, address)
        failure: Exception = httpcore2.ConnectError(f"no address for {host}")
        for address in addresses:
            try:
                return await self._inner.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Raise ``httpcore2.UnsupportedProtocol``: hosts are reached over TCP."""
        raise httpcore2.UnsupportedProtocol("hosts are reached over TCP")

    async def sleep(self, seconds: float) -> None:
        """Wait, as the pool asks between attempts of its own."""
        await self._inner.sleep(seconds)
