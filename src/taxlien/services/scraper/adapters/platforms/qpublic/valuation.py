"""Values by year, whichever way a county turns the table."""

from __future__ import annotations

from collections.abc import Sequence

from selectolax.lexbor import LexborNode

from taxlien.interfaces.scraper import ValueOfYear
from taxlien.services.scraper.logic.gathering import Gathering
from taxlien.services.scraper.logic.reading_cells import words, year
from taxlien.services.scraper.logic.reading_tables import Grid, grid_of
from taxlien.services.scraper.logic.value_rows import value_of

_YEAR_NAMES = ("year", "tax year", "assessment year", "assessed year", "value year", "roll year")


def read_valuation(module: LexborNode, title: str, into: Gathering) -> list[str]:
    """Read every table of the module. Returns remarks on rows that had to be left out."""
    remarks = []
    for table in module.css("table"):
        grid = grid_of(table)
        if grid is None:
            continue
        into.add_values(values_of(grid, title), f"{title}: by year and row")
        if grid.unfit:
            remarks.append(f"{title}: {grid.unfit} rows do not fit the header and were left out")
    if not into.values:
        into.miss("values", f"{title} has no row under a year that could be read")
    return remarks


def values_of(grid: Grid, title: str) -> list[ValueOfYear]:
    """Return the values of a table with a column for each year, or with a row for each year."""
    years = years_of(grid)
    if years:
        return _by_column(grid, years)
    place = grid.column(_YEAR_NAMES)
    if place is not None:
        return _by_row(grid, place)
    if len(grid.header) == 2 and (only := year(title)) is not None:
        return [v for row in (grid.header, *grid.rows) if (v := value_of(row[0], row[1], only))]
    return []


def years_of(grid: Grid) -> dict[int, int]:
    """Return the columns headed by a year, hidden ones too; none where other columns follow the first."""
    years = {i: y for i, h in enumerate(grid.header) if len(h) < 40 and (y := year(h)) is not None}
    if not years or min(years) == 0:
        return {}
    return years


def _by_column(grid: Grid, years: dict[int, int]) -> list[ValueOfYear]:
    """The label stands left of the first year; a sign or a toggle may stand before it."""
    found = []
    for row in grid.rows:
        label = label_before(row[: min(years)])
        found += [
            value
            for place, of_year in years.items()
            if label and (value := value_of(label, row[place], of_year)) is not None
        ]
    return found


def label_before(row: Sequence[str]) -> str:
    """Return the label among the cells left of the years: the last one that has a letter in it."""
    return next((cell for cell in reversed(row) if words(cell)), "")


def _by_row(grid: Grid, place: int) -> list[ValueOfYear]:
    found = []
    for row in grid.rows:
        of_year = year(row[place])
        found += [
            value
            for at, label in enumerate(grid.header)
            if at != place and of_year is not None and label
            if (value := value_of(label, row[at], of_year)) is not None
        ]
    return found
