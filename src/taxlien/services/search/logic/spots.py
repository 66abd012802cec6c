"""Many spots at once: which of them a circle holds, to the same metre as ``Circle.holds`` says of one.

A spot is kept as a unit vector from the middle of the earth: the product of two is the cosine of the angle
between them, which is compared and never turned into miles.
"""

from __future__ import annotations

from math import cos, radians, sin

import numpy as np
from numpy.typing import NDArray

from .geography import COLUMN_BITS, EARTH_MILES, PER_DEGREE, Circle

Numbers = NDArray[np.int64]
Vectors = NDArray[np.float64]
"""Three rows: x, y and z of every spot."""

_UNSURE = 1e-14
"""A cosine as near as this to the edge's may be off by rounding. 25 miles away that is a hundredth of a
millimetre, at a metre some millimetres more than the metre."""


def vectors_of(spots: Numbers) -> Vectors:
    """Return the unit vectors of spots."""
    unit = radians(1 / PER_DEGREE)
    north = (spots >> COLUMN_BITS) * unit
    east = (spots & ((1 << COLUMN_BITS) - 1)) * unit
    # An angle from the south pole, and a longitude from the date line: any frame will do.
    ring = np.sin(north)
    return np.stack((ring * np.cos(east), ring * np.sin(east), np.cos(north)))


def held_by(circle: Circle, spots: Numbers, vectors: Vectors) -> NDArray[np.bool_]:
    """Return for every spot whether ``circle`` holds it; ``vectors`` are theirs."""
    north, east = radians(circle.centre.latitude + 90), radians(circle.centre.longitude + 180)
    x, y, z = vectors
    near: NDArray[np.float64] = (
        x * (sin(north) * cos(east)) + y * (sin(north) * sin(east)) + z * cos(north)
    )
    edge = cos(circle.miles / EARTH_MILES)
    held: NDArray[np.bool_] = near >= edge
    unsure = np.abs(near - edge) < _UNSURE
    if circle.beyond >= 0:
        hole = cos(circle.beyond / EARTH_MILES)
        held &= near < hole
        unsure |= np.abs(near - hole) < _UNSURE
    for at in np.flatnonzero(unsure):
        held[at] = circle.holds(int(spots[at]))
    return held
