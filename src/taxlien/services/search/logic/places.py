"""Names of places as people type them: states by word, counties with or without "County"."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

STATE_NAMES = {
    "AL": "Alabama",
    "AK": "Alaska",
    "AZ": "Arizona",
    "AR": "Arkansas",
    "CA": "California",
    "CO": "Colorado",
    "CT": "Connecticut",
    "DE": "Delaware",
    "DC": "District of Columbia",
    "FL": "Florida",
    "GA": "Georgia",
    "HI": "Hawaii",
    "ID": "Idaho",
    "IL": "Illinois",
    "IN": "Indiana",
    "IA": "Iowa",
    "KS": "Kansas",
    "KY": "Kentucky",
    "LA": "Louisiana",
    "ME": "Maine",
    "MD": "Maryland",
    "MA": "Massachusetts",
    "MI": "Michigan",
    "MN": "Minnesota",
    "MS": "Mississippi",
    "MO": "Missouri",
    "MT": "Montana",
    "NE": "Nebraska",
    "NV": "Nevada",
    "NH": "New Hampshire",
    "NJ": "New Jersey",
    "NM": "New Mexico",
    "NY": "New York",
    "NC": "North Carolina",
    "ND": "North Dakota",
    "OH": "Ohio",
    "OK": "Oklahoma",
    "OR": "Oregon",
    "PA": "Pennsylvania",
    "RI": "Rhode Island",
    "SC": "South Carolina",
    "SD": "South Dakota",
    "TN": "Tennessee",
    "TX": "Texas",
    "UT": "Utah",
    "VT": "Vermont",
    "VA": "Virginia",
    "WA": "Washington",
    "WV": "West Virginia",
    "WI": "Wisconsin",
    "WY": "Wyoming",
}

_STATE_CODES = {name.casefold(): code for code, name in STATE_NAMES.items()}
_NOT_WORD = re.compile(r"[\W_]+")
_COUNTY_WORDS = {"county", "parish", "borough", "municipality"}


def state_code(text: str) -> str | None:
    """Return the two letters of a state given as code or name; None for neither."""
    wanted = text.strip()
    code = wanted.upper()
    return code if code in STATE_NAMES else _STATE_CODES.get(wanted.casefold())


@lru_cache(maxsize=8192)  # the names of counties above all, at every search of one
def fold(text: str) -> str:
    """Return ``text`` in lower case without accents, its words parted by single spaces."""
    plain = unicodedata.normalize("NFKD", text)
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    return _NOT_WORD.sub(" ", kept.casefold()).strip()


@lru_cache(maxsize=8192)
def county_key(name: str) -> str:
    """Return what a county's name is compared by: "Miami-Dade County" and "miami dade" are one."""
    words = fold(name).split()
    while len(words) > 1 and words[-1] in _COUNTY_WORDS:
        words.pop()
    return " ".join(words)
