"""Cells of the globe, and the few of them that cover an area.

The globe is cut into a grid of 2^n by 2^n cells of equal degrees, in levels that nest; a lien has one
cell of every level. An area meets, or holds whole, an unbroken run of columns in a row of cells, whose ends
are a formula: no cell is tried by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import acos, asin, ceil, cos, degrees, floor, pi, radians, sin
from typing import NamedTuple, Protocol

from .geography import COLUMN_BITS, EARTH_MILES, PER_DEGREE, Area, Box, Circle, Point

LEVELS = (6, 8, 10, 12, 14, 16)
"""The finest cell is about 0.2 by 0.35 miles in Florida, the coarsest 200 by 350."""
MOST_CELLS = 128

_HIGH, _WIDE = 180 * PER_DEGREE, 360 * PER_DEGREE
_RADIANS = radians(1 / PER_DEGREE)
_MASK = (1 << COLUMN_BITS) - 1
_SLACK_MILES = 0.002  # three metres: more than rounding can move an edge

Spans = tuple[tuple[int, int], ...]
"""Runs of columns, both ends included."""
_EVERY: Spans = ((0, _WIDE),)


class Cover(NamedTuple):
    """Cells of an area: wholly ``inside`` it, and on its ``edge``."""

    inside: tuple[str, ...]
    edge: tuple[str, ...]


def cells_of(spot: int | None) -> tuple[str, ...]:
    """Return the cell of every level that a spot lies in; none of an unknown one."""
    if spot is None:
        return ()
    row, column = spot >> COLUMN_BITS, spot & _MASK
    return tuple([f"{n:x}.{_row_of(row, n):x}.{_column_of(column, n):x}" for n in LEVELS])


@lru_cache(maxsize=1024)
def cover(area: Area, most: int = MOST_CELLS, finest: int = LEVELS[-1]) -> Cover:
    """Return at most about ``most`` cells that hold every spot of ``area``, down to level ``finest``."""
    shape = _shape_of(area)
    inside: list[str] = []
    above, edge = _few_around(shape)
    for level in LEVELS[LEVELS.index(above) :]:
        finer = level - above
        along = sum([last - first + 1 for spans in edge.values() for first, last in spans])
        # An edge through a cell meets about twice as many finer ones as lie along its side.
        if finer and (level > finest or len(inside) + (along * 2 << finer) > most):
            break
        edge = _cut(shape, level, finer, edge, inside)
        above = level
    at_edge = [name for row, spans in edge.items() for name in _names(above, row, spans)]
    # Where an area goes nearly round the globe, its two ends may meet one cell.
    return Cover(tuple(dict.fromkeys(inside)), tuple(dict.fromkeys(at_edge)))


@lru_cache(maxsize=1024)
def cells_across(box: Box, level: int, most: int) -> tuple[str, ...] | None:
    """Return the cells of ``level`` that meet ``box``; None where they are more than ``most``."""
    south, north = box.rows()
    rows = range(_row_of(south, level), _row_of(north, level) + 1)
    columns = _any_cells(box.columns(), level)
    if len(rows) * sum([last - first + 1 for first, last in columns]) > most:
        return None
    # Where a box goes nearly round the globe, its two ends may meet one cell.
    return tuple(dict.fromkeys(name for row in rows for name in _names(level, row, columns)))


def _few_around(shape: _Shape) -> tuple[int, dict[int, Spans]]:
    """Return the finest level that has few cells around an area, and those by row: none is inside it."""
    south, north = shape.rows
    columns = shape.meeting(south, north)
    wide = sum([last - first + 1 for first, last in columns])
    fits = min(_HIGH // max(north - south + 1, 1), _WIDE // max(wide, 1)).bit_length() - 1
    level = max([n for n in LEVELS if n <= fits], default=LEVELS[0])
    rows = range(_row_of(south, level), _row_of(north, level) + 1)
    return level, dict.fromkeys(rows, _any_cells(columns, level))


def _cut(
    shape: _Shape, level: int, finer: int, edge: dict[int, Spans], inside: list[str]
) -> dict[int, Spans]:
    """Return those cells on the edge, ``finer`` levels below ``edge``; add those ``inside``."""
    south, north = (_row_of(row, level) for row in shape.rows)
    found: dict[int, Spans] = {}
    for row in range(south, north + 1):
        columns = edge.get(row >> finer, ())
        if finer:
            columns = tuple([(a << finer, (b + 1 << finer) - 1) for a, b in columns])
        ends = _rows_of(row, level)
        met = _both(columns, _any_cells(shape.meeting(*ends), level)) if columns else ()
        if met:
            held = _both(met, _whole_cells(shape.holding(*ends), level))
            if held:
                inside += _names(level, row, held)
                met = _without(met, held)
            found[row] = met
    return found


class _Shape(Protocol):
    """What an area is to a row of cells: columns of spots, for the spots from one row to another."""

    rows: tuple[int, int]
    """Its first and last row of spots."""

    def meeting(self, first: int, last: int) -> Spans:
        """Return all columns that it meets in any of these rows."""
        ...

    def holding(self, first: int, last: int) -> Spans:
        """Return columns that it holds in every one of these rows."""
        ...


class _Boxed:
    """A box: the same columns in all of its rows."""

    def __init__(self, box: Box) -> None:
        self.rows = box.rows()
        self._columns = box.columns()

    def meeting(self, first: int, last: int) -> Spans:
        return self._columns if first <= self.rows[1] and self.rows[0] <= last else ()

    def holding(self, first: int, last: int) -> Spans:
        return self._columns if self.rows[0] <= first and last <= self.rows[1] else ()


class _Round:
    """A circle, without what its ring leaves out: discs a little too large and a little too small."""

    def __init__(self, circle: Circle) -> None:
        centre, far, near = circle.centre, circle.miles, circle.beyond
        self._outer, self._inner = (
            _Disc(centre, far + _SLACK_MILES),
            _Disc(centre, far - _SLACK_MILES),
        )
        self.rows = self._outer.rows
        self._hole: tuple[_Disc, _Disc] | None = None
        if near >= 0:
            self._hole = (_Disc(centre, near - _SLACK_MILES), _Disc(centre, near + _SLACK_MILES))

    def meeting(self, first: int, last: int) -> Spans:
        found = self._outer.meeting(first, last)
        return _without(found, self._hole[0].holding(first, last)) if self._hole else found

    def holding(self, first: int, last: int) -> Spans:
        found = self._inner.holding(first, last)
        return _without(found, self._hole[1].meeting(first, last)) if self._hole else found


class _Disc:
    """All within some miles of a point; of less than none, nothing. The half of the globe is too many."""

    def __init__(self, centre: Point, miles: float) -> None:
        north, self._away = radians(centre.latitude), miles / EARTH_MILES
        self._column = (centre.longitude + 180) * PER_DEGREE
        self._sine, self._cosine, self._near = sin(north), cos(north), cos(self._away)
        # Its edge is farthest east and west nearer to the pole than its centre; over a pole it is all around.
        top = self._sine / self._near
        self._widest = (degrees(asin(top)) + 90) * PER_DEGREE if -1 < top < 1 else -1.0
        self._most = asin(min(sin(abs(self._away)) / self._cosine, 1.0))
        self._halves: dict[int, float] = {}
        middle, reach = centre.latitude + 90, degrees(self._away)
        self.rows = (
            max(floor((middle - reach) * PER_DEGREE), 0),
            min(ceil((middle + reach) * PER_DEGREE), _HIGH),
        )

    def meeting(self, first: int, last: int) -> Spans:
        half = max(self._half(first), self._half(last))
        if first <= self._widest <= last:
            half = max(half, self._most)
        if half < 0:
            return ()
        return self._around(half, floor, ceil)

    def holding(self, first: int, last: int) -> Spans:
        half = min(self._half(first), self._half(last))
        if half < 0 or self._away < 0:
            return ()
        return self._around(half, ceil, floor)

    def _around(
        self, half: float, western: Callable[[float], int], eastern: Callable[[float], int]
    ) -> Spans:
        """Return the columns as far as ``half``; the date line's meridian is the first and the last."""
        if half == pi:
            return _EVERY
        first = western(self._column - half / _RADIANS)
        last = eastern(self._column + half / _RADIANS)
        if last - first >= _WIDE:
            return _EVERY
        if last >= _WIDE:
            return (first, _WIDE), (0, last - _WIDE)
        if first <= 0 <= last:
            return (first + _WIDE, _WIDE), (0, last)
        return ((first, last),)

    def _half(self, row: int) -> float:
        """Return how far east, in radians, its edge is in a row; less than 0 where it does not come."""
        half = self._halves.get(row)
        if half is None:
            at = radians(row / PER_DEGREE - 90)
            turn = (self._near - self._sine * sin(at)) / (self._cosine * cos(at))
            half = self._halves[row] = acos(turn) if -1 < turn < 1 else pi if turn < 0 else -1.0
        return half


def _shape_of(area: Area) -> _Shape:
    return _Boxed(area) if isinstance(area, Box) else _Round(area)


def _any_cells(spans: Spans, level: int) -> Spans:
    return tuple([(_column_of(first, level), _column_of(last, level)) for first, last in spans])


def _whole_cells(spans: Spans, level: int) -> Spans:
    found = [
        (
            -((-first << level) // _WIDE),
            ((last + 1 << level) // _WIDE if last < _WIDE else 1 << level) - 1,
        )
        for first, last in spans
    ]
    return tuple([span for span in found if span[0] <= span[1]])


def _both(spans: Spans, others: Spans) -> Spans:
    return tuple(
        [
            (a if a > c else c, b if b < d else d)
            for a, b in spans
            for c, d in others
            if a <= d and c <= b
        ]
    )


def _without(spans: Spans, others: Spans) -> Spans:
    for first, last in others:
        left = []
        for a, b in spans:
            if a < first:
                left.append((a, b if b < first else first - 1))
            if b > last:
                left.append((a if a > last else last + 1, b))
        spans = tuple(left)
    return spans


def _row_of(row: int, level: int) -> int:
    return min((row << level) // _HIGH, (1 << level) - 1)


def _column_of(column: int, level: int) -> int:
    return min((column << level) // _WIDE, (1 << level) - 1)


def _rows_of(row: int, level: int) -> tuple[int, int]:
    """Return rows of spots that a row of cells lies between: its first, and the first of the next."""
    return -(-row * _HIGH >> level), -(-(row + 1) * _HIGH >> level)


def _names(level: int, row: int, columns: Spans) -> list[str]:
    before = f"{level:x}.{row:x}."
    return [f"{before}{column:x}" for first, last in columns for column in range(first, last + 1)]
