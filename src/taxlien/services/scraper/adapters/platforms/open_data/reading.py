"""What a page of an open-data portal says: how many rows it has, of which list. Not what is in them."""

from __future__ import annotations

import csv

import msgspec

from taxlien.services.scraper.logic.lists import ListPart, header_and_rows
from taxlien.services.scraper.logic.pages import Page, Reading
from taxlien.services.scraper.logic.sites import Site, SiteError

from . import walking

_PLAIN = (".csv", ".txt", ".tsv")


def read(page: Page, site: Site) -> Reading:
    """Read a page of any kind; raises nothing, whatever the page is."""
    try:
        start = page.text.lstrip("\ufeff \t\r\n")[:200].lower()
        if start.startswith("<"):
            reason = "a web page came in place of the list"
            return Reading(verdict="unrecognised", reason=reason)
        match page.request.kind:
            case "count":
                return _count(page, site)
            case "rows":
                return _rows(page, site)
            case _:
                return _download(page, site)
    except SiteError as error:
        return Reading(verdict="unrecognised", reason=f"the site file: {error}")


def _count(page: Page, site: Site) -> Reading:
    """``[{"count": "123"}]``; the column is called count, count_1 or as the portal likes."""
    try:
        [row] = msgspec.json.decode(page.text, type=list[dict[str, str | int]])
        [value] = row.values()
        count = int(value)
    except (msgspec.MsgspecError, ValueError, UnicodeEncodeError):
        return Reading(verdict="unrecognised", reason="no count of the rows")
    pages = walking.parts_of(site, max(0, count))
    if pages > walking.MAX_PAGES:
        reason = f"{count} rows are more pages than are ever asked for"
        return Reading(verdict="unrecognised", reason=reason)
    if count < 1:
        return Reading(verdict="empty", reason="the portal counts no rows")
    return Reading(
        follow=tuple(walking.pages_of_rows(site, count)),
        lists=(walking.announced(site, count),),
    )


def _rows(page: Page, site: Site) -> Reading:
    part = page.request.context.get("part", "0")
    place = int(part) if part.isascii() and part.isdecimal() and len(part) < 9 else 0
    if walking.list_format(site) == "json":
        return _json_rows(page, site, place)
    return _csv_rows(page, walking.piece(site, place))


def _json_rows(page: Page, site: Site, place: int) -> Reading:
    try:
        rows = msgspec.json.decode(page.text, type=list[dict[str, msgspec.Raw]])
    except (msgspec.MsgspecError, UnicodeEncodeError):
        whole = page.text.rstrip().endswith("]")
        return Reading(
            verdict="unrecognised" if whole else "truncated",
            reason="no JSON list of rows" if whole else "the list ends in the middle",
        )
    # Columns that are null in every row of a page are left out there: names are no header to compare.
    return Reading(lists=(walking.piece(site, place, rows=len(rows)),))


def _download(page: Page, site: Site) -> Reading:
    part = walking.piece(site, parts=1)
    if part.file_name.lower().endswith(_PLAIN):
        return _csv_rows(page, part)
    if not page.text:
        return Reading(verdict="truncated", reason="the file is empty")
    return Reading(lists=(part,))


def _csv_rows(page: Page, part: ListPart) -> Reading:
    if page.text.lstrip("\ufeff \t\r\n").startswith("{"):
        return Reading(verdict="unrecognised", reason="a message came in place of the list")
    try:
        header, rows = header_and_rows(page.text)
    except csv.Error as error:
        return Reading(verdict="unrecognised", reason=f"no CSV: {error}")
    if not any(header):
        return Reading(verdict="truncated", reason="nothing came, not even names of columns")
    return Reading(lists=(msgspec.structs.replace(part, rows=rows, header=header),))
