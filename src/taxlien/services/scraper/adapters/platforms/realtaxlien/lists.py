"""Lists of certificates: rows by their id, cells by their class, else by the words of the header."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import unquote_plus

from selectolax.lexbor import LexborHTMLParser, LexborNode

from taxlien.interfaces.scraper import ItemStatus, LienObserved
from taxlien.services.scraper.logic.labelled import Labelled, identifier
from taxlien.services.scraper.logic.reading_cells import (
    decimal,
    money,
    squeeze,
    words,
    year,
    zip_at_end,
)
from taxlien.services.scraper.logic.reading_tables import cells_of
from taxlien.services.scraper.logic.sites import Site

PROMISED = (
    "parcel_id",
    "advertising_number",
    "tax_year",
    "face_amount",
    "situs_address",
    "zip_code",
)
_ASKED = re.compile(r"[?&]q=([^&#]*)")
_ROW = re.compile(r"cert(\d{1,12})$", re.IGNORECASE)
_FIELD_OF_CLASS = {
    "advnum": "advertising_number",
    "parcel": "parcel_id",
    "facevalue": "face_amount",
}
_FIELD_OF_HEADER = {
    "adv num": "advertising_number",
    "adv number": "advertising_number",
    "advertising number": "advertising_number",
    "tax year": "tax_year",
    "cert year": "certificate_year",
    "certificate year": "certificate_year",
    "parcel id": "parcel_id",
    "parcel": "parcel_id",
    "account": "parcel_id",
    "face amount": "face_amount",
    "face value": "face_amount",
    "amount": "face_amount",
    "certificate": "certificate_number",
    "certificate number": "certificate_number",
    "interest": "bid_rate_pct",
    "interest rate": "bid_rate_pct",
    "rate": "bid_rate_pct",
    "winning bid": "bid_rate_pct",
    "assessed value": "assessed_value",
    "buy now": "buy",
    "select items": "select",
}


class Listed(NamedTuple):
    """The certificates of one page, their numbers, and whether the county holds them."""

    liens: tuple[LienObserved, ...]
    ids: tuple[str, ...]
    held: str | None
    notes: tuple[str, ...]


def listed_certificates(tree: LexborHTMLParser, context: Mapping[str, str], site: Site) -> Listed:
    """Read the rows of a list; rows that are not a certificate's are not looked at."""
    columns = _columns(tree)
    held = _is_held(tree)
    liens: list[LienObserved] = []
    ids: list[str] = []
    unread = 0
    for row in tree.css("tr[id^='cert']"):
        named = _ROW.match(row.attributes.get("id") or "")
        if not named or named[1] in ids:
            continue
        lien = _certificate(row, named[1], columns, "available" if held else "advertised")
        if lien is None:
            unread += 1
            continue
        ids.append(named[1])
        liens.append(lien)
    notes = (f"{unread} rows hold nothing readable",) if unread else ()
    return Listed(tuple(liens), tuple(ids), "yes" if held else None, notes)


def _columns(tree: LexborHTMLParser) -> tuple[str, ...]:
    """Return the field of each column, by its words; "" where it is none of ours."""
    header = tree.css_first("tr.searchResultHeader")
    if header is None:
        return ()
    return tuple(_FIELD_OF_HEADER.get(words(cell.text()), "") for cell in cells_of(header))


def _is_held(tree: LexborHTMLParser) -> bool:
    """Whether these are certificates of the county, for sale at any time, not those of a coming sale."""
    if tree.css_first("[id='BuyCertsBtn'], .bidAll") is not None:
        return True
    instruction = tree.css_first("[id='instructional-text']")
    return instruction is not None and "purchase" in instruction.text().lower()


def _certificate(
    row: LexborNode, number: str, columns: tuple[str, ...], status: ItemStatus
) -> LienObserved | None:
    cells = cells_of(row)
    fits = _fits(cells, columns)
    found = Labelled()
    for place, cell in enumerate(cells):
        name = _of_class(cell) or (columns[place] if fits else "")
        if name:
            _take(found, name, cell)
    if not found.values:
        return None
    if str(found.values.get("tax_year")) == found.attributes.get("Cert Year"):
        found.refuse("tax_year", "the row says the same year of tax and certificate")
    _take_address(found, row)
    if row.css_first("img.outstandingCerts") is not None:
        found.attributes["Outstanding certificates"] = "yes"
    held_for_sale = row.css_first("input[type='checkbox'], input.bidOption") is not None
    found.attributes["Can be bought now"] = "yes" if held_for_sale else "no"
    reason = "no such column" if fits else "the row does not fit its header"
    found.require(PROMISED, reason)
    return LienObserved(
        kind="certificate",
        status=status,
        parcel_id=found.values.pop("parcel_id", None),
        item_id=number,
        **found.record(),
    )


def _fits(cells: Sequence[LexborNode], columns: Sequence[str]) -> bool:
    """Whether each cell stands under its column. Where cells name themselves, that tells a shifted row."""
    if len(cells) != len(columns):
        return False
    named = [_of_class(cell) for cell in cells]
    return not any(named) or all(
        own == column
        for own, column in zip(named, columns, strict=True)
        if own or column in _FIELD_OF_CLASS.values()
    )


def _of_class(cell: LexborNode) -> str:
    for name in (cell.attributes.get("class") or "").lower().split():
        if name in _FIELD_OF_CLASS:
            return _FIELD_OF_CLASS[name]
    return ""


def _take(found: Labelled, name: str, cell: LexborNode) -> None:
    text = squeeze(cell.text(separator=" "))
    match name:
        case "advertising_number":
            found.take(name, text, "ADV NUM", identifier)
        case "tax_year":
            found.take(name, text, "Tax Year", year)
        case "certificate_year":
            if said := year(text):
                found.attributes["Cert Year"] = str(said)
        case "parcel_id":
            found.take(name, text, "Parcel ID", identifier)
            link = cell.css_first("a[href]")
            href = link.attributes.get("href") if link is not None else None
            if href and href.startswith(("http://", "https://")) and len(href) <= 500:
                found.attributes["parcel_url"] = href
        case "face_amount" | "assessed_value":
            found.take(name, text, name.replace("_", " ").title(), money)
        case "certificate_number":
            found.take(name, text, "Certificate Number", identifier)
        case "bid_rate_pct":
            found.take(name, text, "Interest", percent)


def percent(text: str) -> object:
    """Read a rate in percent. A dollar sign makes it an amount of money, which is no rate."""
    if "$" in text:
        return None
    rate = decimal(squeeze(text).removesuffix("%"))
    return rate if rate is not None and 0 <= rate <= 100 else None


def _take_address(found: Labelled, row: LexborNode) -> None:
    """The link to a map asks for the address: the list itself has no column for it."""
    for link in row.css("td.icons a[href], a[href*='maps']"):
        asked = _ASKED.search(link.attributes.get("href") or "")
        address = squeeze(unquote_plus(asked[1]))[:200] if asked else ""
        if address:
            origin = "the link to the map"
            found.take("situs_address", address, origin)
            found.take("zip_code", address, origin, zip_at_end)
            return
    found.require(("situs_address", "zip_code"), "the row links to no map")
