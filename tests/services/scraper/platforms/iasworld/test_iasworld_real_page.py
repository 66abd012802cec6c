"""Every value that the real datalet page is known to hold."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from property_pages import page_of, site_file
from taxlien.services.scraper.adapters.platforms.iasworld import PLATFORM
from taxlien.services.scraper.adapters.platforms.iasworld.datalets import Datalet, datalets
from taxlien.services.scraper.adapters.platforms.iasworld.parsing import read_page
from taxlien.services.scraper.logic.pages import Reading
from taxlien.services.scraper.logic.reading_tables import document

NAME = "L9NE4C-20-2-0310_profile_nh.html"
NOT_KEPT = {
    "platform": "about the file, not on the page",
    "county": "of the site file",
    "state": "of the site file",
    "source": "where the file was saved from; PageCard keeps where a page came from",
    "page": "the file's name",
    "mode": "which page was asked for",
    "parcel_id_note": "a remark",
    "not_on_this_page": "a remark",
    "owner_name": "a name",
    "owner_header_raw": "a name",
    "mailing_address": "the owner's mail: personal data",
    "mailing_city_state_zip": "the owner's mail: personal data",
    "municipality": "the taxing municipality, which is not the city of an address",
    "state_field": "null: the cell is empty, and a parcel's state is its county's",
    "school_district": "a tax district is not a field of a parcel",
    "total_cards": "how many cards the page has",
    "living_units": "not a field of a parcel",
    "neighborhood_code": "the assessor's own market area",
    "topography": "not a field of a parcel",
    "utilities": "not a field of a parcel",
    "street_road": "not a field of a parcel",
}


@pytest.fixture(scope="module")
def text(shared_pages: Path) -> str:
    return (shared_pages / "tyler_iasworld" / "pa_northampton" / NAME).read_text()


@pytest.fixture(scope="module")
def expected(shared_pages: Path) -> dict[str, Any]:
    folder = shared_pages / "tyler_iasworld" / "pa_northampton"
    known: dict[str, Any] = json.loads((folder / "expected.json").read_text())
    return known


@pytest.fixture(scope="module")
def reading(text: str) -> Reading:
    site = site_file("iasworld", "pa_northampton")
    return read_page(page_of(text, PLATFORM.page_of_file(NAME, site)), site)


def test_every_value_of_the_northampton_page_is_read_or_its_absence_explained(
    reading: Reading, expected: dict[str, Any]
) -> None:
    (parcel,) = reading.parcels
    left = dict(expected)
    use_code, _, use = (parcel.land_use or "").partition(" - ")
    compared = {
        "parcel_id": parcel.parcel_id,
        "owner_present": parcel.owner_published,
        "situs_address": parcel.situs_address,
        "city": parcel.city,
        "zip": parcel.zip_code,
        "class": parcel.property_class,
        "land_use_code": use_code,
        "land_use_desc": use,
        "acres": float(parcel.acres or 0),
        "assessed_values_by_year": parcel.values or None,
        "sales": parcel.transfers or None,
        "tax_amounts": parcel.taxes or None,
    }
    for key, value in compared.items():
        assert value == left.pop(key), key
    assert parcel.acres == Decimal(left.pop("acres_raw"))
    assert parcel.situs_address == " ".join(left.pop("situs_raw").split())
    assert (left.pop("homestead"), left.pop("homestead_approved"), parcel.homestead) == (
        "H - Homestead",
        "A - Approved",
        True,
    )
    (year, jur) = left.pop("tax_year_in_links"), left.pop("jur")
    assert all(f"jur={jur}&taxyr={year}" in request.path for request in reading.follow)
    left.pop("sections")  # compared row by row below
    assert left.keys() <= NOT_KEPT.keys(), "a value neither compared nor explained"


def test_every_row_of_every_datalet_is_seen_in_order(text: str, expected: dict[str, Any]) -> None:
    found = datalets(document(text))
    sections = expected["sections"].values()
    assert [_rows(d) for d in found] == [s["rows"] for s in sections]
    assert [d.title for d in found] == [s["title"] for s in sections]


def _rows(datalet: Datalet) -> list[list[str]]:
    return [[row.label, row.text] for row in datalet.rows]


def test_the_spaces_inside_a_parcel_number_stay(reading: Reading) -> None:
    assert reading.parcels[0].parcel_id == "L9NE4C 20 2       0310"


def test_the_side_menu_leads_to_the_modes_the_site_asks_for(reading: Reading) -> None:
    assert [request.key for request in reading.follow] == [
        "values_nh L9NE4C 20 2       0310",
        "sales_all L9NE4C 20 2       0310",
        "charge_text L9NE4C 20 2       0310",
    ]
    assert reading.follow[0].path == (
        "/datalets/datalet.aspx?mode=values_nh&UseSearch=no&pin=L9NE4C+20+2+++++++0310&jur=048&taxyr=2023"
    )


def test_neither_owner_nor_officer_leaves_the_page(
    reading: Reading, expected: dict[str, Any]
) -> None:
    said = msgspec.json.encode(reading).decode().upper()
    names = [expected["owner_name"], expected["sections"]["datalet_div_6"]["rows"][0][1]]
    assert not [name for name in names if name.upper() in said]
    assert "EASTON, PA" not in said
