"""Which counties are played. Their names and FIPS codes are real; everything they publish is invented."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from itertools import cycle

from taxlien.kit.reference import reference_text

# Counties that publish whole lists, with the ids that the lists' readers expect.
_LIST_PATTERNS = {"24510": "nnnn-nnn", "30029": "0nnnnnn", "12023": "R0nnnn-nnn"}
_FIRST_LIST_INDEX = 10_000

# In this order, so that a dozen counties already play every platform.
_ROTATION = ("FL", "OH", "GA", "AZ", "PA", "FL", "MD", "CO", "FL", "NJ", "GA", "WA", "FL", "OH")

# "#" is drawn, "n" counts: the number of the parcel in its county. Spaces count.
_PATTERNS = {
    "FL": ("##-##-##-####-nnnn-nnn0", "######-nnnnnn-n#####", "##-##-##-C#-nnnnn.nn#0"),
    "GA": ("#####D-Annnnnn", "W##-nnnnnn", "##-####-LL-nnn-nnn-#"),
    "AZ": ("#nnnnnn#C", "#nn-nn-nnn"),
    "OH": ("R72 ##nnn nnnn", "I39 00nnn nnnn"),
    "PA": ("L#NE#C ## #   nnnnnnn", "K#SW#B #  ##  nnnnnnn"),
    "MD": ("####0nnnnnn",),
    "CO": ("####nnnnnn", "R0nnnnnnn"),
    "NJ": ("nnnn-nnn-##",),
    "WA": ("###nnnnnnn",),
}

_ZIPS = {
    "FL": "32",
    "GA": "30",
    "AZ": "86",
    "OH": "45",
    "PA": "18",
    "MD": "21",
    "CO": "80",
    "NJ": "07",
    "WA": "98",
}


@dataclass(frozen=True, slots=True)
class County:
    """A county as it is played. ``style`` numbers its variation of every platform's pages."""

    index: int
    fips: str
    name: str
    full_name: str
    state: str
    pattern: str
    zip_prefix: str
    cities: tuple[str, ...]
    style: int
    latitude: float
    longitude: float

    @property
    def slug(self) -> str:
        """Such as ``fl_saint_johns``."""
        return f"{self.state}_{re.sub('[^a-z]+', '_', self.name.lower())}".lower().strip("_")

    @property
    def word(self) -> str:
        """The name in one lower-case word, as hosts have it."""
        return re.sub("[^a-z]+", "", self.name.lower())


@cache
def _known() -> dict[str, list[dict[str, str]]]:
    by_state: dict[str, list[dict[str, str]]] = {}
    for row in csv.DictReader(reference_text("counties.csv").splitlines()):
        by_state.setdefault(row["state"], []).append(row)
    return by_state


def played_counties(count: int) -> tuple[County, ...]:
    """Return the first ``count`` counties that are played. ValueError where there are not so many."""
    taken = dict.fromkeys(_PATTERNS, 0)
    played: list[County] = []
    most = sum(len(_known()[state]) for state in _PATTERNS)
    if not 0 < count <= most:
        raise ValueError(f"between 1 and {most} counties can be played, not {count}")
    for state in cycle(_ROTATION):
        rows = _known()[state]
        if len(played) == count:
            return tuple(played)
        if taken[state] < len(rows):
            played.append(_county(len(played), taken[state], rows))
            taken[state] += 1
    return tuple(played)


def list_counties() -> tuple[County, ...]:
    """Counties that publish whole lists: they are played however many others are."""
    rows = {row["fips"]: row for found in _known().values() for row in found}
    return tuple(
        _made(_FIRST_LIST_INDEX + n, rows[fips], pattern, style=n)
        for n, (fips, pattern) in enumerate(_LIST_PATTERNS.items())
    )


def _county(index: int, nth: int, rows: list[dict[str, str]]) -> County:
    # A stride that is prime to most states' counts: neighbours in the list are not neighbours in the state.
    row = rows[nth * 17 % len(rows)] if len(rows) % 17 else rows[nth]
    patterns = _PATTERNS[row["state"]]
    return _made(index, row, patterns[nth % len(patterns)], style=nth)


def _made(index: int, row: dict[str, str], pattern: str, *, style: int) -> County:
    state, name = row["state"], row["name"].upper()
    return County(
        index=index,
        fips=row["fips"],
        name=row["name"],
        full_name=row["full_name"],
        state=state,
        pattern=pattern,
        zip_prefix=_ZIPS.get(state, "59"),
        cities=(f"{name} CITY", f"NORTH {name}", f"{name} SPRINGS", f"PORT {name}"),
        style=style,
        latitude=float(row["latitude"]),
        longitude=float(row["longitude"]),
    )
