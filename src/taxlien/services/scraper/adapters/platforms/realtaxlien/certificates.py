"""One certificate: a header line, then boxes of labelled rows, each found by its heading."""

from __future__ import annotations

import re
from collections.abc import Mapping

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
    acres,
    city_line,
    money,
    said,
    square_feet,
    squeeze,
    whole,
    words,
    year,
    year_built,
)
from taxlien.services.scraper.logic.reading_tables import cell_lines, cells_of
from taxlien.services.scraper.logic.sites import Site

_ADVERTISED = re.compile(r"ADV\s*NUM:?\s*([0-9A-Za-z.-]+)", re.IGNORECASE)
_YEAR = re.compile(r"Tax Year:?\s*(\d{4})", re.IGNORECASE)
_STATUS = re.compile(r"Status:?\s*([A-Za-z][A-Za-z /-]{0,40})", re.IGNORECASE)
_AS_OF = re.compile(r"current as of\s+(\d{1,2}/\d{1,2}/\d{4})\b")
_STATUSES: dict[str, ItemStatus] = {
    "available": "available",
    "sold": "sold",
    "redeemed": "redeemed",
    "struck off": "struck_off",
    "county held": "available",
    "removed": "removed",
    "cancelled": "removed",
    "canceled": "removed",
    "advertised": "advertised",
    "active": "running",
    "unsold": "unsold",
}
_VALUES: tuple[tuple[str, ValueKind], ...] = (
    ("assessed value", "assessed"),
    ("building value", "improvement"),
    ("land value", "land"),
    ("total value", "market"),
)
PROMISED = (
    "parcel_id",
    "advertising_number",
    "tax_year",
    "face_amount",
    "assessed_value",
    "situs_address",
    "city",
    "zip_code",
)
Boxes = Mapping[str, Mapping[str, LexborNode]]


def certificate_of(tree: LexborHTMLParser, page: Page, site: Site) -> Reading:
    """Read the popup of one certificate. A number nobody has gives an empty popup, with 200."""
    header = tree.css_first(".popup-header")
    title = squeeze(header.text(separator=" ")) if header is not None else ""
    advertised = _ADVERTISED.search(title)
    boxes = _boxes(tree)
    if not any(boxes.values()):
        if advertised and not advertised[1].strip("0"):
            return Reading(verdict="not_found", reason="the site knows no such certificate")
        return Reading(verdict="unrecognised", reason="a popup without boxes")
    found = _labelled(title, header, boxes)
    dated = _AS_OF.search(squeeze(tree.body.text(separator=" "))) if tree.body is not None else None
    if dated:
        found.attributes["Information as of"] = dated[1]
    number = _number(tree, page)
    if number is None:
        found.miss("item_id", "neither the popup nor the request names the certificate")
    status, told = _status(title)
    lien = LienObserved(
        kind="certificate",
        status=status,
        parcel_id=found.values.pop("parcel_id", None),
        item_id=number,
        **found.record(),
    )
    notes = () if told else ("a status that is not known here",)
    parcel = _parcel(lien, boxes, tree)
    return Reading(liens=(lien,), parcels=(parcel,) if parcel else (), notes=notes)


def _boxes(tree: LexborHTMLParser) -> Boxes:
    boxes: dict[str, dict[str, LexborNode]] = {}
    for box in tree.css(".box"):
        heading = box.css_first(".box-header")
        if heading is None:
            continue
        rows = boxes.setdefault(words(heading.text()), {})
        for row in box.css("tr"):
            cells = cells_of(row)
            if len(cells) == 2:
                rows.setdefault(words(cells[0].text()), cells[1])
    return boxes


def _labelled(title: str, header: LexborNode | None, boxes: Boxes) -> Labelled:
    found = Labelled()
    property_box = boxes.get("property information", {})
    summary = boxes.get("certificate summary", {})
    advertised, tax_year = _ADVERTISED.search(title), _YEAR.search(title)
    if advertised:
        found.take("advertising_number", advertised[1], "ADV NUM", identifier)
    if tax_year:
        found.take("tax_year", tax_year[1], "Tax Year", year)
    link = header.css_first("a[href*='arcel'], a[target]") if header is not None else None
    if link is not None:
        found.take("parcel_id", link.text(), "Parcel ID", identifier)
    elif (cell := property_box.get("parcel id")) is not None:
        first = next(iter(cell_lines(cell)), "")
        found.take("parcel_id", first, "Parcel ID", identifier)
    for field, label in (
        ("face_amount", "face value"),
        ("amount_due", "total face amount outstanding"),
    ):
        if (cell := summary.get(label)) is not None:
            found.take(field, cell.text(), label.title(), money)
    for label in ("additional unpaid certificates", "redeemed certificates"):
        if (cell := summary.get(label)) is not None and (count := whole(cell.text())) is not None:
            found.attributes[label.capitalize()] = str(count)
    if (cell := boxes.get("valuation", {}).get("assessed value")) is not None:
        found.take("assessed_value", cell.text(), "Assessed Value", money)
    if (cell := boxes.get("valuation", {}).get("total value")) is not None:
        found.take("market_value", cell.text(), "Total Value", money)
    if alternate := _text(property_box, "alternate parcel id"):
        found.other_ids["Alternate Parcel ID"] = alternate
    lines = _lines(property_box, "property address")
    if lines:
        place = city_line(lines[-1])
        if len(lines) > 1 or not place.zip_code:
            found.take("situs_address", lines[0], "Property Address")
        else:
            found.miss("situs_address", "the address is a city's line alone")
        found.take("city", place.city, "Property Address")
        found.take("zip_code", place.zip_code, "Property Address")
    found.require(PROMISED)
    return found


def _status(title: str) -> tuple[ItemStatus, bool]:
    told = _STATUS.search(title)
    status = _STATUSES.get(words(told[1])) if told else None
    return status or "closed", status is not None


def _number(tree: LexborHTMLParser, page: Page) -> str | None:
    """The popup's own tabs carry the number that was asked for."""
    tab = tree.css_first("[data-cert]")
    own = identifier(tab.attributes.get("data-cert") or "") if tab is not None else None
    return own or page.request.context.get("certificate")


def _parcel(lien: LienObserved, boxes: Boxes, tree: LexborHTMLParser) -> ParcelObserved | None:
    if lien.parcel_id is None:
        return None
    box = boxes.get("property information", {})
    found = Gathering()
    found.other_ids.update(lien.other_ids)
    for label in ("section", "township", "range"):
        if text := _text(box, label):
            found.other_ids[label.title()] = text
    for field in ("situs_address", "city", "zip_code"):
        found.take(field, getattr(lien, field), "Property Address")
    _read(found, box, "legal_description", "legal description", said, "a description")
    _read(found, box, "land_use", "use code", said, "a use")
    _read(found, box, "year_built", "year built", year_built, "a year")
    _read(found, box, "building_sqft", "living square feet", square_feet, "an area")
    if "building_sqft" not in found.found:
        _read(found, box, "building_sqft", "gross sq ft", square_feet, "an area")
    _take_area(found, box)
    owner = _text(boxes.get("owner information", {}), "owner name")
    if "owner information" in boxes:
        found.take("owner_published", owner is not None, "OWNER INFORMATION")
    valuation = boxes.get("valuation", {})
    values = [
        ValueOfYear(year=None, kind=kind, amount=amount, label=label.title())
        for label, kind in _VALUES
        if (amount := money(_text(valuation, label))) is not None
    ]
    found.add_values(values, "VALUATION")
    return found.parcel(lien.parcel_id, "Parcel ID", "no such row on the page")


def _take_area(found: Gathering, box: Mapping[str, LexborNode]) -> None:
    """``Area (Sqft or Acres)`` does not say which: below 1,000 with a fraction it can only be acres."""
    text = _text(box, "area sqft or acres")
    area = acres(text) if text else None
    if area is not None and area < 1_000 and area != area.to_integral_value():
        found.take("acres", area, "Area (Sqft or Acres)")
    elif text:
        found.miss("acres", "'Area (Sqft or Acres)' does not say in which unit")


def _read(
    found: Gathering,
    box: Mapping[str, LexborNode],
    field: str,
    label: str,
    reader: object,
    what: str,
) -> None:
    if (cell := box.get(label)) is not None:
        found.read(field, squeeze(cell.text(separator=" ")), reader, label.title(), what)  # type: ignore[arg-type]


def _text(box: Mapping[str, LexborNode], label: str) -> str | None:
    cell = box.get(label)
    return said(cell.text(separator=" ")) if cell is not None else None


def _lines(box: Mapping[str, LexborNode], label: str) -> list[str]:
    cell = box.get(label)
    return cell_lines(cell) if cell is not None else []
