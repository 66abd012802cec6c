"""The module of values: every table of it."""

from __future__ import annotations

from selectolax.lexbor import LexborNode

from taxlien.services.scraper.logic.gathering import Gathering
from taxlien.services.scraper.logic.reading_tables import grid_of
from taxlien.services.scraper.logic.value_rows import values_of


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
