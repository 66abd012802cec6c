"""How an area is asked for: around a point, around a ZIP code, or inside a box of a map."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from functools import cache
from math import isfinite

import msgspec

from taxlien.kit.errors import InvalidInput
from taxlien.kit.reference import reference_text

from .geography import Area, Box, Circle, Point, miles_between

USUAL_MILES = 10.0
MAX_MILES = 250.0

_LONGEST = 100


class _Located(msgspec.Struct):
    latitude: float | None = None
    longitude: float | None = None


_located = msgspec.json.Decoder(_Located)


def read_area(
    near: str | None, zip_code: str | None, radius: str | None, box: str | None
) -> Area | None:
    """Return the area that parameters ask for, or None where they ask for none.

    ``near`` is ``latitude,longitude``, ``radius`` statute miles, ``box`` ``west,south,east,north``, all
    in degrees; west of more than east crosses the date line. Raises ``InvalidInput`` naming the one.
    """
    near, zip_code, radius, box = ((text or "").strip() for text in (near, zip_code, radius, box))
    if near and zip_code:
        raise InvalidInput("zip", "is given beside near: take one of them")
    if box and (near or zip_code):
        raise InvalidInput("box", "is given beside near or zip: take one of them")
    if box:
        if radius:
            raise InvalidInput("radius", "belongs to near or zip")
        return _box(box)
    if not near and not zip_code:
        if radius:
            raise InvalidInput("radius", "needs near or zip")
        return None
    return Circle(_point(near) if near else _centre(zip_code), _miles(radius))


def miles_of(items: Sequence[msgspec.Raw], area: Area | None) -> list[float | None] | None:
    """Return how far each item is from the centre of a circle, to a hundredth; None where none is."""
    if not isinstance(area, Circle):
        return None
    found: list[float | None] = []
    for item in items:
        at = _located.decode(item)
        if at.latitude is None or at.longitude is None:
            found.append(None)
        else:
            place = Point(at.latitude, at.longitude)
            found.append(round(miles_between(area.centre, place), 2))
    return found


@cache
def zip_places() -> dict[str, Point]:
    """Return the centre of every ZIP code that has one (``data/zip_places.csv``)."""
    rows = csv.reader(io.StringIO(reference_text("zip_places.csv")))
    next(rows)
    return {code: Point(float(latitude), float(longitude)) for code, latitude, longitude in rows}


def _point(text: str) -> Point:
    numbers = _numbers("near", text, 2, "a latitude and a longitude, such as 27.95,-82.46")
    return Point(_latitude("near", numbers[0]), _longitude("near", numbers[1]))


def _centre(code: str) -> Point:
    if not (len(code) == 5 and code.isascii() and code.isdigit()):
        raise InvalidInput("zip", "must be five digits, such as 33830")
    found = zip_places().get(code)
    if found is None:
        raise InvalidInput("zip", "has no area that is known; take near=latitude,longitude")
    return found


def _miles(text: str) -> float:
    if not text:
        return USUAL_MILES
    miles = _numbers("radius", text, 1, "miles, such as 10")[0]
    if not 0 < miles <= MAX_MILES:
        raise InvalidInput("radius", f"must be more than 0 and at most {MAX_MILES:.0f} miles")
    return miles


def _box(text: str) -> Box:
    says = "west,south,east,north in degrees, such as -82.6,27.8,-82.3,28.1"
    west, south, east, north = _numbers("box", text, 4, says)
    for latitude in (south, north):
        _latitude("box", latitude)
    for longitude in (west, east):
        _longitude("box", longitude)
    if south > north:
        raise InvalidInput("box", f"has its south above its north: {says}")
    return Box(west, south, east, north)


def _numbers(field: str, text: str, count: int, says: str) -> list[float]:
    try:
        found = [float(part) for part in text.split(",")] if len(text) <= _LONGEST else []
    except ValueError:
        found = []
    if len(found) != count or not all(map(isfinite, found)):
        raise InvalidInput(field, f"must be {says}")
    return found


def _latitude(field: str, degrees: float) -> float:
    if not -90 <= degrees <= 90:
        raise InvalidInput(field, "must have latitudes from -90 to 90")
    return degrees


def _longitude(field: str, degrees: float) -> float:
    if not -180 <= degrees <= 180:
        raise InvalidInput(field, "must have longitudes from -180 to 180")
    return degrees
