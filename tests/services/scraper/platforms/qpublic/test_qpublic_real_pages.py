"""Every value that the real pages are known to hold, read from where they stand."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from property_pages import page_of, site_file
from taxlien.interfaces.scraper import ParcelObserved
from taxlien.services.scraper.adapters.platforms.qpublic import PLATFORM
from taxlien.services.scraper.adapters.platforms.qpublic.reading import read_page
from taxlien.services.scraper.logic.pages import Reading
from taxlien.services.scraper.logic.reading_pages import is_challenge

NOT_KEPT = {
    "owner_name": "names are personal data; owner_published says that there is one",
    "owner_block_lines_after_name": "a co-owner and the owner's mail: personal data",
    "url": "the address holds a token that changes; PageCard keeps where a page came from",
    "sec_twp_rng": "a place in the survey, and part of the legal description",
    "millage_group": "the tax district is not a field of a parcel",
    "millage_rate": "a rate of the district, not of the parcel",
    "neighborhood_code_raw": "the assessor's own market area",
    "valuation_years": "the years of the values themselves, which are compared one by one",
    "tax_amounts": "null: the page has none (compared as such)",
}
OF_SALES_NOT_KEPT = {
    "grantor": "a person's name",
    "luc_at_sale": "the land's use at that time, which a transfer does not carry",
}


def dixie(shared_pages: Path, name: str) -> tuple[Reading, dict[str, Any]]:
    folder = shared_pages / "qpublic" / "fl_dixie"
    site = site_file("qpublic", "fl_dixie")
    text = (folder / name).read_text()
    reading = read_page(page_of(text, PLATFORM.page_of_file(name, site)), site)
    return reading, json.loads((folder / "expected.json").read_text())["pages"][name]


def by_year(parcel: ParcelObserved, label: str) -> dict[str, float]:
    return {str(v.year): float(v.amount) for v in parcel.values if v.label == label}


def kind_by_year(parcel: ParcelObserved, kind: str) -> dict[str, float]:
    return {str(v.year): float(v.amount) for v in parcel.values if v.kind == kind}


@pytest.fixture(
    params=[f"34-09-13-4496-0000-00{n}.html" for n in (40, 50, 60)], ids=["0040", "0050", "0060"]
)
def real(request: pytest.FixtureRequest, shared_pages: Path) -> tuple[Reading, dict[str, Any]]:
    if not (shared_pages / "qpublic" / "fl_dixie" / request.param).exists():
        pytest.skip("this page is not in the folder")
    return dixie(shared_pages, request.param)


def test_every_value_of_a_dixie_page_is_read_or_its_absence_explained(
    real: tuple[Reading, dict[str, Any]],
) -> None:
    reading, expected = real
    assert reading.verdict == "ok"
    (parcel,) = reading.parcels
    labels = expected.pop("valuation_all_rows")
    compared = {
        "parcel_id": parcel.parcel_id,
        "account_number": parcel.other_ids["Account Number"],
        "owner_present": parcel.owner_published,
        "situs_address": parcel.situs_address,
        "legal_description": parcel.legal_description,
        "acres": float(parcel.acres or 0),
        "land_use": parcel.land_use,
        "land_use_code_from_land_table": parcel.property_class,
        "homestead": parcel.homestead,
        "just_market_value_by_year": kind_by_year(parcel, "market"),
        "assessed_value_by_year": kind_by_year(parcel, "assessed"),
        "taxable_non_school_by_year": kind_by_year(parcel, "taxable"),
        "taxable_school_by_year": kind_by_year(parcel, "taxable_school"),
        "modules_without_data": _without_data(reading),
        "last_data_upload": _note(reading, "data uploaded "),
    }
    for key, value in compared.items():
        assert value == expected.pop(key), key
    assert {label: by_year(parcel, label) for label in labels} == labels
    assert {v.label for v in parcel.values} == set(labels)
    assert [_sale(t) for t in parcel.transfers] == [_known_sale(s) for s in expected.pop("sales")]
    (land,) = expected.pop("land_rows")
    assert (land["land_use"], land["unit_type"]) == (parcel.property_class, "ACRES")
    assert parcel.acres == Decimal(land["units"])
    assert parcel.taxes == ()
    assert expected.keys() <= NOT_KEPT.keys(), "a value neither compared nor explained"


def _without_data(reading: Reading) -> list[str]:
    return _note(reading, "no data: ").split(", ")


def _note(reading: Reading, begin: str) -> str:
    return next(n.removeprefix(begin) for n in reading.notes if n.startswith(begin))


def _sale(transfer: Any) -> tuple[date | None, Decimal | None, str | None, str | None, str | None]:
    return (
        transfer.date,
        transfer.price,
        transfer.reference,
        transfer.deed_type,
        transfer.qualification,
    )


def _known_sale(sale: dict[str, Any]) -> tuple[date, Decimal, str, str, str]:
    kept = {k: v for k, v in sale.items() if k not in OF_SALES_NOT_KEPT}
    assert kept.keys() == {"sale_date", "sale_price", "legal_reference", "deed_type", "nal_code"}
    month, day, year = sale["sale_date"].split("/")
    return (
        date(int(year), int(month), int(day)),
        Decimal(str(sale["sale_price"])),
        sale["legal_reference"],
        sale["deed_type"],
        sale["nal_code"],
    )


def test_no_owner_and_no_seller_leaves_a_dixie_page(real: tuple[Reading, dict[str, Any]]) -> None:
    reading, expected = real
    said = msgspec.json.encode(reading).decode().upper()
    persons = [expected["owner_name"], *(s["grantor"] for s in expected["sales"])]
    persons += expected["owner_block_lines_after_name"][:1]
    for person in persons:
        if person != "UNKNOWN":
            assert person.upper().rstrip(" ,") not in said


@pytest.mark.parametrize("county", ["ga_clayton", "ga_coweta"])
def test_a_fragment_with_owners_says_that_there_is_one_and_nothing_else(
    shared_pages: Path, county: str
) -> None:
    site = site_file("qpublic", county)
    for file in sorted((shared_pages / "qpublic" / county).glob("*.html")):
        reading = read_page(page_of(file.read_text(), PLATFORM.page_of_file(file.name, site)), site)
        (parcel,) = reading.parcels
        assert parcel.owner_published is True
        assert parcel.parcel_id == file.stem.removeprefix("owner_fragment_")
        said = msgspec.to_builtins(parcel)
        assert said.keys() == {"parcel_id", "owner_published", "origins", "missing"}


def test_each_field_tells_the_module_and_the_label_it_came_from(
    real: tuple[Reading, dict[str, Any]],
) -> None:
    (parcel,) = real[0].parcels
    assert parcel.origins["parcel_id"] == "Summary: Parcel ID"
    assert parcel.origins["acres"] == "Summary: Acres"
    assert parcel.origins["property_class"] == "Land: Land Use"
    assert parcel.missing["building_sqft"] == "the site says it has no data for Buildings"


def test_a_page_without_what_scripts_added_says_the_same(
    real: tuple[Reading, dict[str, Any]], shared_pages: Path
) -> None:
    """Files are dumps of a browser; the server's own HTML has no toggles, buttons or captions."""
    import re

    reading, expected = real
    site = site_file("qpublic", "fl_dixie")
    name = f"{expected['parcel_id']}.html"
    text = (shared_pages / "qpublic" / "fl_dixie" / name).read_text()
    raw = re.sub(r'<a href="javascript:void\(0\);"[^>]*></a>', "", text)
    raw = re.sub(r'<div class="btn-group footable.*?</ul></div>', "", raw, flags=re.DOTALL)
    raw = re.sub(r"<caption.*?</caption>|<tbody>|</tbody>", "", raw)
    assert raw != text
    assert read_page(page_of(raw, PLATFORM.page_of_file(name, site)), site) == reading


def test_a_wall_in_front_of_the_site_is_no_challenge(
    real: tuple[Reading, dict[str, Any]], shared_pages: Path
) -> None:
    """Ordinary pages carry the wall's script; only a page that asks something is a challenge."""
    name = f"{real[1]['parcel_id']}.html"
    assert not is_challenge((shared_pages / "qpublic" / "fl_dixie" / name).read_text())
