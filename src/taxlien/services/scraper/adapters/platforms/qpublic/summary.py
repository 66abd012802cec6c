"""The summary: rows of a label and a value. The label names the field, nothing else does."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborNode

from taxlien.services.scraper.logic import reading_cells as cells
from taxlien.services.scraper.logic.gathering import Gathering
from taxlien.services.scraper.logic.reading_tables import cell_lines, cell_text
from taxlien.services.scraper.logic.sites import Site

from .labelled import pairs
from .titles import field_of_labels

_FIELDS: dict[str, tuple[str, ...]] = {
    "parcel_id": (
        *(
            "parcel id",
            "parcel number",
            "parcel no",
            "parcel",
            "pin",
            "parcel identification number",
        ),
        *("parcel id number", "parcel identification", "strap", "tax parcel id", "parcel pin"),
    ),
    "situs_address": (
        *("property address", "location address", "situs address", "physical address", "situs"),
        *(
            "site address",
            "property location",
            "location",
            "street address",
            "situs physical address",
        ),
        *("physical location", "address", "parcel address"),
    ),
    "city": ("city", "situs city", "property city", "location city"),
    "zip_code": ("zip", "zip code", "situs zip", "property zip"),
    "legal_description": (
        *("legal description", "brief tax description", "legal", "brief legal description"),
        *(
            "tax description",
            "legal desc",
            "brief legal",
            "legal information",
            "property description",
        ),
    ),
    "property_class": (
        *(
            "class",
            "property class",
            "tax class",
            "class code",
            "property class code",
            "classification",
        ),
        *("property type",),
    ),
    "land_use": (
        *(
            "land use",
            "property use code",
            "use code",
            "property use",
            "dor use code",
            "land use code",
        ),
        *("property usage", "use", "dor code", "current use", "property code", "use description"),
        *("land use description", "usage"),
    ),
    "acres": (
        *(
            "acres",
            "acreage",
            "gross acres",
            "total acres",
            "deeded acres",
            "gis acres",
            "deed acres",
        ),
        *("calculated acres", "parcel acres", "gross acreage", "total acreage", "acre s"),
        *("acres gis", "acres deeded", "deeded acreage", "calculated acreage"),
        *("calc acres", "acreage gis", "legal acres", "taxable acres"),
    ),
    "homestead": ("homestead", "homestead exemption", "homestead y n", "has homestead"),
    "latitude": ("latitude",),
    "longitude": ("longitude",),
}
_FIELD_OF = {label: field for field, labels in _FIELDS.items() for label in labels}
OTHER_IDS = frozenset(
    {
        *("account number", "account", "account no", "alternate id", "alternate key", "prop id"),
        *(
            "property id",
            "geo id",
            "tax id",
            "real key",
            "realkey",
            "alternate parcel id",
            "alt id",
        ),
        *(
            "property account",
            "tax account",
            "account id",
            "short parcel id",
            "alternate account number",
        ),
        *(
            "real estate account",
            "prior parcel id",
            "old parcel id",
            "parcel key",
            "alternate key number",
        ),
        *(
            "property id number",
            "alternate id number",
            "map number",
            "tax map number",
            "alternate number",
        ),
    }
)
_EXEMPTIONS = frozenset({"exemption", "exemptions", "exemption s", "exemption codes"})
_OWNER = frozenset({"owner", "owner name", "owners", "primary owner", "owner s", "current owner"})
_GEORGIA = re.compile(r"S[0-9CDES]?\d?")
_NOTE = re.compile(r"\s*\(\s*note\b[^()]*(?:\([^()]*\)[^()]*)*\)\s*", re.IGNORECASE)


def read_summary(module: LexborNode, title: str, site: Site, into: Gathering) -> None:
    """Read the summary's rows into fields; further numbers of the parcel are kept by their label."""
    field_of = field_of_labels(_FIELD_OF, site, frozenset(_FIELDS))
    for label, cell in pairs(module):
        label = _NOTE.sub(" ", label).strip(" :*")
        name = cells.words(label)
        field = field_of.get(name)
        origin = f"{title}: {label}"
        if field is not None:
            _READ.get(field, _read_text)(field, cell, origin, into)
        elif name in OTHER_IDS:
            if (number := cells.said(cell_text(cell))) is not None:
                into.other_ids.setdefault(label, number)
        elif name in _EXEMPTIONS:
            named = {"homestead", "hx"} & set(cells.words(cell_text(cell)).split())
            into.take("homestead", True if named else None, origin)
        elif name in _OWNER:
            into.take("owner_published", cells.said(cell_text(cell)) is not None, origin)


def _read_text(field: str, cell: LexborNode, origin: str, into: Gathering) -> None:
    text = cells.squeeze(_NOTE.sub(" ", cell_text(cell)))
    into.read(field, text, cells.said, origin, "a text")


def _read_number(field: str, cell: LexborNode, origin: str, into: Gathering) -> None:
    """The parcel's number stands in an element of its own; links to maps may follow it in the cell."""
    inner = cell.css_first("span")
    text = cell_text(inner) if inner is not None else ""
    into.read(field, text or cell_text(cell), cells.said, origin, "a number")


def _read_situs(field: str, cell: LexborNode, origin: str, into: Gathering) -> None:
    lines = cell_lines(cell)
    last = cells.place_line(lines[-1]) if len(lines) > 1 else cells.CityLine()
    if last.zip_code:
        into.read(field, " ".join(lines[:-1]), cells.said, origin, "a text")
        into.take("city", last.city, f"{origin}, last line")
        into.take("zip_code", last.zip_code, f"{origin}, last line")
        return
    whole = " ".join(lines)
    into.read(field, whole, cells.said, origin, "a text")
    last = cells.place_after_comma(whole)
    into.take("city", last.city, f"{origin}, after the comma")
    into.take("zip_code", last.zip_code, f"{origin}, at the end")


def _read_acres(field: str, cell: LexborNode, origin: str, into: Gathering) -> None:
    into.read(field, cell_text(cell), cells.acres, origin, "a number of acres")


def _read_homestead(field: str, cell: LexborNode, origin: str, into: Gathering) -> None:
    into.read(field, cell_text(cell), _is_homestead, origin, "yes or no")


def _is_homestead(text: str) -> bool | None:
    """Read ``Yes (L1)``, ``N``, and Georgia's codes: ``S1 - Regular`` is a homestead, ``S0`` is none."""
    first = text.split(" ")[0].strip("()-:,")
    answer = cells.yes_no(first)
    if answer is None and _GEORGIA.fullmatch(first.upper()):
        answer = first.upper() != "S0"
    return answer


def _read_degrees(field: str, cell: LexborNode, origin: str, into: Gathering) -> None:
    into.read(field, cell_text(cell), _degrees, origin, "degrees")


def _degrees(text: str) -> float | None:
    number = cells.decimal(text)
    return float(number) if number is not None and 0 < abs(number) <= 180 else None


_READ = {
    "parcel_id": _read_number,
    "situs_address": _read_situs,
    "acres": _read_acres,
    "homestead": _read_homestead,
    "latitude": _read_degrees,
    "longitude": _read_degrees,
}
