"""The Schneider engine as a platform: qPublic and Beacon are the same application under two hosts."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from taxlien.services.scraper.logic.pages import Page, PageRequest, Reading, Scope
from taxlien.services.scraper.logic.settling import FORM_STATE, WALL, Settling
from taxlien.services.scraper.logic.sites import Site

from . import walking
from .reading import read_page

_VOLATILE = (
    re.compile(rb"&Q=\d+(?=[&\"'])"),
    re.compile(rb";Q=\d+(?=[&\"'])"),
    re.compile(rb"u0026Q=\d+(?=[\\&\"'])"),
    re.compile(rb"/cdn/[0-9a-f]{6,40}/"),
    re.compile(rb"<!-- Server: [^>]{0,200}-->"),
    re.compile(rb"Last Data Upload: [\d/]{6,10},? [\d:]{4,8} [AP]M"),
)


class SchneiderPlatform:
    """qPublic or Beacon: one application, one layout, two names."""

    parser_version = "1"
    settling = Settling((*FORM_STATE, *WALL, *_VOLATILE))

    def __init__(self, name: str) -> None:
        self.name = name

    def start(self, site: Site, scope: Scope) -> Sequence[PageRequest]:
        """Return the reports a run begins with."""
        return walking.start(site, scope)

    def read(self, page: Page, site: Site) -> Reading:
        """Say what ``page`` says."""
        reading = read_page(page, site)
        if walking.begins_elsewhere(page, reading, site):
            return Reading(verdict="empty", reason="another walk of the site begins here")
        if page.request.method == "POST" and reading.parcels:
            return msgspec.structs.replace(reading, address=walking.address_of(page))
        return reading

    def page_of_file(self, name: str, site: Site) -> PageRequest:
        """Return the request of a page saved as ``name``."""
        return walking.page_of_file(name, site)
