"""Where liens are, how far apart, and whether an area holds them.

A place is a ``spot``: its row and column in a grid of a metre, as one number. The exact look at it decides;
``cells`` finds what is worth a look.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import asin, ceil, cos, floor, radians, sin, sqrt

import msgspec

EARTH_MILES = 3958.7613
METRES_A_MILE = 1609.344
PER_DEGREE = 100_000  # about a metre
COLUMN_BITS = 26

_MASK = (1 << COLUMN_BITS) - 1
_ROUNDING = 1e-6  # of a metre: what is written with five digits lies on the grid


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
        """Return its first and last column of spots; two pairs where it crosses the date line,
        none where it lies between two columns."""
        west, east = _first(self.west + 180), _last(self.east + 180)
        if self.west > self.east:
            return (west, 360 * PER_DEGREE), (0, east)
        return ((west, east),) if west <= east else ()

    def holds(self, spot: int) -> bool:
        """Tell whether a spot lies in it."""
        south, north = self.rows()
        row, column = spot >> COLUMN_BITS, spot & _MASK
        return south <= row <= north and any(a <= column <= b for a, b in self.columns())


Area = Circle | Box


def miles_between(one: Point, two: Point) -> float:
    """Return the distance over the surface of a round earth (haversine), in statute miles."""
    north, south = radians(one.latitude), radians(two.latitude)
    across = sin((south - north) / 2) ** 2
    across += cos(north) * cos(south) * sin(radians(two.longitude - one.longitude) / 2) ** 2
    return 2 * EARTH_MILES * asin(min(1.0, sqrt(across)))


@lru_cache(maxsize=4096)
def distance_from(centre: Point) -> Callable[[int], float]:
    """Return what tells how far a spot is, in miles: ``miles_between``, for many spots."""
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


def spot_of(latitude: float | None, longitude: float | None) -> int | None:
    """Return a place as one number, to a metre; None where it is unknown, no place, or 0/0."""
    if latitude is None or longitude is None or not (latitude or longitude):
        return None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None
    row = round((latitude + 90) * PER_DEGREE)
    return row << COLUMN_BITS | round((longitude + 180) * PER_DEGREE)


def _first(place: float) -> int:
    return ceil(place * PER_DEGREE - _ROUNDING)


def _last(place: float) -> int:
    return floor(place * PER_DEGREE + _ROUNDING)
