"""The module of land: what the property is used for."""

from __future__ import annotations

from selectolax.lexbor import LexborNode

from taxlien.services.scraper.logic.gathering import Gathering
from taxlien.services.scraper.logic.reading_cells import said
from taxlien.services.scraper.logic.reading_tables import grid_of


def read_land(module: LexborNode, title: str, into: Gathering) -> None:
    """Take the use of the land as the property's class, where every line of land says the same."""
    uses: set[str] = set()
    for table in module.css("table"):
        grid = grid_of(table)
        place = grid.column(("land use", "use", "land use code", "land class")) if grid else None
        if grid is None or place is None:
            continue
        if grid.unfit:
            return
        uses |= {use for row in grid.rows if (use := said(row[place])) and "." not in use[-3:]}
    if len(uses) == 1:
        into.take("property_class", uses.pop(), f"{title}: Land Use")
    elif uses:
        into.miss("property_class", f"{title} has several uses")
