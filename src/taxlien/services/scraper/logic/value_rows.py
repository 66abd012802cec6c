"""Values of a property by year, whichever way a county turns the table."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import msgspec

from taxlien.interfaces.scraper import ValueOfYear

from .reading_cells import money, squeeze, words, year
from .reading_tables import Grid
from .value_kinds import DECISIVE, NO_MONEY, kind_of

_BARE_YEAR = re.compile(r"(?:tax year |year )?(?:1[89]|20)\d\d", re.IGNORECASE)
_VALUES = re.compile(r"\bvalues?\b", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"\(([^()]*)\)")
_PERCENT = re.compile(r"\b\d{1,3} ?%")
_NAMELESS = {"", "category", "type", "value type"}
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
    labels = [label_before(row[: min(years)]) for row in grid.rows]
    for row, label, total in zip(grid.rows, labels, totals_of(labels, grid.rows), strict=True):
        for place, of_year in years.items():
            value = value_of(label, row[place], of_year, total or heading)
            if value is None:
                continue
            remarks = [r for r in (_remark(total), roll_of(grid.header[place])) if r]
            named = " ".join([label, *(f"({remark})" for remark in remarks)])
            kind = "other" if total is None else value.kind
            found.append(msgspec.structs.replace(value, label=named, kind=kind))
    return found


def totals_of(labels: Sequence[str], rows: Sequence[tuple[str, ...]]) -> list[str | None]:
    """Return the total that each label belongs to, where a label alone does not say of which value it is.

    Ohio's tables hold ``Land Value`` twice, once above ``Total Value (Appraised 100%)`` and once above
    ``Total Value (Assessed 35%)``. Empty where the label stands once or says it itself; None where it stands
    twice and no total follows. A row that is there twice, word for word, says nothing new.
    """
    names = [words(label) for label in labels]
    often = Counter(name for name, _ in set(zip(names, rows, strict=True)))
    below: str | None = None
    found: list[str | None] = []
    for label, name in zip(reversed(labels), reversed(names), strict=True):
        has = set(name.split())
        if "total" in has and kind_of(label) in {"market", "assessed", "taxable"}:
            below = label
        found.append(below if often[name] > 1 and not has & DECISIVE else "")
    return found[::-1]


def _remark(total: str | None) -> str:
    inside = _IN_BRACKETS.search(total) if total else None
    return squeeze(inside[1]) if inside else total or ""


def crossed_values(grid: Grid, of_year: int | None, heading: str) -> list[ValueOfYear]:
    """Return the values of one year from a table whose columns are parts (Land, Total) or shares (35%, 100%).

    Of several rows of parts (base, abatement, total) only the total's is the property's value.
    """
    columns = grid.header[1:]
    if not columns or grid.names[0] not in _NAMELESS:
        return []
    if all(_PERCENT.search(column) for column in columns):
        return [
            msgspec.structs.replace(value, label=f"{row[0]} ({column})")
            for row in grid.rows
            for column, text in zip(columns, row[1:], strict=True)
            if (value := value_of(row[0], text, of_year, f"{heading} {column}")) is not None
        ]
    if not {"land", "improvement"} & {kind_of(column) for column in columns}:
        return []
    totals = [row for row in grid.rows if words(row[0]) == "total"] or list(grid.rows)
    if len(totals) != 1:
        return []
    return [
        value
        for column, text in zip(columns, totals[0][1:], strict=True)
        if (value := value_of(column, text, of_year, heading)) is not None
    ]


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
