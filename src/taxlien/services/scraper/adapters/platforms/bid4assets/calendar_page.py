"""The calendar of coming sales. Days come without a year, which the month's box carries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from taxlien.interfaces.scraper import SaleDayObserved
from taxlien.services.scraper.logic.reading_cells import day, squeeze, whole
from taxlien.services.scraper.logic.sites import Site

from .titles import Place, place_of, same_place
from .walking import county_of

_DAYS = re.compile(
    r"(?P<month>[A-Z][a-z]{2,8})\.? (?P<first>\d{1,2})(?:st|nd|rd|th)?"
    r"(?:\s*[-–]\s*(?:(?P<until>[A-Z][a-z]{2,8})\.? )?(?P<last>\d{1,2})(?:st|nd|rd|th)?)?"
    r"(?:,? (?P<year>\d{4}))?"
)
_FORMS = ("%B %d %Y", "%b %d %Y")
_STOREFRONT = re.compile(r"/storefront/([A-Za-z0-9_-]{1,80})")
_KINDS = (
    ("repository", re.compile(r"repository", re.IGNORECASE)),
    ("tax_title", re.compile(r"tax[- ]title|surplus", re.IGNORECASE)),
    ("foreclosure", re.compile(r"sheriff|mortgage", re.IGNORECASE)),
    ("certificate_sale", re.compile(r"tax lien|certificate", re.IGNORECASE)),
)


class Coming(NamedTuple):
    """One row of the calendar. ``storefront`` is None where the sale is only announced."""

    sale: SaleDayObserved
    place: Place | None
    storefront: str | None


def coming_sales(tree: LexborHTMLParser, site: Site) -> tuple[list[Coming], int]:
    """Return the sales of the calendar and how many rows are only a promise of days to come."""
    found: list[Coming] = []
    placeholders = 0
    for month in tree.css(".month"):
        year = whole(month.attributes.get("data-year")) or _year_of_page(tree)
        for row in month.css("li"):
            coming = _coming(row, year, site)
            if coming is None:
                placeholders += 1
            elif coming not in found:
                found.append(coming)
    return found, placeholders


def of_county(sales: list[Coming], site: Site) -> list[Coming]:
    """Leave only the sales of the site's county; all of them where the site is the nation's calendar."""
    mine = county_of(site)
    if mine is None:
        return sales
    return [one for one in sales if one.place is not None and same_place(one.place, *mine)]


def _coming(row: LexborNode, year: int | None, site: Site) -> Coming | None:
    link = row.css_first("a[href*='/storefront/']")
    named = link or row.css_first("strong, a")
    days = row.css_first("span")
    if named is None or days is None:
        return None
    first, last = _range(squeeze(days.text()), year)
    title = squeeze(named.text())
    if first is None or not title:
        return None
    place = place_of(title)
    sale = SaleDayObserved(
        sale_date=first,
        ends_on=last,
        kind=next((kind for kind, pattern in _KINDS if pattern.search(title)), "tax_deed"),
        county_fips=_fips(title, place, site),
        label=title[:200],
    )
    slug = _STOREFRONT.search(link.attributes.get("href") or "") if link is not None else None
    return Coming(sale, place, slug[1] if slug else None)


def _range(text: str, year: int | None) -> tuple[date | None, date | None]:
    """Read ``April 23rd - 28th``; a sale from December into January ends in the next year."""
    found = _DAYS.fullmatch(text)
    if found is None:
        return None, None
    named = whole(found["year"]) or year
    if named is None:
        return None, None
    first = day(f"{found['month']} {found['first']} {named}", _FORMS)
    if first is None or not found["last"]:
        return first, None
    month = found["until"] or found["month"]
    last = day(f"{month} {found['last']} {named}", _FORMS)
    if last is not None and last < first:
        last = day(f"{month} {found['last']} {named + 1}", _FORMS) if found["until"] else None
    return first, last


def _fips(title: str, place: Place | None, site: Site) -> str | None:
    """Look the county up in the site's own table (``quirks``: ``Elko NV: "32007"``)."""
    mine = county_of(site)
    if mine is not None:
        return site.county_fips if place is not None and same_place(place, *mine) else None
    known: Mapping[str, str] = site.quirks
    if place is not None:
        return known.get(f"{place.county} {place.state}")
    return next(
        (fips for name, fips in known.items() if fips.isdecimal() and title.startswith(f"{name} ")),
        None,
    )


def _year_of_page(tree: LexborHTMLParser) -> int | None:
    node = tree.css_first(".year")
    return whole(node.text()) if node is not None else None
