"""The GIS pages of GrizzlyLogic (floridapa.com) as a platform: labels are all there is to go by."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from selectolax.lexbor import LexborHTMLParser, LexborNode

from taxlien.services.scraper.logic import reading_cells as cells
from taxlien.services.scraper.logic.gathering import Gathering
from taxlien.services.scraper.logic.nesting import is_bottomless
from taxlien.services.scraper.logic.pages import Page, PageRequest, Reading, Scope
from taxlien.services.scraper.logic.reading_pages import (
    is_challenge,
    is_truncated,
    is_unavailable,
)
from taxlien.services.scraper.logic.reading_tables import cell_text, cells_of, document, rows_of
from taxlien.services.scraper.logic.settling import WALL, Settling
from taxlien.services.scraper.logic.sites import Site

from . import walking
from .tables import read_buildings, read_sales
from .valuation import read_values

_FIELD_OF = {
    "site": "situs_address",
    "use code": "land_use",
    "area": "acres",
    "land area": "acres",
    "description": "legal_description",
}
_HEAD = re.compile(r"(\S+)(?:\s*\(\s*([^()]+?)\s*\))?(?:\s+(.*))?", re.DOTALL)
_ACRES = re.compile(r"([\d.,]+)\s*(?:ac|acres?)\b\.?", re.IGNORECASE)
_TOWN = re.compile(r".*[^,\s]\s*,\s*([A-Za-z][A-Za-z .'-]*)")
_MORE = re.compile(r"\s*(?:\.\.\.\s*more\s*>*|<+\s*less)\s*$", re.IGNORECASE)
_LONGEST_SITE = 300
_TAIL = 40
_NOTHING = re.compile(
    r"no (?:records|parcels) (?:were )?found|no matching records|(?<![\d,.])0 records",
    re.IGNORECASE,
)


class FloridaPa:
    """The property appraisers' sites that GrizzlyLogic runs for small counties of Florida."""

    name = "floridapa"
    parser_version = "1"
    settling = Settling(WALL)

    def start(self, site: Site, scope: Scope) -> Sequence[PageRequest]:
        """Return the page of each parcel wanted."""
        return walking.start(site, scope)

    def read(self, page: Page, site: Site) -> Reading:
        """Say what ``page`` says."""
        return read_page(page, site)

    def page_of_file(self, name: str, site: Site) -> PageRequest:
        """Return the request of a page saved as ``name``."""
        return walking.page_of_file(name, site)


def read_page(page: Page, site: Site) -> Reading:
    """Say what the page says."""
    if is_truncated(page.text):
        return Reading(verdict="truncated", reason="the document has no end")
    if is_bottomless(page.text):
        return Reading(verdict="unrecognised", reason="more open elements than any page has")
    tree = document(page.text)
    named = parcel_number(tree)
    if named is None:
        return _read_other(page, tree)
    parcel_id, account, codes = named
    asked = cells.words(page.request.context.get("pin"))
    if asked and asked != cells.words(parcel_id):
        return Reading(verdict="no_session", reason="the page of another parcel than asked for")
    into = Gathering()
    if account:
        into.other_ids["Account"] = account
    tables = tree.css("table.parcelDetails_insideTable")
    for label, cell in labelled(tables):
        _take(label, cell, into)
    read_values(tables, into)
    if "HX" in codes.split():
        into.take("homestead", True, "Parcel: exemption HX")
    into.miss("homestead", "no exemption HX beside the parcel's number, which is no denial")
    read_sales(tree, into)
    read_buildings(tree, into)
    into.miss("taxes", "this site publishes no tax bills")
    into.miss("city", "not apart from the street on this page")
    return Reading(parcels=(into.parcel(parcel_id, "Parcel", "not on this page"),))


def parcel_number(tree: LexborHTMLParser) -> tuple[str, str | None, str] | None:
    """Return (parcel, account in brackets, codes of exemptions) of the line beginning ``Parcel:``."""
    for table in tree.css("table.parcelIDtable"):
        bold = table.css_first("b")
        found = _HEAD.fullmatch(cell_text(bold)) if bold is not None else None
        if found and any(c.isdigit() for c in found[1]):
            return found[1], found[2], found[3] or ""
    return None


def labelled(tables: list[LexborNode]) -> Iterator[tuple[str, LexborNode]]:
    """Yield (bare label, cell) of rows of one or two pairs; a row of another shape says nothing."""
    for table in tables:
        for row in rows_of(table):
            there = cells_of(row)
            if len(there) in {2, 4}:
                for label, cell in zip(there[::2], there[1::2], strict=True):
                    yield cells.words(cell_text(label)), cell


def _take(label: str, cell: LexborNode, into: Gathering) -> None:
    if label == "owner":
        into.take("owner_published", cells.said(cell_text(cell)) is not None, "Owner")
        return
    field = _FIELD_OF.get(label)
    if field is None:
        return
    origin = f"Owner & Property Info: {label.capitalize()}"
    if field == "acres":
        into.read(field, cell_text(cell), acres_with_unit, origin, "an area in acres")
        return
    text = _legal(cell) if field == "legal_description" else cell_text(cell)
    into.read(field, text, cells.said, origin, "a text")
    if field == "situs_address":
        into.take("zip_code", cells.zip_at_end(text), origin)
        town = _TOWN.fullmatch(text[:_LONGEST_SITE])
        into.take("city", town[1].strip() if town else None, f"{origin}, after the comma")


def acres_with_unit(text: str) -> Decimal | None:
    """Read ``8.26 AC`` and what may follow as a remark; without its unit the number may be feet or lots."""
    found = _ACRES.match(cells.squeeze(text))
    return cells.acres(found[1]) if found else None


def _legal(cell: LexborNode) -> str:
    """Return the whole description: the page holds a shortened one too, in a table beside it."""
    whole = cell.css_first("#Flegal") or cell.css_first("#Blegal") or cell
    text = cell_text(whole)
    return (text[:-_TAIL] + _MORE.sub("", text[-_TAIL:])).strip()


def _read_other(page: Page, tree: LexborHTMLParser) -> Reading:
    if _NOTHING.search(page.text):
        return Reading(verdict="not_found", reason="the site knows no such parcel")
    if is_challenge(page.text):
        return Reading(verdict="challenge", reason="the site asks whether we are human")
    if is_unavailable(page.text):
        return Reading(verdict="unavailable", reason="the server apologises")
    if tree.css_first("table.parcelIDtable") is not None:
        return Reading(verdict="unrecognised", reason="the parcel's table names no parcel")
    return Reading(verdict="unrecognised", reason="no parcel's table, and no word why")
