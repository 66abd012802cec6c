"""The calendar of sale days, and the page of one day, which binds the session to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from taxlien.interfaces.scraper import SaleDayObserved
from taxlien.services.scraper.logic.reading_cells import day, squeeze, whole, words
from taxlien.services.scraper.logic.sites import Site

_LABEL_DAY = ("%B-%d-%Y", "%b-%d-%Y")
_HEADER_DAY = re.compile(r"([A-Z][a-z]+) (\d{1,2}),? (\d{4})")
_KINDS = {
    "tax deed": "tax_deed",
    "taxdeed": "tax_deed",
    "td": "tax_deed",
    "foreclosure": "foreclosure",
    "mortgage foreclosure": "foreclosure",
    "fc": "foreclosure",
    "treasurer deed": "treasurer_deed",
    "treasurers deed": "treasurer_deed",
    "tax lien": "certificate_sale",
    "tax certificate": "certificate_sale",
}
_CODE = re.compile(r"/\s*\d+\s+([A-Z]{2})\b")
_PAGES = ("W", "R", "C")


class DayPage(NamedTuple):
    """What the page of a day says before its items come: its day, pages an area, items in all.

    ``pages`` has only the areas whose count is filled in; ``listed`` is None where no list is there.
    """

    shown: date | None
    pages: dict[str, int]
    listed: int | None


def sale_days(tree: LexborHTMLParser, site: Site) -> tuple[SaleDayObserved, ...]:
    """Return the days on which something is sold, in the order of the page."""
    found: list[SaleDayObserved] = []
    for cell in tree.css(".CALBOX"):
        classes = (cell.attributes.get("class") or "").split()
        dated = cell.attributes.get("dayid")
        if not dated and "CALSELT" not in classes:
            continue
        on = day(dated) or day(cell.attributes.get("aria-label"), _LABEL_DAY)
        if on is None:
            continue
        for sale in _sales(cell, on, site):
            if sale not in found:
                found.append(sale)
    return tuple(found)


def shows_another_month(tree: LexborHTMLParser, month: str | None) -> bool:
    """Tell whether the calendar names days, and none of ``month`` (``2026-08``)."""
    days = [day(cell.attributes.get("aria-label"), _LABEL_DAY) for cell in tree.css(".CALBOX")]
    shown = {f"{on:%Y-%m}" for on in days if on is not None}
    return month is not None and bool(shown) and month not in shown


def says_more(tree: LexborHTMLParser) -> bool:
    """Tell whether some day says more than its number, in a way that ``sale_days`` did not read."""
    return any(whole(squeeze(cell.text()) or "0") is None for cell in tree.css(".CALBOX"))


def _sales(cell: LexborNode, on: date, site: Site) -> Iterator[SaleDayObserved]:
    for kind, active, scheduled, at in _blocks(cell):
        yield SaleDayObserved(
            sale_date=on,
            kind=_KINDS.get(words(kind), words(kind).replace(" ", "_")) or "sale",
            county_fips=site.county_fips,
            label=squeeze(f"{kind} {at}") or None,
            items_active=active,
            items_scheduled=scheduled,
        )


def _blocks(cell: LexborNode) -> Iterator[tuple[str, int | None, int | None, str]]:
    """Yield kind, active, scheduled and time of every sale in a cell; a day may hold two kinds."""
    text = cell.css_first(".CALTEXT")
    if text is None:
        return
    kind, active, scheduled, at, begun = "", None, None, "", False
    for node in text.iter(include_text=True):
        classes = (node.attributes.get("class") or "").split() if node.tag != "-text" else []
        if node.tag == "-text":
            if named := squeeze(node.text()):
                if begun:
                    yield kind, active, scheduled, at
                kind, active, scheduled, at, begun = named, None, None, "", True
        elif "CALMSG" in classes:
            begun = True
            active, scheduled = _count(node, ".CALACT"), _count(node, ".CALSCH")
            code = _CODE.search(squeeze(node.text(separator=" ")))
            kind = kind or (code[1] if code else "")
            at = at or _text(node, ".CALTIME")
        elif "CALTIME" in classes:
            begun, at = True, squeeze(node.text())
        elif "CALACT" in classes:
            begun, active = True, whole(node.text())
        elif "CALSCH" in classes:
            begun, scheduled = True, whole(node.text())
    if begun:
        yield kind, active, scheduled, at


def day_page(tree: LexborHTMLParser) -> DayPage | None:
    """Read the page of a day; None where it is not one."""
    header = tree.css_first(".BLHeaderDateDisplay")
    areas = tree.css("[id='Area_W'], [id='Area_R'], [id='Area_C']")
    if header is None and not areas:
        return None
    said = _HEADER_DAY.search(squeeze(header.text())) if header is not None else None
    shown = day(f"{said[1]}-{said[2]}-{said[3]}", _LABEL_DAY) if said else None
    pages = {area: count for area in _PAGES if (count := _pages(tree, area)) is not None}
    listed = tree.css_first("#ALB")
    ids = re.findall(r"\d+", _content(listed)) if listed is not None else None
    return DayPage(shown, pages, len(ids) if ids is not None else None)


def _pages(tree: LexborHTMLParser, area: str) -> int | None:
    counts = [whole(_content(node)) for node in tree.css(f"[id='max{area}A'], [id='max{area}B']")]
    return max((count for count in counts if count is not None), default=None)


def _content(node: LexborNode) -> str:
    return squeeze(node.attributes.get("value")) or squeeze(node.text())


def _count(node: LexborNode, selector: str) -> int | None:
    return whole(_text(node, selector))


def _text(node: LexborNode, selector: str) -> str:
    found = node.css_first(selector)
    return squeeze(found.text()) if found is not None else ""
