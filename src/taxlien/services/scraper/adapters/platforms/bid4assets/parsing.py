"""What a page of Bid4Assets says. The page decides what it is."""

from __future__ import annotations

import json
import re
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from taxlien.services.scraper.logic.nesting import is_bottomless
from taxlien.services.scraper.logic.pages import Page, PageRequest, Reading
from taxlien.services.scraper.logic.reading_cells import squeeze, whole, words
from taxlien.services.scraper.logic.reading_pages import is_challenge, is_truncated, is_unavailable
from taxlien.services.scraper.logic.reading_tables import document, grid_of
from taxlien.services.scraper.logic.sites import Site

from . import walking
from .auction_page import item_of
from .calendar_page import coming_sales, of_county
from .listed import listed_items

_STOREFRONT_ID = re.compile(
    r"getauctiondisplay/(\d{1,9})\?|[\"']?storefrontId[\"']?\s*[:=]\s*[\"']?(\d{1,9})",
    re.IGNORECASE,
)
_FOLDER_ID = re.compile(
    r"[\"']?StorefrontCollectionId[\"']?\s*[:=]\s*[\"']?(\d{1,9})", re.IGNORECASE
)
_SEARCH = ("type", "searchtype", "assetstatus", "channel", "locatedstate")
_COLUMNS = {
    "id": "auctionID",
    "auction id": "auctionID",
    "title": "title",
    "name": "title",
    "auction title": "title",
    "apn": "apn",
    "parcel": "apn",
    "parcel number": "apn",
    "address": "address",
    "minimum bid": "minimumBid",
    "min bid": "minimumBid",
    "current bid": "currentBidAmount",
    "status": "timeRemaining",
    "time remaining": "timeRemaining",
}


def read(page: Page, site: Site) -> Reading:
    """Say what ``page`` says. Raises nothing: see ``Reading.verdict``."""
    if is_bottomless(page.text):
        return Reading(verdict="unrecognised", reason="nested deeper than any page")
    text = page.text.lstrip("\ufeff \t\r\n")
    if not text:
        return Reading(verdict="truncated", reason="an empty answer")
    if text[0] in "{[":
        return _another("items", page) or _items(text, page, site)
    if is_truncated(text):
        return Reading(verdict="truncated", reason="the page does not end")
    tree = document(text)
    if tree.css_first(".auction-calendar, .auction-list") is not None:
        return _another("calendar", page) or _calendar(tree, text, site)
    if tree.css_first("#auction-right-panel, #auction-content, .item-specifics-table") is not None:
        return _another("auction", page) or item_of(tree, page, site)
    if _is_storefront(tree, text):
        return _another("storefront", page) or _storefront(tree, text, page, site)
    if is_challenge(text):
        return Reading(
            verdict="challenge", reason="a page that asks whether we are human, or says no"
        )
    if is_unavailable(text):
        return Reading(verdict="unavailable", reason="the server apologises")
    return Reading(verdict="unrecognised", reason="neither a calendar, a storefront nor an item")


def _another(shown: str, page: Page) -> Reading | None:
    """Refuse a page of another kind than was asked for; what a saved file is nobody asked."""
    asked = page.request.kind
    if page.request.session is None or asked == shown:
        return None
    return Reading(verdict="no_session", reason=f"the site gave its {shown} page, not {asked}")


def _calendar(tree: LexborHTMLParser, text: str, site: Site) -> Reading:
    if text.count("<section") > text.count("</section"):
        return Reading(verdict="truncated", reason="the calendar does not end")
    every, placeholders = coming_sales(tree, site)
    sales = of_county(every, site)
    notes = [f"{placeholders} rows announce days to come"] if placeholders else []
    if not sales:
        if not every and not placeholders:
            return Reading(verdict="unrecognised", reason="a calendar without a row")
        return Reading(verdict="empty", reason="the calendar names no sale of this county")
    follow: dict[str, PageRequest] = {}
    if walking.county_of(site) is not None:
        for one in sales:
            if one.storefront:
                follow[one.storefront] = walking.storefront_request(one.storefront)
    return Reading(
        sales=tuple(one.sale for one in sales), follow=tuple(follow.values()), notes=tuple(notes)
    )


def _is_storefront(tree: LexborHTMLParser, text: str) -> bool:
    marks = "input[name='StorefrontId'], #auction-folders-wp, #folderListView, .k-table-thead"
    return tree.css_first(marks) is not None or _FOLDER_ID.search(text) is not None


def _storefront(tree: LexborHTMLParser, text: str, page: Page, site: Site) -> Reading:
    """Ask for the items of every folder. In a page saved from a browser the rows are there already."""
    number, folders = _storefront_id(tree, text), _folders(tree, text)
    if page.request.session is not None and number is not None and folders:
        return Reading(follow=tuple(walking.items_request(number, folder) for folder in folders))
    rows = _grid_rows(tree)
    if rows:
        found = listed_items(rows, site, page.fetched_at)
        return Reading(liens=found.liens, promised=len(rows) - found.foreign)
    holder = tree.css_first("#auction-folders-wp, #folderListView")
    if not folders and (number is not None or holder is not None) and not _says_more(holder):
        return Reading(verdict="empty", reason="the storefront has no folder of items yet")
    if folders and page.request.session is None:
        return Reading()
    return Reading(verdict="unrecognised", reason="a storefront whose items nobody finds")


def _says_more(holder: LexborNode | None) -> bool:
    """Whether the place of the folders holds something that was not read as one."""
    return holder is not None and bool(squeeze(holder.text()))


def _storefront_id(tree: LexborHTMLParser, text: str) -> int | None:
    node = tree.css_first("input[name='StorefrontId']")
    number = whole(node.attributes.get("value")) if node is not None else None
    if number is None and (found := _STOREFRONT_ID.search(text)):
        number = whole(found[1] or found[2])
    return number


def _folders(tree: LexborHTMLParser, text: str) -> list[int]:
    named = [whole(found) for found in _FOLDER_ID.findall(text)]
    for node in tree.css("input[id^='ac-']"):
        named.append(whole((node.attributes.get("id") or "")[3:]))
    return list(dict.fromkeys(number for number in named if number))


def _grid_rows(tree: LexborHTMLParser) -> list[dict[str, str]]:
    """Rows of the grids as a browser shows them, by the words of the header."""
    rows: list[dict[str, str]] = []
    for table in tree.css("table"):
        grid = grid_of(table)
        keys = [_COLUMNS.get(words(name), "") for name in grid.header] if grid else []
        if grid is None or "auctionID" not in keys:
            continue
        for cells in grid.rows:
            row = {key: cell for key, cell in zip(keys, cells, strict=True) if key}
            row.setdefault("title", row.get("address", "") or row.get("apn", ""))
            rows.append(row)
    return rows


def _items(text: str, page: Page, site: Site) -> Reading:
    try:
        answer: Any = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return Reading(verdict="truncated", reason="the JSON of the answer does not end")
    data = answer.get("data", answer.get("Data")) if isinstance(answer, dict) else answer
    if not isinstance(data, list):
        return Reading(verdict="unrecognised", reason="JSON, but no rows of items")
    if not data:
        return _no_items(answer, page.request)
    found = listed_items(data, site, page.fetched_at)
    if not found.liens and not found.foreign:
        return Reading(verdict="unrecognised", reason="JSON rows that are no items")
    notes = [f"{found.foreign} items are of another county"] if found.foreign else []
    follow: tuple[PageRequest, ...] = ()
    if site.quirks.get("details") == "yes" and page.request.session is not None:
        follow = tuple(walking.auction_request(lien) for lien in found.liens)
    return Reading(
        liens=found.liens, follow=follow, promised=len(data) - found.foreign, notes=tuple(notes)
    )


def _no_items(answer: Any, request: PageRequest) -> Reading:
    """A search that lacks one of its fields answers, with 200, that there is nothing."""
    searched = isinstance(answer, dict) and "total" in answer
    asked = request.json or {}
    if searched and "storefrontId" not in asked and any(not asked.get(name) for name in _SEARCH):
        reason = "a total of 0 is also what a search without all its fields gives"
        return Reading(verdict="no_session", reason=reason)
    return Reading(verdict="empty", reason="no item is listed", promised=0)
