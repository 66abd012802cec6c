"""File drops: a folder or an S3 prefix that somebody puts lists into, bought or handed over by a county."""

from __future__ import annotations

from collections.abc import Sequence

from taxlien.services.scraper.adapters.platforms.platform import Platform
from taxlien.services.scraper.logic.pages import Page, PageRequest, Reading, Scope
from taxlien.services.scraper.logic.settling import Settling
from taxlien.services.scraper.logic.sites import Site

from . import reading


class FileDrop:
    """The folder's listing, then each file of it. What a file holds is for the catalogue to read."""

    name = "file_drop"
    parser_version = "1"
    settling = Settling()

    def start(self, site: Site, scope: Scope) -> Sequence[PageRequest]:
        """Begin with what lies in the folder."""
        return [PageRequest(key="listing", kind="listing", path="/")]

    def read(self, page: Page, site: Site) -> Reading:
        """Name the files of a listing, or say which list a file is."""
        return reading.read(page, site)

    def page_of_file(self, name: str, site: Site) -> PageRequest:
        """Take a saved file for a file of the folder."""
        return reading.request_of(name.rsplit("/", 1)[-1])


PLATFORM: Platform = FileDrop()
