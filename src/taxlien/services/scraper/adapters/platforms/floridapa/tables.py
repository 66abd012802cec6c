"""Sales and buildings: tables with a header row of plain cells."""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser

from taxlien.services.scraper.logic.gathering import Gathering
from taxlien.services.scraper.logic.reading_cells import square_feet, words, year_built
from taxlien.services.scraper.logic.reading_tables import Grid, cell_text, grid_of
from taxlien.services.scraper.logic.transfer_rows import transfers_of


def _grids(tree: LexborHTMLParser, place: str, first: str) -> list[Grid]:
    """Return the tables in the named part of the page, or wherever their first column is headed so."""
    tables = tree.css(f"#{place} table") or tree.css("table.parcelDetails_insideTable")
    grids = [grid for table in tables if (grid := grid_of(table)) is not None]
    return [grid for grid in grids if first in grid.names]


def read_sales(tree: LexborHTMLParser, into: Gathering) -> None:
    """Read the history of sales; ``N O N E`` is an honest empty."""
    grids = _grids(tree, "parcelDetails_SalesTable", "sale date")
    for grid in grids:
        into.add_transfers(transfers_of(grid)[0], "Sales History: by row")
    place = tree.css_first("#parcelDetails_SalesTable")
    if place is not None and "n o n e" in words(cell_text(place)):
        into.miss("transfers", "the page says there are no sales")
    into.miss("transfers", "Sales History lists no sale that could be read")


def read_buildings(tree: LexborHTMLParser, into: Gathering) -> None:
    """Take size and year of the only building. Of several buildings neither is the property's."""
    for grid in _grids(tree, "parcelDetails_BldgTable", "base sf"):
        built, size = grid.column(("year blt", "year built", "yr blt")), grid.column(("base sf",))
        rows = [row for row in grid.rows if size is not None and square_feet(row[size]) is not None]
        if len(rows) > 1:
            into.miss("building_sqft", f"the page lists {len(rows)} buildings")
            into.miss("year_built", f"the page lists {len(rows)} buildings")
        elif rows and size is not None:
            into.take(
                "building_sqft", square_feet(rows[0][size]), "Building Characteristics: Base SF"
            )
            if built is not None:
                into.take(
                    "year_built", year_built(rows[0][built]), "Building Characteristics: Year Blt"
                )
    into.miss("building_sqft", "the page lists no building")
    into.miss("year_built", "the page lists no building")
