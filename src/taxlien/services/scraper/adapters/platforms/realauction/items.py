"""Auction items: rows of a label and a value, in a box with the item's number.

The text is cut at every item's first tag before it is parsed, so that no open tag can carry a value into the
neighbour's record. A value counts only beside its label: in the same row, or next in a row of boxes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from itertools import zip_longest
from typing import NamedTuple

import msgspec
from selectolax.lexbor import LexborHTMLParser, LexborNode

from taxlien.interfaces.scraper import ItemKind, ItemStatus, LienObserved
from taxlien.services.scraper.logic.labelled import Labelled, identifier
from taxlien.services.scraper.logic.reading_cells import (
    CityLine,
    city_line,
    day,
    money,
    squeeze,
    words,
    yes_no,
)
from taxlien.services.scraper.logic.reading_tables import document
from taxlien.services.scraper.logic.sites import Site

from .outcomes import Outcome, outcome

PROMISED = (
    "parcel_id",
    "case_number",
    "certificate_number",
    "opening_bid",
    "assessed_value",
    "market_value",
    "amount_due",
    "deposit",
    "situs_address",
    "city",
    "zip_code",
)
LABELS: dict[str, tuple[str, ...]] = {
    "auction_type": ("auction type", "sale type"),
    "case_number": (
        "case",
        "case number",
        "case no",
        "tax deed",
        "tax deed number",
        "file",
        "file number",
    ),
    "certificate_number": (
        "certificate",
        "certificate number",
        "certificate no",
        "cert",
        "cert number",
        "tax certificate",
        "tax certificate number",
    ),
    "opening_bid": ("opening bid", "opening bid amount", "minimum bid", "starting bid"),
    "parcel_id": (
        "parcel id",
        "parcel",
        "parcel number",
        "parcel no",
        "parcel s",
        "apn",
        "pin",
        "folio",
        "strap",
    ),
    "key": ("alternate key", "parcel key", "alt key", "account", "account number", "property id"),
    "situs_address": ("property address", "address", "situs address", "property location"),
    "assessed_value": ("assessed value", "total assessed value"),
    "market_value": (
        "property app market value",
        "property appraiser market value",
        "appraised value",
        "market value",
        "just value",
        "just market value",
    ),
    "amount_due": ("final judgment amount", "final judgment", "judgment amount"),
    "deposit": ("deposit requirement", "deposit required", "deposit"),
    "homestead": ("homestead",),
}
KEPT = frozenset(
    {"auction type", "case status", "plaintiff max bid", "proof of publication", "sale type"}
)
"""Rows kept as they are. Any other unknown row could name a person, and only its label is noted."""

_ITEM = re.compile(r"""<div\b[^<>]{0,300}?\bid\s*=\s*["']?AITEM_(\d{1,12})\b""", re.IGNORECASE)
_AREA = re.compile(r"""\bid\s*=\s*["']?Area_([RWC])\b""", re.IGNORECASE)
_END = re.compile(r"</table|AUCTION_ITEM_SPACER|</div>\s*</div>\s*$", re.IGNORECASE)
_CITY = re.compile(
    r"(?P<city>[^,\d]*?)\s*,\s*(?:(?P<state>[A-Za-z]{2})\s*-?(?=\s|\d|$))?\s*(?P<zip>\d{5}(?:-?\d{4})?)?-?"
)
_ZIP_LINE = re.compile(r"(?:[A-Za-z]{2})?\s*-?\s*(?P<zip>\d{5}(?:-?\d{4})?)-?")
_SUFFIX = re.compile(r"\s*\(\d+\)$")
_SEVERAL = re.compile(r"\bmultiple\b|\bsee\b|\bvarious\b", re.IGNORECASE)
_LINES = {
    "ASTAT_MSGA": "A",
    "ASTAT_MSGB": "B",
    "ASTAT_MSGC": "C",
    "ASTAT_MSGD": "D",
    "ASTAT_MSG_SOLDTO_MSG": "ST",
}
_NODES = ".AD_LBL, .AD_DTA, " + ", ".join(f".{name}" for name in _LINES)
_STATUS_OF_AREA: dict[str, ItemStatus] = {"R": "running", "W": "advertised", "C": "closed"}
_DEED_WORDS = ("taxdeed", "tax deed", "treasurer", "lands available", "tax sale", "tax claim")
_DEED_HOSTS = ("realtaxdeed", "treasurersdeedsale", "taxsale")


class Row(NamedTuple):
    """A label, without its colon, the text beside it, and where that links to."""

    label: str
    text: str
    link: str | None


class ItemsFound(NamedTuple):
    """What a text holds: items in order, remarks, and whether its last item is cut off."""

    liens: tuple[LienObserved, ...]
    ids: tuple[str, ...]
    notes: tuple[str, ...]
    cut: bool


class Asked(NamedTuple):
    """What every item of a page shares, for the page itself does not say it."""

    on: date | None
    sale: str | None
    site: Site
    labels: Mapping[str, str]


def items_of(html: str, context: Mapping[str, str], site: Site) -> ItemsFound:
    """Read every item in ``html``. ``context`` says what the page does not: area, day and kind of sale."""
    starts = list(_ITEM.finditer(html))
    places = _areas(html)
    asked = Asked(day(context.get("auction_date")), context.get("sale"), site, _labels_of(site))
    liens: list[LienObserved] = []
    notes: set[str] = set()
    cut = False
    for here, after in zip_longest(starts, starts[1:]):
        fragment = html[here.start() : after.start() if after else None]
        if after is None and not _END.search(fragment):
            cut = True
            break
        area = next((a for at, a in reversed(places) if at < here.start()), context.get("area"))
        lien = _item(here[1], fragment, area or "", asked, notes)
        if lien not in liens:
            liens.append(lien)
    ids = tuple(dict.fromkeys(lien.item_id for lien in liens if lien.item_id))
    return ItemsFound(tuple(liens), ids, tuple(sorted(notes)), cut)


def _areas(html: str) -> list[tuple[int, str]]:
    """Where in a whole page each area begins; the item calls answer for one area and name none."""
    if "rea_" not in html:
        return []
    return [(found.start(), found[1].upper()) for found in _AREA.finditer(html)]


def _item(number: str, fragment: str, area: str, asked: Asked, notes: set[str]) -> LienObserved:
    rows, lines = _rows_and_lines(document(fragment))
    found = Labelled()
    address: list[str] = []
    last = ""
    for row in rows:
        field = asked.labels.get(_bare(row.label), "") if row.label else last
        if row.label:
            _take(found, field, row, notes)
        elif last == "situs_address" and row.text:
            address.append(row.text)
        last = field
    _take_address(found, address)
    ended = outcome(lines) if lines else None
    _take_day(found, ended, asked.on, notes)
    found.require(PROMISED)
    return ended_as(
        LienObserved(
            kind=kind_of(found, asked.sale, asked.site),
            status=_STATUS_OF_AREA.get(area, "advertised"),
            parcel_id=found.values.pop("parcel_id", None),
            item_id=number,
            **found.record(),
        ),
        ended,
    )


def ended_as(lien: LienObserved, ended: Outcome | None) -> LienObserved:
    """Return ``lien`` with what its status lines say of how it ended."""
    if ended is None or ended.status is None:
        return lien
    attributes = dict(lien.attributes)
    if ended.words:
        attributes["Auction Status"] = ended.words
    if ended.buyer:
        attributes["Sold To"] = ended.buyer
    if ended.sold_for is None:
        missing = {**lien.missing, "winning_bid": "the status lines name no amount"}
        return msgspec.structs.replace(
            lien, status=ended.status, attributes=attributes, missing=missing
        )
    origins = {**lien.origins, "winning_bid": "Amount"}
    return msgspec.structs.replace(
        lien,
        status=ended.status,
        attributes=attributes,
        origins=origins,
        winning_bid=ended.sold_for,
    )


def kind_of(found: Labelled, sale: str | None, site: Site) -> ItemKind:
    """A sale for unpaid tax, or a foreclosure for any debt: by the item, the day, the site, the host."""
    for said in (
        found.attributes.get("Auction Type"),
        sale,
        site.quirks.get("kind"),
    ):
        plain = (said or "").lower()
        if plain:
            if any(word in plain for word in _DEED_WORDS) or plain in {"td", "deed_sale"}:
                return "deed_sale"
            if "foreclosure" in plain or "sheriff" in plain or plain == "fc":
                return "foreclosure"
    if "certificate_number" in found.values:
        return "deed_sale"
    return "deed_sale" if any(host in site.base_url for host in _DEED_HOSTS) else "foreclosure"


def _take(found: Labelled, field: str, row: Row, notes: set[str]) -> None:
    plain = _bare(row.label)
    if plain in KEPT:
        found.attributes.setdefault(row.label, row.text[:80])
    match field:
        case "parcel_id":
            _take_parcel(found, row)
        case "key":
            if key := identifier(row.text):
                found.other_ids.setdefault(row.label, key)
                _link(found, row, "parcel_url")
            found.miss("parcel_id", f"the page gives a {row.label!r} instead")
        case "case_number":
            found.take(field, _SUFFIX.sub("", row.text), row.label, identifier)
            if _SUFFIX.search(row.text) and len(row.text) <= 80:
                found.attributes["Case # as published"] = row.text
            _link(found, row, "case_url")
        case "certificate_number":
            found.take(field, row.text, row.label, identifier)
        case "situs_address":
            found.take(field, row.text, row.label)
        case "homestead":
            found.take(field, row.text, row.label, yes_no)
        case "" | "auction_type":
            if plain not in KEPT:
                notes.add(f"a row {row.label[:40]!r} is not read")
        case _:
            found.take(field, row.text, row.label, money)


def _take_parcel(found: Labelled, row: Row) -> None:
    text = row.text
    parts = [part for part in (squeeze(p) for p in text.split(",")) if part]
    if len(parts) > 1 and all(identifier(part) for part in parts):
        found.other_ids |= {f"{row.label} {n}": part for n, part in enumerate(parts, start=1)}
        found.refuse("parcel_id", "the page lists several parcels")
    elif _SEVERAL.search(text) and not identifier(text):
        found.refuse("parcel_id", f"the page says {text[:20]!r} in place of a number")
    elif text.lower() == "property appraiser":
        found.refuse("parcel_id", "the page links the appraiser and names no number")
    else:
        found.take("parcel_id", text, row.label, identifier)
    _link(found, row, "parcel_url")


def _link(found: Labelled, row: Row, name: str) -> None:
    if row.link and row.link.startswith(("http://", "https://")) and len(row.link) <= 500:
        found.attributes.setdefault(name, row.link)


def _take_address(found: Labelled, lines: list[str]) -> None:
    """Lines under the address: the last may be ``TAMPA, FL- 33615``, others belong to the address."""
    if lines:
        found.miss("situs_address", "the first line of the address is empty")
    city = _CITY.fullmatch(lines[-1]) if lines else None
    if city and (city["city"] or city["zip"]):
        line = lines.pop()
        found.attributes["City line"] = line[:80]
        origin = "the line under the address"
        found.take("city", city["city"], origin)
        found.take("zip_code", _zip(city["zip"] or ""), origin)
    elif lines and (place := _place_alone(lines[-1])).zip_code:
        found.attributes["City line"] = lines.pop()[:80]
        found.take("city", place.city, "the line under the address")
        found.take("zip_code", place.zip_code, "the line under the address")
    if lines and "situs_address" in found.values:
        found.values["situs_address"] = ", ".join([found.values["situs_address"], *lines])[:200]
    found.require(("city", "zip_code"), "no line with a city under the address")


def _place_alone(line: str) -> CityLine:
    """Read ``TAMPA FL 33615`` and ``TAMPA, FL, 33615``, or ``FL- 33615``, whose city is missing."""
    place = city_line(line)
    alone = _ZIP_LINE.fullmatch(line) if place.zip_code is None else None
    return CityLine(None, None, _zip(alone["zip"])) if alone else place


def _zip(text: str) -> str:
    return f"{text[:5]}-{text[-4:]}" if len(text) > 5 else text


def _take_day(found: Labelled, ended: Outcome | None, asked: date | None, notes: set[str]) -> None:
    on = ended.on if ended else None
    if on and asked and on != asked:
        notes.add("an item names another day than the one asked for")
    if on:
        found.values["sale_date"], found.origins["sale_date"] = on, "the item's status lines"
    elif asked:
        found.values["sale_date"], found.origins["sale_date"] = asked, "the day asked for"
    else:
        found.missing["sale_date"] = "neither the page nor the request names the day"


def _rows_and_lines(tree: LexborHTMLParser) -> tuple[list[Row], dict[str, str]]:
    rows: list[Row] = []
    lines: dict[str, str] = {}
    label: LexborNode | None = None
    for node in tree.css(_NODES):
        classes = (node.attributes.get("class") or "").split()
        if "AD_LBL" in classes:
            label = node
        elif "AD_DTA" in classes:
            if label is not None and _beside(label, node):
                rows.append(_row(label, node))
            label = None
        else:
            name = next((_LINES[c] for c in classes if c in _LINES), None)
            if name and (text := squeeze(node.text())):
                lines.setdefault(name, text)
    if not rows and tree.css_first(".AD_LBL, .AD_DTA") is None:
        rows = [_row(first, second) for first, second in _plain_pairs(tree)]
    return rows, lines


def _beside(label: LexborNode, value: LexborNode) -> bool:
    one, other = label.parent, value.parent
    return one is not None and other is not None and one.mem_id == other.mem_id


def _plain_pairs(tree: LexborHTMLParser) -> Iterator[tuple[LexborNode, LexborNode]]:
    """Rows of two cells without the usual classes, as copies of these pages have them."""
    for row in tree.css("tr"):
        cells = [cell for cell in row.iter() if cell.tag in {"td", "th"}]
        if len(cells) == 2:
            yield cells[0], cells[1]


def _row(label: LexborNode, value: LexborNode) -> Row:
    link = value.css_first("a[href]")
    return Row(
        squeeze(label.text()).rstrip(": "),
        squeeze(value.text(separator=" ")),
        link.attributes.get("href") if link is not None else None,
    )


@lru_cache(maxsize=2_048)
def _bare(label: str) -> str:
    return words(label)


def _labels_of(site: Site) -> Mapping[str, str]:
    return _label_table(tuple(sorted(site.labels.items())))


@lru_cache(maxsize=256)
def _label_table(more: tuple[tuple[str, tuple[str, ...]], ...]) -> Mapping[str, str]:
    table = {words(label): field for field, labels in LABELS.items() for label in labels}
    return table | {words(label): field for field, labels in more for label in labels}


def same_items(ids: Iterable[str], context: Mapping[str, str]) -> bool:
    """Whether the page holds just what the page before it held: the site clamps at its last page."""
    before = context.get("before", "")
    return bool(before) and before == ",".join(ids)
