"""The property itself, from datalets of labels: never from those about its owner or an office."""

from __future__ import annotations

from taxlien.services.scraper.logic import reading_cells as cells
from taxlien.services.scraper.logic.gathering import Gathering
from taxlien.services.scraper.logic.sites import Site

from .datalets import Banner, Datalet, Row

_OF_OTHERS = {
    *("owner", "owners", "ownership", "mailing", "collector", "assessor", "appraiser", "mortgage"),
    *(
        "alternate",
        "agent",
        "taxpayer",
        "notes",
        "grantor",
        "sale",
        "sales",
        "permits",
    ),
    *("transfer", "transfers", "payment", "payments", "contact", "office"),
    # Parts of the property: a shed's year and a line of land's acres are not the whole's.
    *("oby", "outbuilding", "outbuildings", "yard", "other", "additions", "addition", "accessory"),
}
_FIELDS: dict[str, tuple[str, ...]] = {
    "situs_address": (
        *("property location", "property address", "situs address", "location address", "situs"),
        *(
            "parcel address",
            "location",
            "address",
            "site location",
            "site address",
            "street address",
        ),
        *("parcel location", "site property address", "property street address"),
    ),
    "city": ("city", "situs city", "property city"),
    "zip_code": ("zip code", "zip", "zipcode", "situs zip"),
    "legal_description": (
        *("legal description", "legal desc", "legal", "legal desc 1", "legal 1"),
        *("legal description 1", "legal line 1"),
    ),
    "property_class": ("class", "property class", "classification", "tax class", "class code"),
    "land_use": (
        *("land use code", "land use", "luc", "use code", "property use", "land use description"),
        *("property use code", "property use type"),
    ),
    "acres": (
        *("cama acres", "acres", "total acres", "deeded acres", "acreage", "calculated acres"),
        *("legal acres", "gis acres", "parcel acres", "acres total"),
    ),
    "building_sqft": (
        *("total living area", "living area", "sq ft of living area", "total square footage"),
        *("square feet of living area", "total sq ft living area", "finished area"),
        *("tot fin area", "total finished area", "total fin area"),
    ),
    "year_built": ("year built", "yr built", "actual year built"),
}
_WHEREVER = {
    *("site property address", "property street address", "situs address", "property location"),
    *("legal description", "legal desc", "legal desc 1", "legal description 1", "legal 1"),
    *("legal acres", "calculated acres", "total acres", "deeded acres"),
}
"""Labels that mean the property even in a block about its owner (``Owner``, ``Owner and Legal``)."""

_PLACES = {"city state zip", "city state zip code", "city st zip", "property city state zip"}
_OF_TAX_BLOCKS = {"property_class", "land_use", "acres", "legal_description"}
"""What a block about taxes may say of the property; an address there is where the bill goes."""

_FIELD_OF = {label: field for field, labels in _FIELDS.items() for label in labels}
_PARCEL_ID = ("parid", "parcel id", "parcel number", "pin", "parcel no")
_OTHER_IDS = {
    *("alternate key", "alternate id", "alt id", "account number", "map number", "tax map number"),
    *("alternate parcel id", "property id", "old parcel id", "account", "alt key", "ntid"),
}
_STATES = {
    *(
        "in forfeiture",
        "in bankruptcy",
        "delinquent",
        "foreclosure",
        "in foreclosure",
        "bankruptcy",
    ),
    *("forfeiture", "coj", "tax lien", "certified delinquent", "tax certificate sold", "tax sale"),
}
_HOMESTEAD = {"homestead", "homestead farmstead", "homestead exemption", "homestead reduction"}
_REFUSED = {"denied", "not", "pending", "no", "n", "removed", "rejected"}


def is_about_property(datalet: Datalet) -> bool:
    """Whether an address or a size in the datalet is the property's own, not a person's or a part's."""
    about = datalet.about
    return not about & _OF_OTHERS and ("land" not in about or bool(about & {"parcel", "use"}))


def parcel_number(found: list[Datalet]) -> tuple[str, str] | None:
    """Return (number, origin) of the first row that names the parcel."""
    for datalet in found:
        for row in datalet.rows:
            if cells.words(row.label) in _PARCEL_ID and is_about_property(datalet):
                number = row.raw if cells.said(row.raw) else None
                return (number, f"{datalet.title}: {row.label}") if number else None
    return None


def read_property(found: list[Datalet], head: Banner, site: Site, into: Gathering) -> None:
    """Read the rows of every datalet about the property; the banner's address stands in for a missing one."""
    own = {cells.words(n): f for f, names in site.labels.items() if f in _FIELDS for n in names}
    field_of = {**_FIELD_OF, **own}
    buildings = _dwellings(found)
    for datalet in found:
        for row in datalet.rows:
            _read_state(datalet, row, cells.words(row.label), into)
        elsewhere = not is_about_property(datalet)
        if elsewhere and not datalet.about & {"owner", "owners"}:
            continue
        for place, row in enumerate(datalet.rows):
            name = cells.words(row.label)
            field = field_of.get(name)
            if elsewhere and name not in _WHEREVER:
                continue
            if datalet.about & {"tax", "taxes", "bill"} and field not in _OF_TAX_BLOCKS:
                continue
            if field in {"building_sqft", "year_built"} and buildings > 1:
                into.miss(field, f"the page shows {buildings} dwellings")
            elif field is not None:
                _take(field, datalet, place, into)
            elif name in _PLACES and not datalet.about & {"tax", "taxes", "bill"}:
                _take_city(datalet, row, into)
            elif name in _OTHER_IDS and cells.said(row.text):
                into.other_ids.setdefault(row.label.rstrip(": "), row.text)
    if head.situs:
        into.take("situs_address", cells.squeeze(head.situs.strip(" ,")) or None, "banner")
    into.other_ids.update({n: v for n, v in head.other_ids.items() if n not in into.other_ids})


def _dwellings(found: list[Datalet]) -> int:
    """How many rows of the page say when something was built: of several none is the property's."""
    return sum(
        _FIELD_OF.get(cells.words(row.label)) == "year_built"
        for datalet in found
        if is_about_property(datalet)
        for row in datalet.rows
    )


def _take(field: str, datalet: Datalet, place: int, into: Gathering) -> None:
    row = datalet.rows[place]
    origin = f"{datalet.title}: {row.label.rstrip(': ')}"
    text = row.text
    if field == "legal_description":
        text = " ".join(line for line in (text, *_lines_after(datalet, place)) if line)
    reader, what = {
        "acres": (cells.acres, "a number of acres"),
        "building_sqft": (cells.square_feet, "an area in square feet"),
        "year_built": (cells.year_built, "a year"),
    }.get(field, (cells.said, "a text"))
    into.read(field, text, reader, origin, what)


def _take_city(datalet: Datalet, row: Row, into: Gathering) -> None:
    found = cells.place_line(row.text)
    origin = f"{datalet.title}: {row.label.rstrip(': ')}"
    into.take("city", found.city, origin)
    into.take("zip_code", found.zip_code, origin)


def _lines_after(datalet: Datalet, place: int) -> list[str]:
    """The rows without a label below a legal description are its further lines, and so are numbered ones."""
    lines = []
    first = cells.words(datalet.rows[place].label)
    for number, row in enumerate(datalet.rows[place + 1 :], start=2):
        name = cells.words(row.label)
        if name and not (first.endswith(" 1") and name == f"{first[:-2]} {number}"):
            break
        lines.append(cells.said(row.text) or "")
    return lines


def _read_state(datalet: Datalet, row: Row, name: str, into: Gathering) -> None:
    """Note what the county marks the property with: in forfeiture, in bankruptcy, an exemption's name."""
    text = cells.said(row.text)
    if name in _HOMESTEAD:
        _read_homestead(datalet, row, text, into)
    elif name and text:
        named = name in _STATES and cells.yes_no(text) is True
        marked = datalet.about & {"flags", "flag"} and cells.yes_no(text) is not False
        if named or marked:
            into.flag(row.label.rstrip("?: "))


def _read_homestead(datalet: Datalet, row: Row, text: str | None, into: Gathering) -> None:
    origin = f"{datalet.title}: {row.label}"
    if text is None:
        into.miss("homestead", f"{origin} is empty")
        return
    approval = next((r.text for r in datalet.rows if cells.words(r.label) == "approved"), "")
    answer = cells.yes_no(text)
    if answer is None and "homestead" in cells.words(text).split():
        answer = None if set(cells.words(approval).split()) & _REFUSED else True
    if answer is None:
        into.miss("homestead", f"{origin} says neither yes nor no")
    into.take("homestead", answer, origin)
