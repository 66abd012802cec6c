"""Cells never miss a place, at the poles and the date line too; areas are read or refused by name."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taxlien.kit.errors import InvalidInput
from taxlien.services.search.logic.areas import miles_of, read_area, zip_places
from taxlien.services.search.logic.cells import LEVELS, MOST_CELLS, cells_of, cover
from taxlien.services.search.logic.geography import (
    COLUMN_BITS,
    EARTH_MILES,
    PER_DEGREE,
    Box,
    Circle,
    Point,
    miles_between,
    spot_of,
)
from taxlien.services.search.logic.spots import held_by, vectors_of


def place_of(spot: int) -> Point:
    row, column = spot >> COLUMN_BITS, spot & (1 << COLUMN_BITS) - 1
    return Point(row / PER_DEGREE - 90, column / PER_DEGREE - 180)


latitudes = st.one_of(st.floats(-90, 90), st.sampled_from((-90.0, -89.9, 0.0, 27.9, 89.95, 90.0)))
longitudes = st.one_of(st.floats(-180, 180), st.sampled_from((-180.0, 180.0, -179.99, 0.0)))
points = st.builds(Point, latitudes, longitudes)
radii = st.one_of(st.sampled_from((0.05, 1.0, 10.0, 250.0)), st.floats(0.01, 250))
circles = st.builds(
    lambda centre, miles, hole: Circle(centre, miles, miles * hole if hole else -1.0),
    points,
    radii,
    st.sampled_from((0, 0, 0.5, 0.95)),
)
boxes = st.builds(
    lambda west, east, ends: Box(west, min(ends), east, max(ends)),
    longitudes,
    longitudes,
    st.tuples(latitudes, latitudes),
)
near = st.tuples(st.one_of(st.floats(0, 1.2), st.floats(0.999, 1.001)), st.floats(0, 2 * math.pi))


def moved(circle: Circle, share: float, bearing: float) -> Point:
    """Return the place that lies ``share`` of the radius away from the centre."""
    across = share * circle.miles / EARTH_MILES
    north = math.radians(circle.centre.latitude)
    sine = math.sin(north) * math.cos(across)
    sine += math.cos(north) * math.sin(across) * math.cos(bearing)
    latitude = math.asin(max(-1.0, min(1.0, sine)))
    turned = math.atan2(
        math.sin(bearing) * math.sin(across) * math.cos(north),
        math.cos(across) - math.sin(north) * math.sin(latitude),
    )
    longitude = (circle.centre.longitude + math.degrees(turned) + 540) % 360 - 180
    return Point(math.degrees(latitude), longitude)


def agree(area: Circle | Box, place: Point) -> None:
    """Check one place: its cells say the same of it as the exact look."""
    spot = spot_of(place.latitude, place.longitude)
    if spot is None:
        return
    found, cells = cover(area), set(cells_of(spot))
    if area.holds(spot):
        assert cells & {*found.inside, *found.edge}
    if cells & set(found.inside):
        assert area.holds(spot)


@given(circles, st.lists(near, min_size=1, max_size=20))
@settings(max_examples=150, deadline=None)
def test_cells_of_a_circle_miss_no_place_in_it(circle, around) -> None:
    for share, bearing in around:
        agree(circle, moved(circle, share, bearing))
    found = [spot_of(*msgspec.structs.astuple(moved(circle, *each))) for each in around]
    spots = np.array([spot for spot in found if spot is not None], np.int64)
    held = held_by(circle, spots, vectors_of(spots))
    assert held.tolist() == [circle.holds(spot) for spot in spots.tolist()]
    assert len(cover(circle).inside) + len(cover(circle).edge) <= 2 * MOST_CELLS


def old_relation(circle: Circle, cell: str) -> str:
    """Judge a cell by a circle around it: what covers were made by, cell by cell."""
    level, row, column = (int(part, 16) for part in cell.split("."))
    high, wide = 180 / 2**level, 360 / 2**level
    south, west = row * high - 90, column * wide - 180
    middle = Point(south + high / 2, west + wide / 2)
    corners = (Point(latitude, west) for latitude in (south, south + high))
    reach = max(miles_between(middle, corner) for corner in corners) + 0.005
    away = miles_between(circle.centre, middle)
    if away - reach > circle.miles or away + reach <= circle.beyond:
        return "outside"
    return "inside" if away + reach <= circle.miles and away - reach > circle.beyond else "edge"


def neighbours(cell: str) -> set[str]:
    level, row, column = (int(part, 16) for part in cell.split("."))
    side = 2**level
    rows = [n for n in (row - 1, row, row + 1) if 0 <= n < side]
    columns = {(column + step) % side for step in (-1, 0, 1)}
    return {f"{level:x}.{n:x}.{m:x}" for n in rows for m in columns}


def above(cell: str) -> set[str]:
    """Return a cell and those it is part of."""
    level, row, column = (int(part, 16) for part in cell.split("."))
    shifts = [(n, level - n) for n in LEVELS if n <= level]
    return {f"{n:x}.{row >> shift:x}.{column >> shift:x}" for n, shift in shifts}


@given(circles)
@settings(max_examples=60, deadline=None)
def test_a_row_of_cells_at_once_is_told_like_each_by_itself(circle) -> None:
    """Wherever trying a cell by itself was certain, the formula of its row says the same."""
    found = cover(circle)
    inside, edge = set(found.inside), set(found.edge)
    assert not inside & edge
    for cell in {near for each in found.edge[:40] for near in neighbours(each)}:
        told = old_relation(circle, cell)
        if told == "outside":
            assert not above(cell) & (inside | edge)
        if told == "inside":
            assert above(cell) & inside


@given(boxes, st.lists(points, min_size=1, max_size=10), st.lists(near, max_size=4))
@settings(max_examples=100, deadline=None)
def test_cells_of_a_box_miss_no_place_in_it(box, places, around) -> None:
    corners = [Point(y, x) for y in (box.south, box.north) for x in (box.west, box.east)]
    for place in (*places, *corners):
        agree(box, place)
    for corner in corners:
        for share, bearing in around:
            agree(box, moved(Circle(corner, 0.01), share, bearing))


def test_a_box_between_two_columns_holds_nothing() -> None:
    box = Box(-82.4600032, 27.9, -82.4600031, 28.0)
    assert box.columns() == ()
    assert not box.holds(spot_of(27.95, -82.46))
    assert cover(box).inside == ()


@given(points)
@settings(max_examples=50, deadline=None)
def test_a_spot_is_its_place_to_a_metre(place) -> None:
    spot = spot_of(place.latitude, place.longitude)
    if spot is not None:
        assert 0 <= spot < 2**63
        assert miles_between(place, place_of(spot)) < 0.0006


def test_what_is_no_place_has_no_spot() -> None:
    for place in ((None, 1.0), (1.0, None), (0.0, 0.0), (91.0, 1.0), (1.0, -180.1), (math.nan, 1)):
        assert spot_of(*place) is None
    assert cells_of(None) == ()


def test_known_distances() -> None:
    tampa, miami = Point(27.9506, -82.4572), Point(25.7617, -80.1918)
    assert miles_between(tampa, miami) == pytest.approx(205, abs=1)
    assert miles_between(Point(65, 179.9), Point(65, -179.9)) == pytest.approx(5.84, abs=0.01)


def test_areas_are_read_as_they_are_asked_for() -> None:
    assert read_area(None, None, None, None) is None
    assert read_area("27.95, -82.46", None, None, None) == Circle(Point(27.95, -82.46), 10.0)
    assert read_area(None, "33830", "2.5", None) == Circle(zip_places()["33830"], 2.5)
    assert read_area(None, None, None, "170,-10,-170,10") == Box(170.0, -10.0, -170.0, 10.0)
    assert read_area("90,0", None, "250", "") == Circle(Point(90.0, 0.0), 250.0)


@pytest.mark.parametrize(
    ("given_", "field"),
    [
        (("27.95", None, None, None), "near"),
        (("27.95,nan", None, None, None), "near"),
        (("91,0", None, None, None), "near"),
        (("0,181", None, None, None), "near"),
        (("27.95,-82.46", "33830", None, None), "zip"),
        ((None, "00000", None, None), "zip"),
        ((None, "3383", None, None), "zip"),
        ((None, "33830", "0", None), "radius"),
        ((None, "33830", "251", None), "radius"),
        ((None, "33830", "inf", None), "radius"),
        ((None, None, "10", None), "radius"),
        ((None, None, "10", "1,2,3,4"), "radius"),
        (("1,2", None, None, "1,2,3,4"), "box"),
        ((None, None, None, "1,2,3"), "box"),
        ((None, None, None, "1,5,3,4"), "box"),
        ((None, None, None, "1,2,181,4"), "box"),
        ((None, None, None, "1,-91,2,4"), "box"),
    ],
)
def test_what_is_no_area_is_refused_by_name(given_, field) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_area(*given_)
    assert refused.value.field == field


def test_miles_stand_beside_items_to_a_hundredth() -> None:
    circle = Circle(Point(27.95, -82.46), 10.0)
    items = [msgspec.Raw(b'{"latitude":27.95,"longitude":-82.45}'), msgspec.Raw(b'{"n":1}')]
    assert miles_of(items, circle) == [0.61, None]
    assert miles_of(items, None) is None
