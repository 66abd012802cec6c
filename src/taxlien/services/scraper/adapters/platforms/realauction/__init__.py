"""RealAuction's sale sites: tax deeds, foreclosures, sheriff sales. One application on many hosts."""

from __future__ import annotations

from collections.abc import Sequence

from taxlien.services.scraper.adapters.platforms.platform import Platform
from taxlien.services.scraper.logic.pages import Page, PageRequest, Reading, Scope
from taxlien.services.scraper.logic.settling import COLDFUSION, WALL, Settling
from taxlien.services.scraper.logic.sites import Site

from . import parsing, walking


class RealAuction:
    """Calendar, day, items of a day in three areas, and how the closed ones ended."""

    name = "realauction"
    parser_version = "1"
    settling = Settling(
        (*COLDFUSION, *WALL),
        leads_anew=frozenset({"calendar", "day", "items"}),
        context=("sale", "items"),
    )

    def start(self, site: Site, scope: Scope) -> Sequence[PageRequest]:
        """Begin with the calendar's months."""
        return tuple(walking.months(site, scope))

    def read(self, page: Page, site: Site) -> Reading:
        """Say what ``page`` says: a calendar, a day, items, or how items ended."""
        return parsing.read(page, site)

    def page_of_file(self, name: str, site: Site) -> PageRequest:
        """Take day and area from the name: ``LOAD-AREA-W-2026-06-05.json``."""
        return walking.request_of_file(name)


PLATFORM: Platform = RealAuction()
