"""What collecting asks of whoever fetches: a Protocol, so that a browser or a file can stand in."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import msgspec

from taxlien.services.scraper.logic.pages import PageRequest
from taxlien.services.scraper.logic.sites import Site

from .outcomes import Fetched


class RobotsFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a host's robots.txt said, and when. For the record of the source.

    ``status`` is 0 where the host did not answer. ``crawl_delay`` is seconds between requests.
    """

    url: str
    status: int
    fetched_at: datetime
    sha256: str
    crawl_delay: float | None = None


class Fetcher(Protocol):
    """Asks hosts for pages, politely. One per process; it may be used by many tasks at once."""

    async def fetch(
        self,
        site: Site,
        request: PageRequest,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
    ) -> Fetched:
        """Return the page. Opens its session first, where it names one that is not open yet.

        With ``etag`` or ``last_modified`` the host may answer that nothing changed.
        Raises ``Stopped``, ``Refused`` and ``Unreachable``; a 404 or 410 is an answer, not an error.
        """
        ...

    async def renew_session(self, site: Site, session: str) -> None:
        """Forget the session's cookies: the next request of it runs its steps again."""
        ...

    async def robots(self, site: Site) -> RobotsFacts:
        """Return what the host's robots.txt says, from the cache where it is young. Raises as ``fetch``."""
        ...
