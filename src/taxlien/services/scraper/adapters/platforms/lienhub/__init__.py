"""LienHub (Grant Street): Florida's certificate sales, and the certificates that counties hold."""

from __future__ import annotations

import re
from collections.abc import Sequence

from taxlien.services.scraper.adapters.platforms.platform import Platform
from taxlien.services.scraper.logic.pages import Page, PageRequest, Reading, Scope
from taxlien.services.scraper.logic.settling import WALL, Settling
from taxlien.services.scraper.logic.sites import Site

from . import parsing, walking

_VOLATILE = (
    re.compile(rb"unique_id=[0-9A-Fa-f]{8,64}(?=[&\"'])"),
    re.compile(rb'name="SEC" value="[^"]*"'),
    re.compile(rb'name="csrf_token" content="[^"]*"'),
)


class LienHub:
    """The sale's main page, its advertised list (table or CSV), and the county's own certificates."""

    name = "lienhub"
    parser_version = "1"
    settling = Settling((*WALL, *_VOLATILE), leads_anew=frozenset({"list", "held"}))

    def start(self, site: Site, scope: Scope) -> Sequence[PageRequest]:
        """Begin with the main page of the sale, which has the list's address, and the county's list."""
        return tuple(walking.beginning(site, scope))

    def read(self, page: Page, site: Site) -> Reading:
        """Say what ``page`` says. Owners' names in the lists are not kept."""
        return parsing.read(page, site)

    def page_of_file(self, name: str, site: Site) -> PageRequest:
        """Take the kind of page from the name: ``main``, ``countyheld``, else a list."""
        return walking.request_of_file(name, site)


PLATFORM: Platform = LienHub()
