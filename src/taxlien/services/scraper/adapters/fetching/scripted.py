"""What a fetcher asks of a browser: a page whose scripts ran, and who asks the network for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec

from .exchange import Answer


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a page in the browser asks for. ``body`` is that of a form or of JSON."""

    url: str
    method: str
    headers: dict[str, str]
    body: bytes = b""


Ask = Callable[[Wanted], Awaitable[Answer]]
"""Gets what a page wants, as politely and guardedly as any page. Raises as fetching."""


class ScriptedPages(Protocol):
    """A browser that has no network of its own."""

    @property
    def is_running(self) -> bool:
        """Whether the browser is open now."""
        ...

    async def page(self, url: str, ask: Ask) -> Answer:
        """Return the page at ``url`` once it is quiet. Raises as fetching."""
        ...

    async def close(self) -> None:
        """Close the browser; the next page would open it again."""
        ...
