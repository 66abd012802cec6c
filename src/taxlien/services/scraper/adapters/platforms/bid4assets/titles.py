"""Titles of sales and items: county, state, parcel, and whether the item was withdrawn."""

from __future__ import annotations

import re
from typing import NamedTuple

from taxlien.services.scraper.logic.labelled import identifier
from taxlien.services.scraper.logic.reading_cells import STATES, squeeze

_COUNTY = re.compile(
    r"(?:^|[\[(,;:|]\s*|\s[-–]\s+)(?P<county>[A-Z][A-Za-z.' -]{1,40}?)"
    r" (?:County|Parish|Borough),? ?(?P<state>[A-Z]{2})\b"
)
_STATE_FIRST = re.compile(
    r"[\[(]?(?P<state>[A-Z]{2})\s*[,:-]\s*(?P<county>[A-Z][A-Za-z.' ]{1,40}?) (?:County|Parish|Borough)\b"
)
_NOT_OF_A_NAME = frozenset(
    {"tax", "sale", "sales", "deed", "lien", "auction", "property", "the", "of", "in", "online"}
    | {
        "foreclosure",
        "defaulted",
        "foreclosed",
        "sheriff",
        "treasurer",
        "withdrawn",
        "vacant",
        "land",
    }
)
_RUN_TOGETHER = re.compile(
    r"(?P<county>[A-Z][A-Za-z]{2,30}?)(?:County)?(?P<state>[A-Z]{2})(?=[A-Z][a-z])"
)
_MARK = re.compile(r"\*{2,}\s*([A-Za-z ]{3,20}?)\s*\*{2,}")
_PARCEL = re.compile(
    r"\b(?:APN|PIN|Tax ID|Parcel(?: ?(?:ID|Number|No\.?|#))?"
    r"|Account(?: ?(?:Number|No\.?|#))?)\s*[:#]\s*(.+)$",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"\b(?:APN|PIN|Parcel (?:ID|Number|No\.?))\s+(?=[0-9A-Z.-]*\d)([0-9A-Z][0-9A-Z./-]*)(?![^\s,;(])"
)
_REST = re.compile(r",\s*(?![\d\s])|;|\||\s[(\[]|\s[-–]\s")
"""Where a title goes on after the number; a comma before another number parts a list of them."""
_TAX = re.compile(r"\bTax:\s*(.+)$")
_PUNCTUATION = re.compile(r"[^a-z0-9]+")


LONGEST = 400
"""Characters of a title that are looked at."""


class Place(NamedTuple):
    """A county as a title names it."""

    county: str
    state: str


def place_of(title: str) -> Place | None:
    """Return the county a title names: ``Elko County, NV Tax ...``, ``MonroePATaxApr26``; or None."""
    plain = _MARK.sub("", squeeze(title[:LONGEST])).strip()
    found = _STATE_FIRST.match(plain) or _COUNTY.search(plain)
    if found is None and " " not in plain:
        found = _RUN_TOGETHER.match(plain)
    if found is None or found["state"] not in STATES:
        return None
    named = squeeze(found["county"]).split()
    while len(named) > 1 and named[0].lower() in _NOT_OF_A_NAME:
        named = named[1:]
    return Place(" ".join(named), found["state"])


def same_place(place: Place, county: str, state: str) -> bool:
    """Whether two spellings mean one county: ``St. Lucie`` and ``st lucie``."""
    return place.state == state.upper() and _bare(place.county) == _bare(county)


def _bare(name: str) -> str:
    return _PUNCTUATION.sub("", name.lower().replace("saint ", "st "))


def parcel_of(title: str) -> str | None:
    """Return the parcel's number at the end of an item's title, as published; None where there is none."""
    plain = squeeze(title[:LONGEST])
    found = _PARCEL.search(plain) or _TAX.search(plain) or _BARE.search(plain)
    number = identifier(_REST.split(found[1], maxsplit=1)[0]) if found else None
    return number if number and len(number) <= 40 else None


def mark_of(title: str) -> str | None:
    """Return the word in stars before a title (``***Withdrawn***``), in small letters."""
    found = _MARK.search(title[:LONGEST])
    return found[1].lower() if found else None
