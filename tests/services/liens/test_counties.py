"""The shipped counties: all of them, with the right clock, inside their state."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import zipcodes

from taxlien.services.liens import service
from taxlien.services.liens.service.places import shipped_counties

COUNTIES = {county.fips: county for county in shipped_counties()}


def test_every_county_of_fifty_states_and_dc_is_there() -> None:
    assert len(COUNTIES) == len(shipped_counties()) == 3_143
    states = Counter(county.state for county in COUNTIES.values())
    assert len(states) == 51
    assert (states["TX"], states["GA"], states["DC"], states["CT"], states["AK"]) == (
        254, 159, 1, 8, 30,
    )  # fmt: skip


def test_known_counties_are_as_known() -> None:
    known = {
        "12105": ("Polk", "Polk County", "FL", "America/New_York"),
        "04005": ("Coconino", "Coconino County", "AZ", "America/Phoenix"),
        "04001": ("Apache", "Apache County", "AZ", "America/Phoenix"),
        "24510": ("Baltimore City", "Baltimore city", "MD", "America/New_York"),
        "24005": ("Baltimore", "Baltimore County", "MD", "America/New_York"),
        "08069": ("Larimer", "Larimer County", "CO", "America/Denver"),
        "22071": ("Orleans", "Orleans Parish", "LA", "America/Chicago"),
        "46102": ("Oglala Lakota", "Oglala Lakota County", "SD", "America/Denver"),
        "09001": ("Fairfield", "Fairfield County", "CT", "America/New_York"),
        "02066": ("Copper River", "Copper River Census Area", "AK", "America/Anchorage"),
        "15003": ("Honolulu", "Honolulu County", "HI", "Pacific/Honolulu"),
    }
    for fips, expected in known.items():
        county = COUNTIES[fips]
        assert (county.name, county.full_name, county.state, county.time_zone) == expected


def test_names_are_unique_within_a_state() -> None:
    names = Counter((county.state, county.name) for county in COUNTIES.values())
    assert [name for name, count in names.items() if count > 1] == []


def test_every_code_belongs_to_its_state() -> None:
    assert all(fips.startswith(county.state_fips) for fips, county in COUNTIES.items())
    assert len({(county.state, county.state_fips) for county in COUNTIES.values()}) == 51


def test_every_time_zone_is_a_zone_of_the_us() -> None:
    zones = {county.time_zone for county in COUNTIES.values()}
    assert zones <= available_timezones()
    assert all(ZoneInfo(zone) for zone in zones)
    assert {zone.split("/")[0] for zone in zones} == {"America", "Pacific"}


def test_every_centre_lies_in_the_box_of_its_states_zip_codes() -> None:
    places: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for row in zipcodes.list_all():
        if row["lat"] and row["long"]:
            places[row["state"]].append((float(row["lat"]), float(row["long"])))
    boxes = {state: [*zip(*known, strict=True)] for state, known in places.items()}
    sides = {state: [(min(of), max(of)) for of in box] for state, box in boxes.items()}
    outside = []
    for county in COUNTIES.values():
        (south, north), (west, east) = sides[county.state]
        # Alaska's outermost land has no ZIP code, and Aleutians West lies across the date line.
        margin = 5.0 if county.state == "AK" else 0.5
        within = (
            south - margin <= county.latitude <= north + margin
            and west - margin <= county.longitude <= east + margin
        )
        if not within:
            outside.append(county)
    assert outside == []


async def test_loading_counties_again_writes_nothing(catalogue: Any) -> None:
    async with catalogue.database.session() as session:
        assert await service.load_counties(session) == 0
    assert await catalogue.count("counties") == 3_143


async def test_corrected_county_is_written(catalogue: Any) -> None:
    corrected = COUNTIES["12105"]._replace(name="Polk of Florida")
    async with catalogue.database.session() as session:
        assert await service.load_counties(session, [corrected]) == 1
        assert (await service.county(session, "12105")).name == "Polk of Florida"


async def test_counties_are_found_by_name_as_files_spell_them(catalogue: Any) -> None:
    async with catalogue.database.session() as session:
        find = await service.county_lookup(session)
    assert find("FL", "polk") == find("fl", "Polk County") == "12105"
    assert find("MD", "baltimore city") == "24510"
    assert find("MD", "Baltimore") == "24005"
    assert find("FL", "Saint Johns") == find("FL", "St. Johns") == "12109"
    assert find("FL", "Nowhere") is None
