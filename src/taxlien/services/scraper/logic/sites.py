"""A site: one county on one platform, as a declarative file a person can read and edit.

``adapters/platforms/<platform>/sites/<site>.yml`` holds one. ``parse_site`` checks it and names the key
at fault. The simulator speaks the same format for the sites it plays.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import msgspec
import yaml

from taxlien.interfaces.scraper import LegalStatus, SourceCard

COLLECTABLE: frozenset[LegalStatus] = frozenset(
    {"open_data", "county_download", "permitted", "synthetic"}
)
"""Only these are ever fetched. ``unknown`` waits for a person who reads the terms."""


class SiteError(ValueError):
    """A site file that cannot be used. ``key`` is the path of the key at fault."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(f"{key}: {message}")
        self.key = key


class _Part(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What every part is: immutable, and an unknown key is an error."""


class Terms(_Part, frozen=True, kw_only=True):
    """What the publisher's terms say of automated reading, who of us read them and when."""

    url: str | None = None
    read_on: str | None = None
    says: str | None = None
    accept: bool = False


class Politeness(_Part, frozen=True, kw_only=True):
    """How gently the host is asked. ``burst`` requests may follow at once after a rest."""

    requests_per_second: float = 0.5
    burst: int = 1
    concurrency: int = 1
    browser: bool = False
    proxies: bool = False


class Schedule(_Part, frozen=True, kw_only=True):
    """How often it is collected, and how old its data may grow before it is stale (hours)."""

    every_hours: float = 24.0
    fresh_hours: float = 48.0


class Expected(_Part, frozen=True, kw_only=True):
    """What a whole run should bring. ``required`` maps a field to the least share of records with it.

    ``max_change`` is the largest share by which the count of records may move between two runs.
    ``seasonal`` lists are published for a part of the year: outside of it nothing is no fault.
    """

    min_records: int = 1
    max_records: int | None = None
    required: dict[str, float] = {}
    max_change: float = 0.5
    seasonal: bool = False
    max_error_share: float = 0.05


class Site(_Part, frozen=True, kw_only=True):
    """One source. ``ids``, ``titles``, ``labels`` and ``quirks`` mean what the platform says they mean.

    ``host`` is whom we are polite to; ``base_url`` may have a path, under which the site's own
    addresses (``/index.cfm?...``) lie. ``titles`` maps our name of a section to further titles of it
    on this site, ``labels`` our name of a field to further labels.
    """

    name: str
    platform: str
    title: str
    county_fips: str
    base_url: str
    legal_status: LegalStatus
    terms: Terms = Terms()
    politeness: Politeness = Politeness()
    schedule: Schedule = Schedule()
    expected: Expected = Expected()
    ids: dict[str, str] = {}
    titles: dict[str, tuple[str, ...]] = {}
    labels: dict[str, tuple[str, ...]] = {}
    quirks: dict[str, str] = {}
    start: dict[str, Any] = {}

    @property
    def source(self) -> str:
        """The name of the source: ``qpublic/fl_dixie``."""
        return f"{self.platform}/{self.name}"

    @property
    def host(self) -> str:
        """The host of ``base_url``, with its port; for the simulator, with the played host behind it."""
        parts = urlsplit(self.base_url)
        return parts.netloc + (parts.path.rstrip("/") if self.synthetic else "")

    @property
    def synthetic(self) -> bool:
        """Whether the site is played by our simulator."""
        return self.legal_status == "synthetic"

    def card(self) -> SourceCard:
        """Return what others may know of it."""
        return SourceCard(
            name=self.source,
            title=self.title,
            platform=self.platform,
            county_fips=self.county_fips,
            legal_status=self.legal_status,
            url=self.base_url,
            synthetic=self.synthetic,
        )


def parse_site(text: str) -> Site:
    """Read a site file (YAML). Raises ``SiteError`` naming the key at fault."""
    try:
        document = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - every scalar stays text
    except yaml.YAMLError as error:
        raise SiteError("(file)", f"not valid YAML: {error}") from error
    return site_of(document)


def site_of(document: object) -> Site:
    """Build a site from plain data. Raises ``SiteError`` naming the key at fault."""
    try:
        site = msgspec.convert(document, Site, strict=False)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at ")
        raise SiteError(where.strip("`").removeprefix("$.") or "(file)", message) from error
    if urlsplit(site.base_url).scheme not in {"http", "https"}:
        raise SiteError("base_url", "must begin with http:// or https://")
    if not (len(site.county_fips) == 5 and site.county_fips.isdecimal()):
        raise SiteError("county_fips", f"{site.county_fips!r} is not a five-digit FIPS code")
    return site
