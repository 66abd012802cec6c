"""Every value of every real page: what a correct reader finds, key by key."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from taxlien.interfaces.scraper import LienObserved
from taxlien.services.scraper.adapters.platforms.realauction import PLATFORM
from taxlien.services.scraper.logic.pages import Page, Reading
from taxlien.services.scraper.logic.sites import Site, parse_site

SITES = Path("src/taxlien/services/scraper/adapters/platforms/realauction/sites")
COUNTIES = {
    "realauction_realforeclose": ("fl_pasco", "fl_hillsborough", "oh_montgomery"),
    "realauction_realtaxdeed": ("fl_citrus", "fl_hernando", "fl_alachua", "fl_lee"),
}
PAGES = [(folder, name) for folder, names in COUNTIES.items() for name in names]


def money(field: str) -> Callable[[LienObserved], Any]:
    return lambda lien: getattr(lien, field)


def attribute(name: str) -> Callable[[LienObserved], Any]:
    return lambda lien: lien.attributes.get(name)


def key_number(lien: LienObserved) -> str | None:
    return next(iter(lien.other_ids.values()), None)


READ: dict[str, Callable[[LienObserved], Any]] = {
    "aid": lambda lien: lien.item_id,
    "auction_type": attribute("Auction Type"),
    "case_status": attribute("Case Status"),
    "case_number": lambda lien: lien.case_number,
    "case_number_raw": attribute("Case # as published"),
    "certificate_number": lambda lien: lien.certificate_number,
    "final_judgment_amount": money("amount_due"),
    "opening_bid": money("opening_bid"),
    "deposit_requirement": money("deposit"),
    "assessed_value": money("assessed_value"),
    "appraiser_market_value": money("market_value"),
    "appraised_value": money("market_value"),
    "parcel_id": lambda lien: lien.parcel_id,
    "parcel_id_raw": lambda lien: lien.parcel_id,
    "alternate_key": key_number,
    "alternate_key_label": lambda lien: next(iter(lien.other_ids), None),
    "parcel_link": attribute("parcel_url"),
    "case_link": attribute("case_url"),
    "property_address": lambda lien: lien.situs_address,
    "property_city_zip": attribute("City line"),
    "property_city_state_zip_raw": attribute("City line"),
    "city_zip_raw": attribute("City line"),
    "plaintiff_max_bid_raw": attribute("Plaintiff Max Bid"),
    "auction_date": lambda lien: lien.sale_date,
}
NOT_OURS = {
    "status": "the status lines are empty in these answers; ours is the area the item stands in",
    "plaintiff_max_bid": "null, since the page says Hidden; the word is compared instead",
    "owner_present": "no page of this platform names an owner; nothing of ours could hold one",
}


def site_of_county(name: str) -> Site:
    return parse_site((SITES / f"{name}.yml").read_text())


def read(path: Path, site: Site) -> Reading:
    request = PLATFORM.page_of_file(path.name, site)
    return PLATFORM.read(Page(request=request, url="file", text=path.read_text()), site)


def plain(value: Any, key: str, raw: object) -> Any:
    """Bring ours to the form of the expected value."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date):
        return value.isoformat()
    if key == "parcel_id" and isinstance(raw, str) and isinstance(value, str):
        return value if value == raw else re.sub(r"\W", "", value)
    return value


@pytest.mark.data
@pytest.mark.parametrize(("folder", "county"), PAGES)
def test_every_expected_value_of_a_real_page_is_read(
    shared_pages: Path, folder: str, county: str
) -> None:
    home = shared_pages / folder / county
    if not home.is_dir():
        pytest.skip(f"no pages of {county}")
    expected = json.loads((home / "expected.json").read_text())
    site = site_of_county(county)
    compared = 0
    for name, rows in expected["files"].items():
        reading = read(home / name, site)
        assert reading.verdict == "ok"
        assert [lien.item_id for lien in reading.liens] == [row["aid"] for row in rows]
        for row, lien in zip(rows, reading.liens, strict=True):
            for key, value in row.items():
                if key in NOT_OURS:
                    continue
                if key == "auction_date" and value is None:
                    assert "sale_date" in lien.missing
                assert plain(READ[key](lien), key, value) == value, (name, lien.item_id, key)
                compared += 1
    assert compared >= 10


@pytest.mark.data
@pytest.mark.parametrize(("folder", "county"), PAGES)
def test_every_null_of_a_real_item_has_its_reason_and_every_value_its_label(
    shared_pages: Path, folder: str, county: str
) -> None:
    home = shared_pages / folder / county
    if not home.is_dir():
        pytest.skip(f"no pages of {county}")
    for path in sorted(p for p in home.iterdir() if p.name != "expected.json"):
        for lien in read(path, site_of_county(county)).liens:
            for field in ("parcel_id", "case_number", "opening_bid", "assessed_value", "city"):
                explained = lien.missing if getattr(lien, field) is None else lien.origins
                assert explained.get(field), (path.name, lien.item_id, field)


@pytest.mark.data
def test_a_promised_number_of_items_is_read(shared_pages: Path) -> None:
    home = shared_pages / "realauction_realforeclose" / "fl_pasco"
    reading = read(home / "LOAD-AREA-W-2026-06-05.json", site_of_county("fl_pasco"))
    assert (reading.promised, len(reading.liens)) == (5, 5)
    assert {lien.sale_date for lien in reading.liens} == {date(2026, 6, 5)}
    assert {lien.status for lien in reading.liens} == {"advertised"}


@pytest.mark.data
def test_an_item_of_the_closed_area_is_closed_and_not_said_to_be_sold(shared_pages: Path) -> None:
    home = shared_pages / "realauction_realforeclose" / "fl_pasco"
    reading = read(home / "LOAD-AREA-C-2026-06-05.json", site_of_county("fl_pasco"))
    assert [lien.status for lien in reading.liens] == ["closed"]


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "county"),
    [
        ("realauction_hillsborough_march.html", "fl_hillsborough_deeds"),
        ("realauction_miamidade_mixed.html", "fl_miami_dade"),
        ("realauction_apache_empty.html", "az_apache"),
    ],
)
def test_every_sale_day_of_a_real_calendar_is_read(
    shared_pages: Path, name: str, county: str
) -> None:
    home = shared_pages / "realauction_realforeclose" / "calendar_fragments"
    expected = json.loads((home / "expected.json").read_text())["files"][name]
    site = site_of_county(county)
    reading = read(home / name, site)
    assert reading.verdict == ("ok" if expected else "empty")
    assert [
        (
            sale.sale_date.isoformat(),
            sale.kind,
            sale.items_active,
            sale.items_scheduled,
            sale.label,
            sale.county_fips,
        )
        for sale in reading.sales
    ] == [
        (
            row["date"],
            row["sale_type"].lower().replace(" ", "_"),
            row["active"],
            row["scheduled"],
            f"{row['sale_type']} {row['time']} {row['tz']}",
            site.county_fips,
        )
        for row in expected
    ]
