"""Open data: lists that a portal publishes for anybody's use, as one download or page by page (Socrata)."""

from __future__ import annotations

from collections.abc import Sequence

from taxlien.services.scraper.adapters.platforms.platform import Platform
from taxlien.services.scraper.logic.pages import Page, PageRequest, Reading, Scope
from taxlien.services.scraper.logic.settling import Settling
from taxlien.services.scraper.logic.sites import Site

from . import reading, walking


class OpenData:
    """Gives no observations itself: a list goes whole to the catalogue, with the mapping that reads it."""

    name = "open_data"
    parser_version = "1"
    settling = Settling()

    def start(self, site: Site, scope: Scope) -> Sequence[PageRequest]:
        """Begin with the count of the rows, or with the one download there is."""
        return walking.beginning(site)

    def read(self, page: Page, site: Site) -> Reading:
        """Count the rows of a page and say which list it is a piece of. Keeps nothing of what they say."""
        return reading.read(page, site)

    def page_of_file(self, name: str, site: Site) -> PageRequest:
        """Take a saved file for the whole list."""
        return walking.saved(name, site)


PLATFORM: Platform = OpenData()
