"""Which part of a report a module is, by its title: counties number and name their modules freely."""

from __future__ import annotations

import re
from typing import Literal

from taxlien.services.scraper.logic.reading_cells import words
from taxlien.services.scraper.logic.sites import Site

Part = Literal[
    "summary", "owner", "valuation", "land", "buildings", "sales", "taxes", "certificates"
]

_TITLES: dict[Part, tuple[str, ...]] = {
    "summary": (
        *(
            "summary",
            "parcel summary",
            "property summary",
            "parcel information",
            "property information",
        ),
        *("general information", "parcel info", "parcel", "property", "property identification"),
        *("parcel details", "property details", "general", "location", "property description"),
    ),
    "owner": (
        *(
            "owner",
            "owners",
            "owner information",
            "owner s",
            "current owner",
            "ownership",
            "owner name",
        ),
        *("owner name and address", "current owners", "deed holder", "owner and mailing address"),
        *("all owners", "primary owner", "owner details", "ownership information"),
    ),
    "valuation": (
        *("valuation", "valuations", "values", "value", "value information", "property values"),
        *(
            "assessed values",
            "assessed value",
            "assessment",
            "assessments",
            "assessment information",
        ),
        *(
            "assessment history",
            "value history",
            "values history",
            "appraised values",
            "parcel valuation",
        ),
        *(
            "certified values",
            "working values",
            "preliminary values",
            "current values",
            "market values",
        ),
        *("historical assessment", "historical assessments", "historical values", "current value"),
        *("historical assessment information", "current assessments", "assessed year value"),
        *(
            "value summary",
            "current value information",
            "historical value information",
            "tax valuation",
        ),
        *("certified value history", "notice of value", "property value", "preliminary value"),
    ),
    "land": (
        *("land", "land information", "land lines", "land line", "land details", "land data"),
        *("land characteristics", "rural land", "land summary"),
    ),
    "buildings": (
        *("buildings", "building", "building information", "building data", "building details"),
        *(
            "residential improvement information",
            "commercial improvement information",
            "residential",
        ),
        *("residential dwellings", "residential dwelling", "commercial buildings", "dwelling"),
        *(
            "improvement information",
            "improvements",
            "building characteristics",
            "residential buildings",
        ),
        *("dwelling data", "commercial", "building summary", "residential building information"),
    ),
    "sales": (
        *(
            "sales",
            "sale",
            "sale information",
            "sales information",
            "sales history",
            "sale history",
        ),
        *(
            "transfers",
            "transfer history",
            "conveyance information",
            "property sales",
            "sales data",
        ),
        *(
            "transfer information",
            "sales and transfers",
            "deeds",
            "deed history",
            "sales transfers",
        ),
    ),
    "taxes": (
        *("taxes", "tax", "tax history", "tax information", "property taxes", "tax collected"),
        *(
            "taxes collected",
            "tax payment history",
            "tax bills",
            "tax bill",
            "tax collection history",
        ),
        *(
            "historical tax information",
            "tax collector",
            "tax payments",
            "collected",
            "tax summary",
        ),
        *("current tax bill", "tax collections", "previous tax history", "tax detail"),
    ),
    "certificates": (
        *(
            "tax certificates",
            "tax certificate",
            "certificates",
            "delinquent taxes",
            "delinquent tax",
        ),
        *("tax sale", "tax sales", "tax sale certificates", "tax sale certificate", "tax liens"),
        *("outstanding certificates", "tax lien", "delinquencies", "tax sale information"),
    ),
}
_PART_OF: dict[str, Part] = {title: part for part, titles in _TITLES.items() for title in titles}
_OFFICE = re.compile(
    r"\s*[-\u2013(]\s*(?:county |tax |property )*"
    r"(?:assessor|auditor|treasurer|recorder|collector|appraiser|commissioner"
    r"|certified|current|preliminary|working|proposed|final)\b.*",
    re.IGNORECASE,
)
_YEARS = re.compile(r"\b(?:19|20)\d\d\b")


def part_of(title: str, site: Site) -> Part | None:
    """Return our name of the module titled so; None for what nobody reads (maps, permits, neighbours' sales).

    Years in a title do not matter, nor whose office keeps the module: ``2024 Certified Values`` are
    ``Certified Values``, ``Sales - Assessor's Office`` are ``Sales``.
    """
    name = _bare(title)
    for part, further in site.titles.items():
        if part in _TITLES and name in {words(t) for t in further}:
            return part
    found = _PART_OF.get(name) or _PART_OF.get(_bare(_OFFICE.sub("", title.strip())))
    if found is None and "valuation" in name.split() and "building" not in name:
        return "valuation"
    return found


def _bare(title: str) -> str:
    return " ".join(words(_YEARS.sub(" ", title)).split())


def field_of_labels(labels: dict[str, str], site: Site, fields: frozenset[str]) -> dict[str, str]:
    """Return ``labels`` (bare words to field) with those that the site names on top."""
    own = {
        words(label): field
        for field, names in site.labels.items()
        if field in fields
        for label in names
    }
    return {**labels, **own}
