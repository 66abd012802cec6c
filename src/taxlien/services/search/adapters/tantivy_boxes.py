"""Liens in a box of a map, by any column's order: from cells kept in memory, where nothing else narrows.

An index that does not change answers most boxes of a map from the cells of the boxes before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from taxlien.services.search.logic.cells import LEVELS, cells_across
from taxlien.services.search.logic.geography import COLUMN_BITS, Box
from taxlien.services.search.logic.ordering import Key, order_value, plain_value
from taxlien.services.search.logic.query import Filters, SearchQuery
from taxlien.services.search.logic.spots import Numbers

from .tantivy_cells import KeptCells, addresses_of
from .tantivy_pages import Page
from .tantivy_schema import ID_COLUMN, ORDER_COLUMNS

_LEVEL = LEVELS[3]  # one level, so that no lien is kept twice
_MOST_CELLS = 160
_MOST_LIENS = 150_000
"""Of more liens Tantivy finds the first without reading all of them."""
_UNKNOWN = np.iinfo(np.int64).min


class _Rows(NamedTuple):
    """Liens: order value, lower half of the id, address in the index."""

    at: Numbers
    low: Numbers
    address: Numbers

    def where(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> _Rows:
        """Return the rows of a mask, or of their places in order."""
        return _Rows(self.at[chosen], self.low[chosen], self.address[chosen])


class Boxes:
    """Finds by box in one unchanging state of an index."""

    def __init__(self, cells: KeptCells) -> None:
        self._cells = cells

    def page(self, asked: SearchQuery) -> Page | None:
        """Return the page that ``asked`` wants; None where cells in memory are no help to it."""
        box, (name, _, way) = asked.filters.area, asked.sort.rpartition("_")
        column = ORDER_COLUMNS.get(name)
        if not isinstance(box, Box) or column is None or not _narrowed_by_box_alone(asked):
            return None
        cells = cells_across(box, _LEVEL, _MOST_CELLS)
        if cells is None or not self._cells.worth_reading(cells, _MOST_LIENS):
            return None
        return self._cut(self._inside(box, cells, column), asked, rising=way == "asc")

    def _inside(self, box: Box, cells: Sequence[str], column: str) -> _Rows:
        spots, addresses, ats, lows = self._cells.columns(
            cells, (column, ID_COLUMN), unknown=_UNKNOWN
        )
        south, north = box.rows()
        held = (spots >> COLUMN_BITS >= south) & (spots >> COLUMN_BITS <= north)
        east = spots & ((1 << COLUMN_BITS) - 1)
        sides = np.zeros(len(spots), np.bool_)
        for first, last in box.columns():
            sides |= (east >= first) & (east <= last)
        return _Rows(ats, lows, addresses).where(held & sides)

    def _cut(self, rows: _Rows, asked: SearchQuery, *, rising: bool) -> Page:
        total, key = len(rows.at), asked.after
        known = rows.at != _UNKNOWN
        valued, unvalued = rows.where(known), rows.where(~known)
        if key is not None:
            valued, unvalued = _after(valued, unvalued, key, rising=rising)
        size = asked.offset + asked.limit + 1
        first = _first(valued, size, rising=rising)
        if len(first.at) < size:
            rest = _first(unvalued, size - len(first.at), rising=rising)
            first = _Rows(*map(np.concatenate, zip(first, rest, strict=True)))
        shown = first.where(np.arange(asked.offset, min(size - 1, len(first.at))))
        more = len(first.at) == size and len(shown.at) > 0
        return Page(
            addresses_of(shown.address),
            total,
            _key(int(shown.at[-1]), int(shown.low[-1])) if more else None,
        )


def _narrowed_by_box_alone(asked: SearchQuery) -> bool:
    """Tell whether a box is all that is asked; facets are counted by the engine anyway."""
    return not asked.text and not asked.facets and asked.filters == Filters(area=asked.filters.area)


def _after(valued: _Rows, unvalued: _Rows, key: Key, *, rising: bool) -> tuple[_Rows, _Rows]:
    """Leave what stands after ``key``; unknown values stand last, whichever way."""
    if key.value is None:
        later = unvalued.low > key.low if rising else unvalued.low < key.low
        return valued.where(np.zeros(len(valued.at), np.bool_)), unvalued.where(later)
    at = order_value(key.value, key.low)
    if rising:
        later = (valued.at > at) | ((valued.at == at) & (valued.low > key.low))
    else:
        later = (valued.at < at) | ((valued.at == at) & (valued.low < key.low))
    return valued.where(later), unvalued


def _first(rows: _Rows, size: int, *, rising: bool) -> _Rows:
    """Return the first ``size`` rows by value and id."""
    if len(rows.at) > 4 * size:  # to sort all takes longer than to find the value of the last one
        if rising:
            rows = rows.where(rows.at <= np.partition(rows.at, size)[size])
        else:
            rows = rows.where(rows.at >= np.partition(rows.at, -size - 1)[-size - 1])
    order = np.lexsort((rows.low, rows.at))
    return rows.where((order if rising else order[::-1])[:size])


def _key(at: int, low: int) -> Key:
    return Key(None if at == _UNKNOWN else plain_value(at), low)
