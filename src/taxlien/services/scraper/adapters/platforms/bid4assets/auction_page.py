"""The page of one item. Rows are found by their label: what stands in which place moves once it is sold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from selectolax.lexbor import LexborHTMLParser, LexborNode

from taxlien.interfaces.scraper import (
    ItemStatus,
    LienObserved,
    ParcelObserved,
    ValueKind,
    ValueOfYear,
)
from taxlien.services.scraper.logic.gathering import Gathering
from taxlien.services.scraper.logic.labelled import Labelled, identifier
from taxlien.services.scraper.logic.pages import Page, Reading
from taxlien.services.scraper.logic.reading_cells import (
    STATES,
    money,
    said,
    squeeze,
    whole,
    words,
    year,
)
from taxlien.services.scraper.logic.reading_tables import cell_lines, cells_of
from taxlien.services.scraper.logic.sites import Site

from .listed import EASTERN, closing_day, kind_of, status_of
from .titles import parcel_of, place_of, same_place
from .walking import county_of

PROMISED = (
    "parcel_id",
    "opening_bid",
    "deposit",
    "bid_count",
    "winning_bid",
    "sale_date",
    "situs_address",
    "city",
    "zip_code",
    "amount_due",
)
_NUMBER = re.compile(r"#\s*(\d{5,8})\b")
_IN_URL = re.compile(r"/auction/(?:index/|detail/)?(\d{4,9})\b")
_WHEN = re.compile(r"(\d{2}-\d{2}-\d{2})\s+(\d{1,2}:\d{2} [AP]M)")
_STATE_ZIP = re.compile(r"([A-Z]{2})\.?(?:\s+(\d{5}(?:-\d{4})?))?")
_PARCEL_LABELS = ("apn", "parcel number", "parcel", "parcel id", "pin", "tax parcel")
_VALUES: tuple[tuple[str, ValueKind], ...] = (
    ("land value", "land"),
    ("improvements value", "improvement"),
    ("improvement value", "improvement"),
    ("assessed value", "assessed"),
    ("total assessed value", "assessed"),
    ("market value", "market"),
)
Rows = Mapping[str, LexborNode]


def item_of(tree: LexborHTMLParser, page: Page, site: Site) -> Reading:
    """Read the page of one item. An item of a private seller or another county is not ours to keep."""
    panel, specifics, doubted = _rows(tree)
    if not panel and not specifics:
        return Reading(verdict="unrecognised", reason="an item without a row")
    asked, shown = page.request.context.get("item_id"), _shown_number(tree, panel)
    if asked and shown and asked != shown:
        return Reading(verdict="no_session", reason=f"the site shows item {shown}, not {asked}")
    heading = tree.css_first("#auction-content h1") or tree.css_first("h1")
    title = squeeze(heading.text()) if heading is not None else ""
    if _text(panel, "source") and "private" in (_text(panel, "source") or "").lower():
        return Reading(verdict="empty", reason="a private seller's item, not a county's")
    place, mine = place_of(title), county_of(site)
    if place is not None and mine is not None and not same_place(place, *mine):
        return Reading(verdict="empty", reason="an item of another county")
    found = _labelled(title, panel, specifics, page.request.context, tree)
    found.require(PROMISED, "no such row on the page" + (", or it stands twice" if doubted else ""))
    opens = _moment(_text(panel, "auction starts", "auction started"))
    closes = _moment(_text(panel, "auction closes", "auction closed"))
    told = f"{_text(panel, 'status') or ''} {_text(panel, 'auction type') or ''}"
    lien = LienObserved(
        kind=kind_of(title),
        status=_status(title, told, panel, opens, closes, page.fetched_at),
        parcel_id=found.values.pop("parcel_id", None),
        item_id=_item_number(tree, page),
        **found.record(),
    )
    parcel = _parcel(lien, specifics)
    notes = tuple(f"a row {label!r} stands twice, and differs" for label in doubted)
    return Reading(liens=(lien,), parcels=(parcel,) if parcel else (), notes=notes)


def _rows(tree: LexborHTMLParser) -> tuple[dict[str, LexborNode], dict[str, LexborNode], list[str]]:
    """Return the rows of the right panel and those of the item's tables, each by its bare label."""
    panel: dict[str, LexborNode] = {}
    specifics: dict[str, LexborNode] = {}
    doubted: tuple[set[str], set[str]] = (set(), set())
    right = tree.css_first("#auction-right-panel")
    inside = {row.mem_id for row in right.css("tr")} if right is not None else set()
    for row in tree.css("tr"):
        cells = cells_of(row)
        if len(cells) != 2:
            continue
        known, twice = (panel, doubted[0]) if row.mem_id in inside else (specifics, doubted[1])
        label = _label(cells[0])
        if label and label in known and squeeze(known[label].text()) != squeeze(cells[1].text()):
            twice.add(label)
        elif label:
            known.setdefault(label, cells[1])
    for known, twice in ((panel, doubted[0]), (specifics, doubted[1])):
        for label in twice:
            known.pop(label, None)
    return panel, specifics, sorted(doubted[0] | doubted[1])


def _label(cell: LexborNode) -> str:
    """Return the label without the explanation that shows when the mouse is over it."""
    own = cell.css_first("i, strong, b")
    return words((own or cell).text())[:60]


def _labelled(
    title: str, panel: Rows, specifics: Rows, context: Mapping[str, str], tree: LexborHTMLParser
) -> Labelled:
    found = Labelled()
    _take_parcel(found, title, specifics, context)
    for field, labels, rows in (
        ("opening_bid", ("minimum bid",), panel),
        ("winning_bid", ("winning bid",), panel),
        ("deposit", ("deposit required", "deposit"), panel),
        ("amount_due", ("debt amount",), specifics),
        ("assessed_value", ("assessed value", "total assessed value"), specifics),
        ("market_value", ("market value",), specifics),
    ):
        for label in labels:
            if label in rows:
                found.take(field, rows[label].text(), label.title(), money)
    for label in ("number of bids", "bids"):
        if label in panel:
            found.take("bid_count", panel[label].text(), label.title(), whole)
    closes = _text(panel, "auction closes", "auction closed")
    _take_day(found, closes, context)
    for name, text in (
        ("Opens", _text(panel, "auction starts", "auction started")),
        ("Closes", closes),
    ):
        if (when := _moment(text)) is not None:
            found.attributes[name] = f"{when:%Y-%m-%d %H:%M} ET"
    bid = tree.css_first("#current-bid-span")
    if bid is not None and (amount := money(bid.text())) is not None and amount > 0:
        found.attributes["Current Bid"] = str(amount)
    if reserve := _text(panel, "reserve"):
        found.attributes["Reserve"] = reserve[:40]
    _take_address(found, specifics)
    return found


def _take_parcel(found: Labelled, title: str, rows: Rows, context: Mapping[str, str]) -> None:
    """The list's number first, then the title's, then the table's: one item keeps one number."""
    named = next(((_text(rows, label), label) for label in _PARCEL_LABELS if label in rows), None)
    table, label = named if named else (None, "")
    for text, origin in (
        (context.get("parcel_id"), "the list of items"),
        (parcel_of(title), "the title"),
        (table, label.upper() if label == "apn" else label.title()),
    ):
        if text and "parcel_id" not in found.values:
            found.take("parcel_id", text, origin, identifier)
    number = identifier(table or "")
    if number and number != found.values.get("parcel_id"):
        found.other_ids["APN"] = number


def _take_day(found: Labelled, closes: str | None, context: Mapping[str, str]) -> None:
    listed = closing_day(context.get("sale_date", ""))
    when = _moment(closes)
    if listed is not None:
        found.values["sale_date"], found.origins["sale_date"] = listed, "the list of items"
    elif when is not None:
        found.values["sale_date"], found.origins["sale_date"] = when.date(), "Auction Closes"


def _take_address(found: Labelled, rows: Rows) -> None:
    label = next((one for one in ("address", "property address", "location") if one in rows), None)
    if label is None:
        return
    street, city, zip_code = address_of(cell_lines(rows[label]))
    for field, text in (("situs_address", street), ("city", city), ("zip_code", zip_code)):
        if text:
            found.take(field, text, label.title())
        else:
            found.miss(field, f"{label.title()!r} does not hold it")


def address_of(lines: list[str]) -> tuple[str | None, str | None, str | None]:
    """Split ``28920 125th Pl SW`` / ``VASHON, WA 98070``, or all of it in one line; ``N/A, WA`` is none."""
    parts = [squeeze(part) for line in lines for part in line.split(",")]
    parts = [p for p in parts if said(p) and p.lower() not in {"united states", "usa"}]
    zip_code = None
    if parts and (end := _STATE_ZIP.fullmatch(parts[-1].upper())) and end[1] in STATES:
        zip_code = end[2]
        parts.pop()
    city = parts.pop() if len(parts) > 1 and not any(c.isdigit() for c in parts[-1]) else None
    if len(parts) == 1 and city is None and not any(c.isdigit() for c in parts[0]):
        return None, parts[0], zip_code
    return ", ".join(parts)[:200] or None, city, zip_code


def _status(
    title: str,
    told: str,
    panel: Rows,
    opens: datetime | None,
    closes: datetime | None,
    now: datetime | None,
) -> ItemStatus:
    if "winning bid" in panel and not squeeze(told):
        told = "sold"
    return status_of(title, told, opens, closes, now)


def _moment(text: str | None) -> datetime | None:
    """Read ``09-13-18 12:42 PM ET``."""
    found = _WHEN.search(text or "")
    if found is None:
        return None
    try:
        when = datetime.strptime(f"{found[1]} {found[2]}", "%m-%d-%y %I:%M %p")  # noqa: DTZ007
    except ValueError:
        return None
    return when.replace(tzinfo=EASTERN)


def _item_number(tree: LexborHTMLParser, page: Page) -> str | None:
    if number := page.request.context.get("item_id"):
        return number
    if shown := _shown_number(tree, {}):
        return shown
    asked = _IN_URL.search(page.url) or _IN_URL.search(page.request.path)
    return asked[1] if asked else None


def _shown_number(tree: LexborHTMLParser, panel: Rows) -> str | None:
    """Return the number of the item that the page itself says it is about."""
    crumbs = tree.css_first(".breadcrumbs")
    said_so = _NUMBER.search(squeeze(crumbs.text())) if crumbs is not None else None
    if said_so:
        return said_so[1]
    number = _text(panel, "auction id") or ""
    return number if number.isdecimal() else None


def _parcel(lien: LienObserved, rows: Rows) -> ParcelObserved | None:
    if lien.parcel_id is None:
        return None
    found = Gathering()
    found.other_ids.update(lien.other_ids)
    for field in ("situs_address", "city", "zip_code"):
        found.take(field, getattr(lien, field), lien.origins.get(field, ""))
    for field, label in (
        ("legal_description", "legal description"),
        ("property_class", "property type"),
        ("land_use", "present use"),
    ):
        if label in rows:
            found.read(
                field, squeeze(rows[label].text(separator=" ")), said, label.title(), "words"
            )
    of_year = year(_text(rows, "assessed values date", "assessment year") or "")
    values = [
        ValueOfYear(year=of_year, kind=kind, amount=amount, label=label.title())
        for label, kind in _VALUES
        if label in rows and (amount := money(rows[label].text())) is not None
    ]
    found.add_values(values, "Item Specifics")
    return found.parcel(
        lien.parcel_id, lien.origins.get("parcel_id", "the title"), "no such row on the page"
    )


def _text(rows: Rows, *labels: str) -> str | None:
    for label in labels:
        if label in rows:
            return said(rows[label].text(separator=" "))
    return None
