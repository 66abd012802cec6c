"""Liens inside an area of a map, and liens by how far they are: by cells, and an exact look at the edge.

Cells wholly inside an area are certain. On the edge of a box two ranges of columns decide; on that of a
circle the spots of its liens are read, and those outside are taken out by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tantivy import DocAddress, Occur, Query, Searcher

from taxlien.services.search.logic.cells import cover
from taxlien.services.search.logic.geography import (
    COLUMN_BITS,
    METRES_A_MILE,
    Area,
    Box,
    Circle,
    distance_from,
)
from taxlien.services.search.logic.ordering import Key
from taxlien.services.search.logic.paging import MAX_TOTAL
from taxlien.services.search.logic.query import SearchQuery

from .tantivy_boxes import Boxes
from .tantivy_cells import CellLiens, KeptCells, QueryCells, any_cell, either, hits_of
from .tantivy_pages import Page
from .tantivy_query import QueryBuilder
from .tantivy_schema import ID_COLUMN

_CELLS = 48  # where the engine decides on the edge, or all is read
_MANY_CELLS = 128  # where every spot on the edge costs
_MOST_AREAS = 256
_MORE = 2.0  # liens than a page needs: what is looked for first
_WIDER = 2.0
_FAR_TOO_FEW = 4


class _Near(NamedTuple):
    """A lien and how far it is, in whole metres, which is what it is ordered by."""

    metres: int
    low: int
    address: DocAddress


class Places:
    """Finds by place in one unchanging state of an index."""

    def __init__(self, searcher: Searcher, builder: QueryBuilder) -> None:
        self._searcher = searcher
        self._builder = builder
        self._all = KeptCells(searcher, builder)
        self._boxes = Boxes(self._all)
        self._kept: dict[Area, Query] = {}

    def in_box(self, asked: SearchQuery) -> Page | None:
        """Return the page that ``asked`` wants of a box alone; None where that is asked otherwise."""
        return self._boxes.page(asked)

    def within(self, area: Area) -> Query:
        """Return the liens inside ``area``, exactly; those whose place is unknown are in none."""
        found = self._kept.get(area)
        if found is None:
            found = self._box(area) if isinstance(area, Box) else self._circle(area)
            if len(self._kept) >= _MOST_AREAS:
                self._kept.pop(next(iter(self._kept)))
            self._kept[area] = found
        return found

    def page(
        self, asked: SearchQuery, query: Query | None, circle: Circle, total: int | None
    ) -> Page:
        """Return the page by distance that ``asked`` wants of ``query`` (None: of all) in ``circle``.

        Nothing is counted anew where ``total`` is known.
        """
        liens: CellLiens = self._all
        if query is not None:
            liens = QueryCells(self._searcher, self._builder, query)
        if total is None:
            total = _count(liens, circle)
        rising = asked.sort.endswith("_asc")
        size = asked.offset + asked.limit + 1
        rows = self._nearest(liens, circle, total, size, asked.after, rising=rising)
        shown = rows[asked.offset : size - 1]
        more = len(rows) >= size and bool(shown)
        return Page(
            [row.address for row in shown],
            total,
            Key(shown[-1].metres, shown[-1].low) if more else None,
        )

    def _nearest(
        self, liens: CellLiens, circle: Circle, total: int, size: int, key: Key | None,
        *, rising: bool,
    ) -> list[_Near]:  # fmt: skip
        """Return at least the first ``size`` liens after ``key``, in order; in ``circle`` are ``total``.

        Rings are read from where the page begins, the next one wider, until one fills it.
        """
        left = _left_of(circle, key, rising=rising)
        # Liens lie as densely everywhere, as a first guess: their number goes with the surface.
        share = _MORE * size / max(total, 1)
        while True:
            ring = _ring(left, circle.miles**2 * share, rising=rising)
            rows = self._read(liens, ring)
            if ring != left:
                rows = _without_cut(rows, ring, rising=rising)
            rows = _in_order(rows, key, rising=rising)
            if len(rows) >= size or ring == left:
                return rows
            share *= _WIDER if len(rows) * _FAR_TOO_FEW > size else _WIDER * _WIDER

    def _read(self, liens: CellLiens, ring: Circle) -> list[_Near]:
        """Return the liens in ``ring``."""
        cells = cover(ring, _MANY_CELLS, liens.finest)
        held = liens.read((*cells.inside, *cells.edge)).within(ring)
        distance = distance_from(ring.centre)
        lows: Sequence[int] = self._searcher.fast_field_values(  # type: ignore[assignment]
            ID_COLUMN, [address for _, address in held]
        )
        return [
            _Near(round(distance(spot) * METRES_A_MILE), low, address)
            for (spot, address), low in zip(held, lows, strict=True)
        ]

    def _box(self, box: Box) -> Query:
        cells = cover(box, _CELLS)
        south, north = box.rows()
        last = (1 << COLUMN_BITS) - 1
        rows = self._builder.between("spot", south << COLUMN_BITS, north << COLUMN_BITS | last)
        columns = [self._builder.between("east", *pair) for pair in box.columns()]
        edge = self._builder.restrict(self._any(cells.edge)[0], [rows, either(columns)])
        return either([self._any(cells.inside)[0], edge])

    def _circle(self, circle: Circle) -> Query:
        cells = cover(circle, 2 * _MANY_CELLS)
        edge, most = self._any(cells.edge)
        spots = {spot for spot, _ in hits_of(self._searcher, edge, most)}
        outside = sorted(spot for spot in spots if not circle.holds(spot))
        if outside:
            out = self._builder.any_spot(outside)
            edge = Query.boolean_query([(Occur.Must, edge), (Occur.MustNot, out)])
        return either([self._any(cells.inside)[0], edge])

    def _any(self, cells: Sequence[str]) -> tuple[Query, int]:
        return any_cell(self._searcher, self._builder, cells)


def _count(liens: CellLiens, circle: Circle) -> int:
    """Return how many liens there are, exactly as far as totals are exact."""
    cells = cover(circle, _MANY_CELLS, liens.finest)
    surely = liens.count(cells.inside)
    if surely > MAX_TOTAL:
        return surely
    return surely + liens.read(cells.edge).count_within(circle)


def _ring(left: Circle, surface: float, *, rising: bool) -> Circle:
    """Return the part of ``left`` that comes first, of so much surface (in squares of miles, by pi); all
    of it where that is less."""
    begin = max(left.beyond, 0.0)
    if left.miles**2 - begin**2 <= surface:
        return left
    if rising:
        return Circle(left.centre, (begin**2 + surface) ** 0.5, left.beyond)
    return Circle(left.centre, left.miles, (left.miles**2 - surface) ** 0.5)


def _left_of(circle: Circle, key: Key | None, *, rising: bool) -> Circle:
    """Return what of ``circle`` may hold liens at ``key`` or after it: metres are rounded miles."""
    if key is None or key.value is None:
        return circle
    if rising:
        return Circle(circle.centre, circle.miles, max((key.value - 1) / METRES_A_MILE, -1.0))
    return Circle(circle.centre, min((key.value + 1) / METRES_A_MILE, circle.miles))


def _in_order(rows: list[_Near], key: Key | None, *, rising: bool) -> list[_Near]:
    """Return the liens after ``key``, in order."""
    rows.sort(key=_place, reverse=not rising)
    if key is None:
        return rows
    at = (key.value or 0, key.low)
    return [row for row in rows if (_place(row) > at if rising else _place(row) < at)]


def _place(row: _Near) -> tuple[int, int]:
    return row.metres, row.low


def _without_cut(rows: list[_Near], ring: Circle, *, rising: bool) -> list[_Near]:
    """Leave out the liens in the metre that a ring was cut in: others of it may lie beyond."""
    if rising:
        cut = int(ring.miles * METRES_A_MILE - 0.5)
        return [row for row in rows if row.metres < cut]
    cut = int(ring.beyond * METRES_A_MILE + 1.5)
    return [row for row in rows if row.metres > cut]
