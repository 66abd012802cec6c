"""A fault of a parser costs its page, and says nothing of what the page holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from taxlien.services.scraper.adapters.platforms.platform import Platform, read_by
from taxlien.services.scraper.adapters.platforms.registry import shipped_site
from taxlien.services.scraper.logic.pages import Page, PageRequest, Reading, Scope
from taxlien.services.scraper.logic.settling import Settling
from taxlien.services.scraper.logic.sites import Site


class Faulty:
    name = "faulty"
    parser_version = "1"
    settling = Settling()

    def start(self, site: Site, scope: Scope) -> Sequence[PageRequest]:
        return [self.page_of_file("page", site)]

    def read(self, page: Page, site: Site) -> Reading:
        raise ValueError(f"cannot read {page.text}")

    def page_of_file(self, name: str, site: Site) -> PageRequest:
        return PageRequest(key=name, kind="report", path="/")


def test_a_fault_of_a_parser_is_a_page_nobody_could_read_and_quotes_nothing() -> None:
    platform: Platform = Faulty()
    site = shipped_site("qpublic", "fl_dixie")
    [request] = platform.start(site, Scope(today=date(2026, 11, 28)))
    reading = read_by(platform, Page(request=request, url="/", text="Jane Roe"), site)
    assert (reading.verdict, reading.reason) == ("unrecognised", "the parser failed: ValueError")
