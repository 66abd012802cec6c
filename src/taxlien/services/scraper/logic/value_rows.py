"""Values of a property by year, whichever way a county turns the table."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from taxlien.interfaces.scraper import ValueOfYear

from .reading_cells import money, squeeze, words, year
from .reading_tables import Grid
from .value_kinds import NO_MONEY, kind_of

_BARE_YEAR = re.compile(r"(?:tax year |year )?(?:1[89]|20)\d\d", re.IGNORECASE)
_VALUES = re.compile(r"\bvalues?\b", re.IGNORECASE)
_YEAR_NAMES = ("year", "tax year", "assessment year", "assessed year", "value year", "roll year")


def value_of(label: str, text: str, of_year: int | None, heading: str = "") -> ValueOfYear | None:
    """Return the value, or None where the cell holds no amount or the row is not about money.

    ``heading`` is the table's own, for tables whose rows say only ``Land`` or ``Total``. A row of a kind
    nobody knows counts as money only where the cell or the label says so.
    """
    name = words(label)
    if not name or name in NO_MONEY or len(label) > 120:
        return None
    amount = money(text)
    if amount is None:
        return None
    kind = kind_of(label, heading)
    said_so = "$" in text or "," in text or "." in text or {"value", "credit"} & set(name.split())
    if kind == "other" and not said_so:
        return None
    return ValueOfYear(year=of_year, kind=kind, amount=amount, label=label)


def values_of(grid: Grid, title: str, heading: str = "") -> list[ValueOfYear]:
    """Return the values of a table with a column for each year, or with a row for each year."""
    years = years_of(grid)
    if years:
        return _by_column(grid, years, heading)
    place = grid.column(_YEAR_NAMES)
    if place is None and grid.rows and grid.names[0] == "":
        place = 0 if all(_BARE_YEAR.fullmatch(row[0]) for row in grid.rows) else None
    if place is not None:
        return _by_row(grid, place, heading)
    if len(grid.header) == 2 and (only := year(title)) is not None:
        return [
            v for row in (grid.header, *grid.rows) if (v := value_of(row[0], row[1], only, heading))
        ]
    return []


def years_of(grid: Grid) -> dict[int, int]:
    """Return the columns headed by a year, hidden ones too.

    None where the header is none: its first cell is the label of a value, as in a table without a header.
    """
    years = {
        i: of_year
        for i, h in enumerate(grid.header)
        if len(h) < 40 and "$" not in h and (of_year := year(h)) is not None
    }
    before = grid.names[: min(years, default=0)]
    if not before or any(kind_of(h) != "other" for h in before if h and h not in _YEAR_NAMES):
        return {}
    return years


def roll_of(heading: str) -> str:
    """Return a heading that says more than a year: ``2024 Working Values`` are of ``2024 Working``."""
    roll = squeeze(_VALUES.sub("", heading))
    return "" if _BARE_YEAR.fullmatch(roll) else roll


def _by_column(grid: Grid, years: dict[int, int], heading: str) -> list[ValueOfYear]:
    """The label stands left of the first year; a sign or a toggle may stand before it."""
    found = []
    for row in grid.rows:
        label = label_before(row[: min(years)])
        for place, of_year in years.items():
            value = value_of(label, row[place], of_year, heading)
            roll = roll_of(grid.header[place])
            if value is not None and roll:
                value = msgspec.structs.replace(value, label=f"{label} ({roll})")
            if value is not None:
                found.append(value)
    return found


def label_before(row: Sequence[str]) -> str:
    """Return the label among the cells left of the years: the last one that has a letter in it."""
    return next((cell for cell in reversed(row) if words(cell)), "")


def _by_row(grid: Grid, place: int, heading: str) -> list[ValueOfYear]:
    found = []
    for row in grid.rows:
        of_year = year(row[place])
        found += [
            value
            for at, label in enumerate(grid.header)
            if at != place and of_year is not None and label
            if (value := value_of(label, row[at], of_year, heading)) is not None
        ]
    return found
