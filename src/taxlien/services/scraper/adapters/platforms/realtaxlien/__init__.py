"""RealAuction's certificate sites: ``<county>.realtaxlien.com`` and ``<county>.arizonataxsale.com``."""

from __future__ import annotations

from collections.abc import Sequence

from taxlien.services.scraper.adapters.platforms.platform import Platform
from taxlien.services.scraper.logic.pages import Page, PageRequest, Reading, Scope
from taxlien.services.scraper.logic.settling import COLDFUSION, WALL, Settling
from taxlien.services.scraper.logic.sites import Site

from . import parsing, walking


class RealTaxLien:
    """Batches of certificates, their lists, and one certificate's details."""

    name = "realtaxlien"
    parser_version = "1"
    settling = Settling((*COLDFUSION, *WALL))

    def start(self, site: Site, scope: Scope) -> Sequence[PageRequest]:
        """Begin with the lists that the site names, or with the batches the county holds."""
        return tuple(walking.beginning(site, scope))

    def read(self, page: Page, site: Site) -> Reading:
        """Say what ``page`` says: batches, a list of certificates, or one certificate."""
        return parsing.read(page, site)

    def page_of_file(self, name: str, site: Site) -> PageRequest:
        """Take kind, batch and certificate from the name: ``popup_certpop-property-details_6263040.html``."""
        return walking.request_of_file(name)


PLATFORM: Platform = RealTaxLien()
