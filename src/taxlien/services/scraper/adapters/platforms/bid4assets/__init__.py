"""Bid4Assets: a national calendar of county sales, and their items."""

from __future__ import annotations

from collections.abc import Sequence

from taxlien.services.scraper.adapters.platforms.platform import Platform
from taxlien.services.scraper.logic.pages import Page, PageRequest, Reading, Scope
from taxlien.services.scraper.logic.settling import FORM_STATE, WALL, Settling
from taxlien.services.scraper.logic.sites import Site

from . import parsing, walking


class Bid4Assets:
    """The calendar, a county's storefronts, their items, and the page of one item."""

    name = "bid4assets"
    parser_version = "1"
    settling = Settling((*FORM_STATE, *WALL))

    def start(self, site: Site, scope: Scope) -> Sequence[PageRequest]:
        """Begin with the storefronts that the site names, else with the calendar."""
        return tuple(walking.beginning(site, scope))

    def read(self, page: Page, site: Site) -> Reading:
        """Say what ``page`` says. Who won an auction is not kept."""
        return parsing.read(page, site)

    def page_of_file(self, name: str, site: Site) -> PageRequest:
        """Take the kind of page, and the number of an item, from the name."""
        return walking.request_of_file(name)


PLATFORM: Platform = Bid4Assets()
