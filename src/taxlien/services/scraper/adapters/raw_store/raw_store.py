"""What collecting asks of the store of raw pages. PostgreSQL with objects by default, or MongoDB."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from taxlien.services.scraper.logic.pages import PageRequest, Verdict


class PageFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a page besides its bytes. ``source`` is a site's name, ``key`` the page's in it.

    ``request`` is what asked for it: whoever reads the page again needs its kind and context.
    ``headers`` have lower-case names and no cookies. ``verdict`` is as what the parser of the day read
    it; None where nobody noted it.
    """

    source: str
    key: str
    url: str
    status: int
    headers: dict[str, str]
    fetched_at: datetime
    parser_version: str
    request: PageRequest
    verdict: Verdict | None = None


class RawPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page that is kept. ``sha256`` (hex) and ``size`` (bytes) are those of the content as it came.

    ``stored_size`` is what it takes compressed; pages of one content share it.
    """

    id: UUID
    facts: PageFacts
    sha256: str
    size: int
    stored_size: int


class RawPageMissing(LookupError):
    """There is no page of this id, or its content is gone."""


class RawPageDamaged(Exception):
    """What the store gives back is not what was put."""


class RawStore(Protocol):
    """Keeps pages for ever. Nothing is overwritten: each fetch of a page is a page of its own."""

    async def put(self, facts: PageFacts, content: bytes) -> RawPage:
        """Keep one page. Content that is kept already is not stored twice."""
        ...

    async def put_many(self, pages: Sequence[tuple[PageFacts, bytes]]) -> list[RawPage]:
        """Keep several pages at once, in the order given: much cheaper than one by one.

        Where it fails, pages may be kept that nobody was told of; putting them again does no harm.
        """
        ...

    async def get(self, page_id: UUID) -> RawPage:
        """Return a page's facts. Raises ``RawPageMissing``."""
        ...

    async def content(self, page: RawPage) -> bytes:
        """Return a page's bytes as they came. Raises ``RawPageMissing`` and ``RawPageDamaged``."""
        ...

    async def latest(self, source: str, key: str, *, readable: bool = False) -> RawPage | None:
        """Return the page as fetched last, or None where it never was.

        ``readable`` leaves out what no parser of its day could read.
        """
        ...

    def iterate(
        self, *, source: str | None = None, since: datetime | None = None
    ) -> AsyncIterator[RawPage]:
        """Yield pages in the order fetched, of all sources or one; memory stays small."""
        ...

    async def close(self) -> None:
        """Let go of the connections that are the store's own."""
        ...
