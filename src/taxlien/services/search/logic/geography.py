"""Where liens are: cells to find candidates by, and the exact look that decides.

The globe is cut into a grid of 2^n by 2^n cells of equal degrees, in levels that nest. A lien has one
cell of every level; an area is covered by few cells, those wholly inside it being certain and those on
its edge needing an exact look at each ``spot``: a place to a metre, as one number. No range of floating
numbers is ever searched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from math import acos, asin, ceil, cos, degrees, floor, radians, sin, sqrt
from typing import Literal, NamedTuple

import msgspec

LEVELS = (6, 8, 10, 12, 14, 16)
"""The finest cell is about 0.2 by 0.35 miles in Florida, the coarsest 200 by 350."""
MOST_CELLS = 128
EARTH_MILES = 3958.7613
METRES_A_MILE = 1609.344
PER_DEGREE = 100_000  # about a metre
COLUMN_BITS = 26

_MASK = (1 << COLUMN_BITS) - 1
_SLACK = 1 / PER_DEGREE
_SLACK_MILES = 0.005  # of what is rounded, and of middles that are spots
_STRIP_BITS = COLUMN_BITS + 8
_STRIP_SLACK = 3.0  # metres
_HALF_ROUND = 90 * PER_DEGREE
_ROUNDING = 1e-6  # of a metre: what is written with five digits lies on the grid

Relation = Literal["outside", "edge", "inside"]
Cell = tuple[int, int]


class Point(msgspec.Struct, frozen=True):
    """A place in degrees, WGS 84."""

    latitude: float
    longitude: float


class Circle(msgspec.Struct, frozen=True, tag="circle"):
    """All within ``miles`` (statute) of a point, its edge included; with ``beyond``, a ring: only what
    is farther than that."""

    centre: Point
    miles: float
    beyond: float = -1.0

    def holds(self, spot: int) -> bool:
        """Tell whether a spot lies in it."""
        return self.beyond < distance_from(self.centre)(spot) <= self.miles

    def miles_to(self, spot: int) -> float:
        """Return how far a spot is from its centre, in statute miles."""
        return distance_from(self.centre)(spot)

    def bounds(self) -> Box:
        """Return a box around it; over a pole it goes round the globe."""
        reach = degrees(self.miles / EARTH_MILES)
        south, north = self.centre.latitude - reach, self.centre.latitude + reach
        if south <= -90 or north >= 90:
            return Box(-180.0, max(south, -90.0), 180.0, min(north, 90.0))
        ratio = sin(radians(reach)) / cos(radians(self.centre.latitude))
        wide = degrees(asin(min(ratio, 1.0)))
        west, east = self.centre.longitude - wide, self.centre.longitude + wide
        return Box(_wrapped(west), south, _wrapped(east), north)


class Box(msgspec.Struct, frozen=True, tag="box"):
    """A piece of a map, its edges included; ``west`` greater than ``east`` crosses the date line."""

    west: float
    south: float
    east: float
    north: float

    def rows(self) -> tuple[int, int]:
        """Return its first and last row of spots."""
        return _first(self.south + 90), _last(self.north + 90)

    def columns(self) -> tuple[tuple[int, int], ...]:
        """Return its first and last column of spots; two pairs where it crosses the date line."""
        west, east = _first(self.west + 180), _last(self.east + 180)
        return ((west, east),) if self.west <= self.east else ((west, 360 * PER_DEGREE), (0, east))

    def holds(self, spot: int) -> bool:
        """Tell whether a spot lies in it."""
        south, north = self.rows()
        row, column = spot >> COLUMN_BITS, spot & _MASK
        return south <= row <= north and any(a <= column <= b for a, b in self.columns())

    def bounds(self) -> Box:
        """Return itself."""
        return self


Area = Circle | Box


class Cover(NamedTuple):
    """Cells of an area: wholly ``inside`` it, and on its ``edge``."""

    inside: tuple[str, ...]
    edge: tuple[str, ...]


def miles_between(one: Point, two: Point) -> float:
    """Return the distance over the surface of a round earth (haversine), in statute miles."""
    north, south = radians(one.latitude), radians(two.latitude)
    across = sin((south - north) / 2) ** 2
    across += cos(north) * cos(south) * sin(radians(two.longitude - one.longitude) / 2) ** 2
    return 2 * EARTH_MILES * asin(min(1.0, sqrt(across)))


@lru_cache(maxsize=4096)
def distance_from(centre: Point) -> Callable[[int], float]:
    """Return what tells how far a spot is, in miles: ``miles_between``, for thousands of spots at once."""
    half, twice = radians(0.5 / PER_DEGREE), 2 * EARTH_MILES
    row = (centre.latitude + 90) * PER_DEGREE
    column = (centre.longitude + 180) * PER_DEGREE
    shrink = cos(radians(centre.latitude))

    def miles(spot: int) -> float:
        at = spot >> COLUMN_BITS
        north = sin((at - row) * half)
        east = sin(((spot & _MASK) - column) * half)
        # The sine of an angle from the pole is the cosine of the latitude.
        across = north * north + shrink * sin(at * 2 * half) * east * east
        # Rounding, at a pole or the other end of the earth, may leave the bounds by a hair.
        return twice * asin(sqrt(across)) if 0 < across < 1 else twice * asin(across > 0)

    return miles


def liens_held(circle: Circle, liens: Mapping[int, int]) -> int:
    """Return how many liens lie in ``circle``, given how many each spot has.

    In strips of 256 rows, columns tell of most spots on which side of the edge they lie; the distance
    is taken of those between alone.
    """
    distance, far, near = distance_from(circle.centre), circle.miles, circle.beyond
    strips: dict[int, tuple[float, float, float, float]] = {}
    held = 0
    for spot, count in liens.items():
        strip = spot >> _STRIP_BITS
        bounds = strips.get(strip)
        if bounds is None:
            bounds = strips[strip] = _strip_bounds(circle, strip)
        column = spot & _MASK
        sure = bounds[1] <= column <= bounds[2]
        if sure or (bounds[0] <= column <= bounds[3] and near < distance(spot) <= far):
            held += count
    return held


def _strip_bounds(circle: Circle, strip: int) -> tuple[float, float, float, float]:
    """Return the columns that the circle may begin at, surely has begun at, surely reaches, may reach."""
    south, north = (
        radians((row << _STRIP_BITS - COLUMN_BITS) / PER_DEGREE - 90) for row in (strip, strip + 1)
    )
    bounds, away = circle.bounds(), circle.miles / EARTH_MILES
    latitude = radians(circle.centre.latitude)
    if circle.beyond >= 0 or bounds.west >= bounds.east or max(-south, north, abs(latitude)) > 1.5:
        return 0.0, 1.0, 0.0, float(_MASK)  # rings, and what meets the date line or a pole
    widths = [_half_width(latitude, at, away) for at in (south, north)]
    sure = degrees(min(widths)) * PER_DEGREE - _STRIP_SLACK
    widest = sin(latitude) / cos(away)
    if sin(south) <= widest <= sin(north):
        widths.append(asin(sin(away) / cos(latitude)))
    perhaps = degrees(max(widths)) * PER_DEGREE + _STRIP_SLACK
    column = (circle.centre.longitude + 180) * PER_DEGREE
    return column - perhaps, column - sure, column + sure, column + perhaps


def _half_width(latitude: float, at: float, away: float) -> float:
    """Return how far east a circle's edge reaches at a latitude; less than 0 where it does not come."""
    turn = (cos(away) - sin(latitude) * sin(at)) / (cos(latitude) * cos(at))
    return acos(turn) if -1 < turn < 1 else -1.0


def spot_of(latitude: float | None, longitude: float | None) -> int | None:
    """Return a place as one number, to a metre; None where it is unknown, no place, or 0/0."""
    if latitude is None or longitude is None or not (latitude or longitude):
        return None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None
    row = round((latitude + 90) * PER_DEGREE)
    return row << COLUMN_BITS | round((longitude + 180) * PER_DEGREE)


def cells_of(spot: int | None) -> tuple[str, ...]:
    """Return the cell of every level that a spot lies in; none of an unknown one."""
    if spot is None:
        return ()
    row, column = spot >> COLUMN_BITS, spot & _MASK
    return tuple([_name(n, _index(row, 180, n), _index(column, 360, n)) for n in LEVELS])


@lru_cache(maxsize=4096)
def cover(area: Area, most: int = MOST_CELLS) -> Cover:
    """Return at most about ``most`` cells that hold every spot of ``area``."""
    inside: list[str] = []
    relation = _relation_to(area)
    edge = list(_cells_within(area.bounds(), LEVELS[0]))
    for level, finer in zip(LEVELS, (*LEVELS[1:], LEVELS[-1]), strict=True):
        kept: list[Cell] = []
        for row, column in edge:
            found = relation(level, row, column)
            if found == "inside":
                inside.append(_name(level, row, column))
            elif found == "edge":
                kept.append((row, column))
        step = 1 << (finer - level)
        # An edge through a cell meets about twice as many finer ones as lie along its side.
        if step == 1 or len(inside) + len(kept) * step * 2 > most:
            break
        edge = [
            (row * step + i, column * step + j)
            for row, column in kept
            for i in range(step)
            for j in range(step)
        ]
    return Cover(tuple(inside), tuple(_name(level, *cell) for cell in kept))


def _relation_to(area: Area) -> Callable[[int, int, int], Relation]:
    return _to_circle(area) if isinstance(area, Circle) else partial(_to_box, area)


def _to_box(box: Box, level: int, row: int, column: int) -> Relation:
    high, wide = 180 / (1 << level), 360 / (1 << level)
    # A cell holds what is rounded into it: its box is a metre wider than its degrees.
    south, west = row * high - 90 - _SLACK, column * wide - 180 - _SLACK
    cell = Box(west, south, west + wide + 2 * _SLACK, south + high + 2 * _SLACK)
    if cell.north < box.south or cell.south > box.north:
        return "outside"
    along = box.south <= cell.south and cell.north <= box.north
    crossing = box.west > box.east
    pieces = [(box.west, 180.0), (-180.0, box.east)] if crossing else [(box.west, box.east)]
    if all(cell.east < first or cell.west > last for first, last in pieces):
        return "outside"
    across = any(first <= cell.west and cell.east <= last for first, last in pieces)
    return "inside" if along and across else "edge"


def _to_circle(circle: Circle) -> Callable[[int, int, int], Relation]:
    """Judge by a circle around the cell, whose middle is taken to be a spot."""
    distance, far, near = distance_from(circle.centre), circle.miles, circle.beyond

    def relation(level: int, row: int, column: int) -> Relation:
        north = (2 * row + 1) * _HALF_ROUND >> level
        east = (2 * column + 1) * _HALF_ROUND * 2 >> level
        away, reach = distance(north << COLUMN_BITS | east), _reach(level, row)
        if away - reach > far or away + reach <= near:
            return "outside"
        return "inside" if away + reach <= far and away - reach > near else "edge"

    return relation


@lru_cache(maxsize=65_536)
def _reach(level: int, row: int) -> float:
    """Return how far from the middle of a cell its spots lie at most, in miles: at a corner."""
    high, wide = 180 / (1 << level), 360 / (1 << level)
    south = row * high - 90
    middle = Point(south + high / 2, 0.0)
    corners = (Point(latitude, wide / 2) for latitude in (south, south + high))
    return max(miles_between(middle, corner) for corner in corners) + _SLACK_MILES


def _cells_within(box: Box, level: int) -> Iterator[Cell]:
    side = 1 << level
    slack = 2 / PER_DEGREE
    first, last, left, right = (
        min(max(int(place * side / span), 0), side - 1)
        for place, span in (
            (box.south + 90 - slack, 180),
            (box.north + 90 + slack, 180),
            (box.west + 180 - slack, 360),
            (box.east + 180 + slack, 360),
        )
    )
    crossing = box.west > box.east
    columns = [*range(left, side), *range(right + 1)] if crossing else range(left, right + 1)
    for row in range(first, last + 1):
        for column in dict.fromkeys(columns):
            yield row, column


def _index(place: int, span: int, level: int) -> int:
    side = 1 << level
    return min(place * side // (span * PER_DEGREE), side - 1)


def _name(level: int, row: int, column: int) -> str:
    return f"{level:x}.{row:x}.{column:x}"


def _first(place: float) -> int:
    return ceil(place * PER_DEGREE - _ROUNDING)


def _last(place: float) -> int:
    return floor(place * PER_DEGREE + _ROUNDING)


def _wrapped(longitude: float) -> float:
    return (longitude + 180) % 360 - 180
