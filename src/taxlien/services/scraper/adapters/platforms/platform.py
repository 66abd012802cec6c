"""What every platform adapter offers: where a run begins, and what a page says. Both pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from taxlien.services.scraper.logic.pages import Page, PageRequest, Reading, Scope
from taxlien.services.scraper.logic.settling import Settling
from taxlien.services.scraper.logic.sites import Site


class Platform(Protocol):
    """One kind of site. ``parser_version`` changes with whatever changes what a page is read as.

    ``settling`` names what changes in every answer: a page that changed in nothing else is not read again.
    """

    name: str
    parser_version: str
    settling: Settling

    def start(self, site: Site, scope: Scope) -> Sequence[PageRequest]:
        """Return the pages a run begins with; the others follow from what those say."""
        ...

    def read(self, page: Page, site: Site) -> Reading:
        """Say what ``page`` says. Means to raise nothing, whatever the page is: see ``Reading.verdict``.

        Every null field has its reason in ``missing``; a value never comes from a neighbour's cell.
        """
        ...

    def page_of_file(self, name: str, site: Site) -> PageRequest:
        """Return the request that would have given a page saved as ``name`` (``taxlien parse``)."""
        ...


def read_by(platform: Platform, page: Page, site: Site) -> Reading:
    """Return what ``platform`` reads. A fault of its parser is a page that nobody could read, no dead run."""
    try:
        return platform.read(page, site)
    except Exception as error:
        # The kind of fault only: its words may quote the page, and the page names people.
        return Reading(verdict="unrecognised", reason=f"the parser failed: {type(error).__name__}")
