"""What a proxy is to us: a transport with a name, from whoever provides it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import httpx2


class ProxyFault(Exception):
    """The proxy is to blame, not the host. ``reason`` is in words, without credentials."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Proxy(NamedTuple):
    """One way out. ``name`` tells it apart in health records and logs, and holds no secret."""

    name: str
    transport: httpx2.AsyncBaseTransport


class ProxyProvider(Protocol):
    """A list of one's own, or a vendor."""

    def exits(self) -> Sequence[Proxy]:
        """Return the ways out there are now."""
        ...

    async def replace(self, name: str) -> None:
        """Give another exit for the one of that name where the vendor has more; else do nothing."""
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...
