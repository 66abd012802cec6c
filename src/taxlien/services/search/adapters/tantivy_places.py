"""Liens inside an area of a map, and liens by how far they are: by cells, and an exact look at the edge.

Cells wholly inside an area are certain. On the edge of a box two ranges of columns decide; on that of a
circle the spots of its liens are read, and those outside are taken out by name.
"""

from __future__ import annotations

from collections import Counter
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
    liens_held,
)
from taxlien.services.search.logic.ordering import Key
from taxlien.services.search.logic.paging import MAX_TOTAL
from taxlien.services.search.logic.query import SearchQuery

from .tantivy_pages import Page
from .tantivy_query import QueryBuilder
from .tantivy_schema import ID_COLUMN

_FIELD = "cell"
_AT_ONCE = 256
_CELLS = 48  # where the engine decides on the edge, or all is read
_MANY_CELLS = 256  # where every spot on the edge costs
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
        self._kept: dict[Area, Query] = {}

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

        Where many liens are left, it looks in rings from where the page begins until it is full.
        Nothing is counted anew where ``total`` is known.
        """
        rising = asked.sort.endswith("_asc")
        size = asked.offset + asked.limit + 1
        left = _left_of(circle, asked.after, rising=rising)
        rows, liens = self._read(query, left, _AT_ONCE)
        if liens <= _AT_ONCE:
            total = len(rows) if asked.after is None else total
            rows = _in_order(rows, asked.after, rising=rising)
        else:
            rows = self._rings(query, left, liens, size, asked.after, rising=rising)
        shown = rows[asked.offset : size - 1]
        more = len(rows) >= size and bool(shown)
        return Page(
            [row.address for row in shown],
            self._count(query, circle) if total is None else total,
            Key(shown[-1].metres, shown[-1].low) if more else None,
        )

    def _rings(
        self,
        query: Query | None,
        area: Circle,
        liens: int,
        size: int,
        key: Key | None,
        *,
        rising: bool,
    ) -> list[_Near]:
        """Return at least the first ``size`` liens after ``key``, in order; ``area`` has ``liens``."""
        begin = max(area.beyond, 0.0) ** 2
        whole = area.miles**2 - begin
        # Liens lie as densely everywhere, as a first guess: their number goes with the surface.
        share = _MORE * size / liens
        while share < 1.0:
            if rising:
                ring = Circle(area.centre, (begin + whole * share) ** 0.5, area.beyond)
            else:
                ring = Circle(area.centre, area.miles, (begin + whole * (1 - share)) ** 0.5)
            rows = _without_cut(self._read(query, ring)[0], ring, rising=rising)
            rows = _in_order(rows, key, rising=rising)
            if len(rows) >= size:
                return rows
            share *= _WIDER if len(rows) * _FAR_TOO_FEW > size else _WIDER * _WIDER
        return _in_order(self._read(query, area)[0], key, rising=rising)

    def _read(
        self, query: Query | None, circle: Circle, most: int | None = None
    ) -> tuple[list[_Near], int]:
        """Return the liens in ``circle``, and how many there are in its cells: of more than ``most``,
        none are read."""
        cells = cover(circle, _CELLS)
        near = self._where(query, self._any((*cells.inside, *cells.edge)))
        size = max(self._count_of(near), 1) if most is None else most
        found = self._searcher.search(near, size, order_by_field="spot")
        liens: int = found.count  # type: ignore[attr-defined]
        if liens > size:
            return [], liens
        hits: list[tuple[int, DocAddress]] = found.hits
        distance = distance_from(circle.centre)
        held = [
            (round(miles * METRES_A_MILE), address)
            for spot, address in hits
            if circle.beyond < (miles := distance(spot)) <= circle.miles
        ]
        lows: Sequence[int] = self._searcher.fast_field_values(  # type: ignore[assignment]
            ID_COLUMN, [address for _, address in held]
        )
        return [_Near(m, low, at) for (m, at), low in zip(held, lows, strict=True)], liens

    def _count(self, query: Query | None, circle: Circle) -> int:
        """Return how many liens there are, exactly as far as totals are exact."""
        cells = cover(circle, _MANY_CELLS)
        surely = self._count_of(self._where(query, self._any(cells.inside)))
        if surely > MAX_TOTAL:
            return surely
        spots = self._spots(self._where(query, self._any(cells.edge)))
        return surely + liens_held(circle, Counter(spots))

    def _box(self, box: Box) -> Query:
        cells = cover(box, _CELLS)
        south, north = box.rows()
        last = (1 << COLUMN_BITS) - 1
        rows = self._builder.between("spot", south << COLUMN_BITS, north << COLUMN_BITS | last)
        columns = [self._builder.between("east", *pair) for pair in box.columns()]
        edge = self._builder.restrict(self._any(cells.edge), [rows, _either(columns)])
        return _either([self._any(cells.inside), edge])

    def _circle(self, circle: Circle) -> Query:
        cells = cover(circle, _MANY_CELLS)
        edge = self._any(cells.edge)
        outside = {spot for spot in set(self._spots(edge)) if not circle.holds(spot)}
        if outside:
            out = self._builder.any_spot(sorted(outside))
            edge = Query.boolean_query([(Occur.Must, edge), (Occur.MustNot, out)])
        return _either([self._any(cells.inside), edge])

    def _any(self, cells: Sequence[str]) -> Query:
        """Return liens in any of these cells; cells that no lien is in are not asked for."""
        known = [cell for cell in cells if self._searcher.doc_freq(_FIELD, cell)]
        return _either([self._builder.term(_FIELD, cell) for cell in known])

    def _spots(self, query: Query) -> list[int]:
        size = max(self._count_of(query), 1)
        hits = self._searcher.search(query, size, count=False, order_by_field="spot").hits
        return [spot for spot, _ in hits]

    def _count_of(self, query: Query) -> int:
        found = self._searcher.search(Query.const_score_query(query, 0.0), 1)
        count: int = found.count  # type: ignore[attr-defined]
        return count

    def _where(self, query: Query | None, narrowed: Query) -> Query:
        return self._builder.restrict(query, [narrowed])


def _either(queries: Sequence[Query]) -> Query:
    if not queries:
        return Query.empty_query()
    if len(queries) == 1:
        return queries[0]
    return Query.boolean_query([(Occur.Should, query) for query in queries])


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
