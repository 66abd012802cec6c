"""Every value of every real page of a certificate site, key by key."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from taxlien.interfaces.scraper import LienObserved, ParcelObserved
from taxlien.services.scraper.adapters.platforms.realtaxlien import PLATFORM
from taxlien.services.scraper.logic.pages import Page, Reading
from taxlien.services.scraper.logic.sites import parse_site

SITES = Path("src/taxlien/services/scraper/adapters/platforms/realtaxlien/sites")
ROW: dict[str, Callable[[LienObserved], Any]] = {
    "cert_id": lambda lien: lien.item_id,
    "adv_num": lambda lien: lien.advertising_number,
    "tax_year": lambda lien: lien.tax_year,
    "cert_year": lambda lien: int(lien.attributes["Cert Year"]),
    "parcel_id": lambda lien: lien.parcel_id,
    "face_amount": lambda lien: lien.face_amount,
    "parcel_link": lambda lien: lien.attributes["parcel_url"],
    "map_query_address": lambda lien: lien.situs_address,
    "outstanding_certs_icon": lambda lien: lien.attributes.get("Outstanding certificates") == "yes",
    "buyable": lambda lien: lien.attributes["Can be bought now"] == "yes",
}


def value(parcel: ParcelObserved, label: str) -> Decimal | None:
    return next((one.amount for one in parcel.values if one.label == label), None)


POPUP: dict[str, Callable[[LienObserved, ParcelObserved], Any]] = {
    "adv_num": lambda lien, parcel: lien.advertising_number,
    "parcel_id": lambda lien, parcel: lien.parcel_id,
    "tax_year": lambda lien, parcel: lien.tax_year,
    "status": lambda lien, parcel: lien.status.capitalize(),
    "face_value": lambda lien, parcel: lien.face_amount,
    "additional_unpaid_certificates": lambda lien, parcel: lien.attributes.get(
        "Additional unpaid certificates"
    ),
    "total_face_outstanding": lambda lien, parcel: lien.amount_due,
    "redeemed_certificates": lambda lien, parcel: int(lien.attributes["Redeemed certificates"]),
    "assessed_value": lambda lien, parcel: lien.assessed_value,
    "building_value": lambda lien, parcel: value(parcel, "Building Value"),
    "land_value": lambda lien, parcel: value(parcel, "Land Value"),
    "total_value": lambda lien, parcel: value(parcel, "Total Value"),
    "owner_present": lambda lien, parcel: parcel.owner_published,
    "situs_address": lambda lien, parcel: parcel.situs_address,
    "situs_city_state_zip": lambda lien, parcel: f"{parcel.city}, FL {parcel.zip_code}",
    "use_code": lambda lien, parcel: (parcel.land_use or "").split(" - ")[0],
    "use_desc": lambda lien, parcel: (parcel.land_use or "").split(" - ")[-1],
    "acres_or_sqft": lambda lien, parcel: str(parcel.acres),
    "legal": lambda lien, parcel: parcel.legal_description,
    "section": lambda lien, parcel: parcel.other_ids["Section"],
    "township": lambda lien, parcel: parcel.other_ids["Township"],
    "range": lambda lien, parcel: parcel.other_ids["Range"],
    "alternate_parcel_id": lambda lien, parcel: parcel.other_ids["Alternate Parcel ID"],
    "data_as_of": lambda lien, parcel: lien.attributes["Information as of"],
}
NOT_KEPT = {
    "owner_name": "personal data",
    "owner_address": "personal data",
    "header_text": "the whole heading; its parts are compared",
    "sections": "all cells as text; the fields read from them are compared",
    "tabs": "links of the popup",
}


def read(path: Path, county: str) -> Reading:
    site = parse_site((SITES / f"{county}.yml").read_text())
    request = PLATFORM.page_of_file(path.name, site)
    return PLATFORM.read(Page(request=request, url="file", text=path.read_text()), site)


def plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


@pytest.mark.data
def test_every_value_of_the_real_list_is_read(shared_pages: Path) -> None:
    home = shared_pages / "realauction_realtaxlien" / "fl_polk"
    for name, expected in json.loads((home / "expected.json").read_text())["files"].items():
        if "rows" not in expected:
            continue
        reading = read(home / name, "fl_polk")
        assert (reading.verdict, reading.promised) == ("ok", expected["row_count"])
        assert len(reading.liens) == expected["row_count"]
        for row, lien in zip(expected["rows"], reading.liens, strict=True):
            assert {key: plain(ROW[key](lien)) for key in row} == row
        assert all(lien.kind == "certificate" for lien in reading.liens)
        assert all(lien.status == "available" for lien in reading.liens)


@pytest.mark.data
def test_every_value_of_the_real_certificates_is_read(shared_pages: Path) -> None:
    home = shared_pages / "realauction_realtaxlien" / "fl_polk"
    files = json.loads((home / "expected.json").read_text())["files"]
    popups = {name: e for name, e in files.items() if name.startswith("popup")}
    assert popups
    for name, expected in popups.items():
        if not (home / name).exists():
            continue
        reading = read(home / name, "fl_polk")
        if "sections" not in expected or not expected["sections"]:
            assert reading.verdict == "not_found"
            continue
        (lien,), (parcel,) = reading.liens, reading.parcels
        for key, said in expected.items():
            if key not in NOT_KEPT:
                assert plain(POPUP[key](lien, parcel)) == said, (name, key)
        assert lien.item_id == name.removesuffix(".html").rpartition("_")[2]
        owner = expected.get("owner_name")
        assert not owner or owner not in str(reading)


@pytest.mark.data
def test_a_closed_list_is_unavailable_and_has_no_row(shared_pages: Path) -> None:
    home = shared_pages / "realauction_realtaxlien" / "fl_columbia"
    files = json.loads((home / "expected.json").read_text())["files"]
    for name, expected in files.items():
        if expected.get("expected_state") == "list_unavailable" and (home / name).exists():
            reading = read(home / name, "fl_columbia")
            assert (reading.verdict, reading.liens) == ("unavailable", ())
