"""What a simulator of county sites on this machine plays."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

import httpx2

from taxlien.kit.settings import SettingsError
from taxlien.services.scraper.logic.sites import Site, SiteError, site_of

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_TIMEOUT = 10.0


async def simulated_sites(url: str | None) -> list[Site] | None:
    """Return what the simulator plays; None where no address is set or it does not answer.

    Raises ``SettingsError`` for an address that is not of this machine.
    """
    if url is None:
        return None
    if urlsplit(url).hostname not in _LOOPBACK:
        raise SettingsError("TAXLIEN_SCRAPER_SIMULATOR_URL must be an address of this machine")
    try:
        async with httpx2.AsyncClient(timeout=_TIMEOUT, trust_env=False) as client:
            answer = await client.get(f"{url.rstrip('/')}/sites.json")
            answer.raise_for_status()
    except httpx2.HTTPError:
        return None
    return list(_played(answer.json()))


def _played(documents: Iterable[object]) -> Iterable[Site]:
    """Take only what is marked as played and lies on this machine: it may be collected freely."""
    for document in documents:
        site = site_of(document)
        if not site.synthetic or urlsplit(site.base_url).hostname not in _LOOPBACK:
            raise SiteError("base_url", f"{site.source} is not played on this machine")
        yield site
