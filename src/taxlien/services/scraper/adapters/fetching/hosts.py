"""Whom we may ask at all: the hosts of the sites, and nothing a page or a redirect invents."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx2

from taxlien.services.scraper.logic.sites import COLLECTABLE, Site

from .outcomes import Refused, Stopped

_PORTS = {"http": 80, "https": 443}
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f]")


class Hosts:
    """The registry: every address asked for is looked up here first, each hop of a redirect too."""

    def __init__(self, sites: Iterable[Site]) -> None:
        """Raises nothing; of two sites on one address the more particular path answers."""
        self._by_address: dict[tuple[str, int], list[Site]] = {}
        for site in sites:
            for address in _addresses(site.base_url):
                self._by_address.setdefault(address, []).append(site)
        for found in self._by_address.values():
            found.sort(key=lambda site: len(urlsplit(site.base_url).path), reverse=True)

    def site_at(self, url: str, asking: Site) -> Site:
        """Return the site that ``url`` belongs to: ``asking`` itself where it may be.

        Raises ``Refused`` for any other host, scheme or port, for credentials in the address, and for
        a host that is known and may not be collected.
        """
        parts = _checked(url)
        port = parts.port or _PORTS[parts.scheme]
        known = self._by_address.get(((parts.hostname or "").rstrip("."), port), [])
        fitting = [site for site in known if _lies_under(parts.path, site)]
        if asking in fitting:
            return asking
        for site in fitting:
            if site.legal_status in COLLECTABLE and site.synthetic == asking.synthetic:
                return site
        if known:
            raise Refused(f"{parts.hostname} may not be collected under this address")
        raise Refused(f"{parts.hostname} is not a host of the registry")


def must_be_collectable(site: Site) -> None:
    """Raise ``Stopped`` where nobody allowed us to collect ``site``, before any byte is sent."""
    if site.legal_status not in COLLECTABLE:
        raise Stopped(
            "terms", f"legal status {site.legal_status}: {site.terms.says or 'not allowed'}"
        )
    if site.synthetic and not is_loopback(urlsplit(site.base_url).hostname or ""):
        raise Stopped("terms", "a site that is synthetic is played on this machine only")


def address_of(site: Site, path: str) -> str:
    """Return ``path`` under the site's base URL, whatever it looks like. Raises ``Refused``."""
    url = f"{site.base_url.rstrip('/')}/{path.removeprefix('/')}"
    _checked(url)
    return url


def followed(site: Site, current: str, reference: str) -> str:
    """Return where ``reference``, found at ``current``, leads.

    Addresses from the root of a host lie under the site's base path where the simulator plays it.
    Raises ``Refused`` where it cannot be read.
    """
    prefix = urlsplit(site.base_url).path.rstrip("/")
    rooted = reference.startswith("/") and not reference.startswith("//")
    if site.synthetic and rooted and not _under(reference.split("?")[0], prefix):
        return address_of(site, reference)
    try:
        return urljoin(current, reference)
    except ValueError:
        raise Refused("an address that cannot be read") from None


def is_loopback(host: str) -> bool:
    """Say whether ``host`` names this machine by itself, without asking a name server."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _addresses(base_url: str) -> list[tuple[str, int]]:
    """Return host and port; both usual ports for a host without one: sites move from http to https."""
    parts = urlsplit(base_url)
    host = (parts.hostname or "").rstrip(".")
    if parts.port in (None, *_PORTS.values()):
        return [(host, port) for port in _PORTS.values()]
    return [(host, int(parts.port or 0))]


def _checked(url: str) -> SplitResult:
    """Return the parts of ``url``, where the client that connects understands them the same way."""
    if _UNPRINTABLE.search(url):
        raise Refused("an address with spaces or control characters")
    try:
        parts = urlsplit(url)
        port = parts.port
        meant = httpx2.URL(url)
    except (ValueError, httpx2.InvalidURL):
        raise Refused("an address that cannot be read") from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise Refused(f"an address that is not http or https: {parts.scheme or 'no scheme'}")
    if parts.username is not None or parts.password is not None:
        raise Refused("an address with credentials in it")
    if (meant.host, meant.port or _PORTS[parts.scheme]) != (
        parts.hostname,
        port or _PORTS[parts.scheme],
    ):
        raise Refused("an address that can be read in two ways")
    return parts


def _lies_under(path: str, site: Site) -> bool:
    prefix = urlsplit(site.base_url).path.rstrip("/")
    return not site.synthetic or _under(path, prefix)


def _under(path: str, prefix: str) -> bool:
    return not prefix or path == prefix or path.startswith(f"{prefix}/")
