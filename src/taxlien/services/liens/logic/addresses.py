"""A street address taken apart, so that two spellings of one place can be compared. Pure.

Words follow the abbreviations of the Postal Service (Publication 28): suffixes, directions, units.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_SUFFIXES = {
    "ALLEY": "ALY", "AVENUE": "AVE", "AV": "AVE", "BOULEVARD": "BLVD", "BLV": "BLVD", "CIRCLE": "CIR",
    "COURT": "CT", "COVE": "CV", "CROSSING": "XING", "DRIVE": "DR", "DRV": "DR", "EXPRESSWAY": "EXPY",
    "EXTENSION": "EXT", "FREEWAY": "FWY", "HEIGHTS": "HTS", "HIGHWAY": "HWY", "HIWAY": "HWY",
    "HWAY": "HWY", "JUNCTION": "JCT", "LANE": "LN", "LOOP": "LOOP", "PARKWAY": "PKWY", "PKY": "PKWY",
    "PLACE": "PL", "PLAZA": "PLZ", "POINT": "PT", "ROAD": "RD", "ROUTE": "RTE", "SQUARE": "SQ",
    "STREET": "ST", "STR": "ST", "TERRACE": "TER", "TERR": "TER", "TRAIL": "TRL", "TURNPIKE": "TPKE",
    "WY": "WAY", "CREEK": "CRK", "MOUNT": "MT", "MOUNTAIN": "MTN", "SAINT": "ST", "FORT": "FT",
    "COUNTY": "CO", "CNTY": "CO",
}  # fmt: skip
_DIRECTIONS = {
    "NORTH": "N", "SOUTH": "S", "EAST": "E", "WEST": "W", "NORTHEAST": "NE", "NORTHWEST": "NW",
    "SOUTHEAST": "SE", "SOUTHWEST": "SW",
}  # fmt: skip
_ORDINALS = {
    "FIRST": "1", "SECOND": "2", "THIRD": "3", "FOURTH": "4", "FIFTH": "5", "SIXTH": "6",
    "SEVENTH": "7", "EIGHTH": "8", "NINTH": "9", "TENTH": "10", "ELEVENTH": "11", "TWELFTH": "12",
}  # fmt: skip
_UNIT = re.compile(
    r"(?:\b(?:APT|APARTMENT|UNIT|STE|SUITE|LOT|RM|ROOM|BLDG|NO)\b\.?\s*#?|#)\s*([\w-]+)\s*$"
)
# A letter that stands alone belongs to the number, unless it is a direction: 12 A Oak St, 12 N Oak St.
_NUMBER = re.compile(r"^(\d+)(?:-?([A-Z])(?=\s)|\s+([A-DF-MO-RT-VX-Z]|1/2)(?=\s\S+\s\S))?\s+(.+)$")
_ORDINAL = re.compile(r"^(\d+)(?:ST|ND|RD|TH)$")
_NOT_WORD = re.compile(r"[^\w/#&-]+")
_SHORT = {*_SUFFIXES.values()}
_COMPASS = {*_DIRECTIONS.values()}


class Address(NamedTuple):
    """One place. ``street`` is in short words without directions, which are in ``directions``."""

    number: str
    unit: str | None
    directions: frozenset[str]
    street: str


def address_of(text: str | None) -> Address | None:
    """Return an address with a house number; None for what names no single house."""
    if not text:
        return None
    plain = " ".join(_NOT_WORD.sub(" ", text.upper().replace(".", "").replace("'", "")).split())
    unit = _UNIT.search(plain)
    found = _NUMBER.match(plain[: unit.start()].strip() + " " if unit else plain)
    if found is None:
        return None
    digits, joined, apart, street = found.groups()
    number = digits.lstrip("0") + (joined or apart or "")
    words = [_short(word) for word in street.split()]
    named = [word for word in words if word not in _COMPASS]
    if not digits.strip("0") or not any(word not in _SHORT for word in named):
        return None  # nothing is left but a suffix or a direction
    named_unit = (unit[1].lstrip("0") or "0") if unit else None
    return Address(
        number, named_unit, frozenset(w for w in words if w in _COMPASS), " ".join(named)
    )


def _short(word: str) -> str:
    """Return a word as the Postal Service shortens it; numbered streets without their ending."""
    ordinal = _ORDINAL.match(word)
    if ordinal:
        return ordinal[1].lstrip("0") or "0"
    return _SUFFIXES.get(word) or _DIRECTIONS.get(word) or _ORDINALS.get(word) or word
