"""The modules of buildings: size and year, where there is only one building."""

from __future__ import annotations

from decimal import Decimal

from selectolax.lexbor import LexborNode

from taxlien.services.scraper.logic.gathering import Gathering
from taxlien.services.scraper.logic.reading_cells import square_feet, words, year_built
from taxlien.services.scraper.logic.reading_tables import cell_text, cells_of, grid_of, rows_of

from .labelled import pairs

_SQFT = (
    *("heated area", "heated square feet", "heated sq ft", "total living area", "living area"),
    *("heated square footage", "total heated area", "heated sqft", "living area sq ft"),
    *(
        "finished square feet",
        "finished sq ft",
        "building sq ft",
        "building square feet",
        "square feet",
    ),
    *("total sq ft", "total square feet", "square footage", "gross sq ft", "gross square feet"),
    *("total finished area", "total area", "building area", "gross area", "sq ft"),
)
_BUILT = ("actual year built", "year built", "act year built", "actual year", "yr built")


def read_buildings(modules: list[tuple[str, LexborNode]], into: Gathering) -> None:
    """Take size and year of the building. Of several buildings neither: they are not the property's."""
    areas: list[tuple[str, Decimal | None]] = []
    years: list[tuple[str, int | None]] = []
    for _, module in modules:
        for label, cell in pairs(module):
            name = words(label)
            if name in _SQFT:
                areas.append((name, square_feet(cell_text(cell))))
            elif name in _BUILT:
                years.append((name, year_built(cell_text(cell))))
        for table in module.css("table"):
            _read_building_grid(table, areas, years)
    title = ", ".join(dict.fromkeys(title for title, _ in modules))
    _take_only("building_sqft", areas, _SQFT, title, into)
    _take_only("year_built", years, _BUILT, title, into)


def _read_building_grid(
    table: LexborNode, areas: list[tuple[str, Decimal | None]], years: list[tuple[str, int | None]]
) -> None:
    first = next(rows_of(table), None)
    if first is None or len(cells_of(first)) < 3 or (grid := grid_of(table)) is None:
        return
    if (at := grid.column(_SQFT)) is not None:
        areas += [(grid.names[at], square_feet(row[at])) for row in grid.rows]
    if (at := grid.column(_BUILT)) is not None:
        years += [(grid.names[at], year_built(row[at])) for row in grid.rows]


def _take_only(
    field: str,
    found: list[tuple[str, Decimal | None]] | list[tuple[str, int | None]],
    names: tuple[str, ...],
    title: str,
    into: Gathering,
) -> None:
    """Take the one number under the first of ``names`` that is there."""
    best = next((n for n in names if any(name == n for name, _ in found)), None)
    values = [value for name, value in found if name == best]
    origin = f"{title}: {best}"
    if not values:
        into.miss(field, f"{title} does not say")
    elif len(values) > 1:
        into.miss(field, f"{title} has {len(values)} buildings")
    elif values[0] is None:
        into.miss(field, f"{origin} is empty or no number")
    into.take(field, values[0] if len(values) == 1 else None, origin)
