"""The pages of GrizzlyLogic: the real ones where they are, and shapes of further counties."""

from __future__ import annotations

import json
import random
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from property_pages import asked, page_of, played_site, site_file
from taxlien.interfaces.scraper import ParcelObserved, ValueOfYear
from taxlien.services.scraper.adapters.platforms.floridapa import PLATFORM
from taxlien.services.scraper.adapters.platforms.floridapa.parsing import read_page
from taxlien.services.scraper.logic.pages import Reading, Scope

NOT_KEPT = {
    "platform": "about the file, not on the page",
    "county": "of the site file",
    "state": "of the site file",
    "owner_name": "a name",
    "owner_address": "the owner's mail: personal data",
    "tax_district": "a tax district is not a field of a parcel",
    "str": "a place in the survey, and part of the legal description",
}
OF_SALES_NOT_KEPT = {
    "vi": "vacant or improved when sold: not carried by a transfer",
    "rcode": "the appraiser's code behind the qualification",
}


def read(text: str, **context: str) -> Reading:
    return read_page(page_of(text, asked("parcel", **context)), played_site("floridapa"))


def real_pages(folder: Path) -> list[Path]:
    return sorted(folder.glob("grizzlylogic/*/*.html"))


@pytest.fixture(scope="module")
def columbia(shared_pages: Path) -> tuple[ParcelObserved, dict[str, Any]]:
    folder = shared_pages / "grizzlylogic" / "fl_columbia"
    name = "11-2S-15-00010-001.html"
    site = site_file("floridapa", "fl_columbia")
    reading = read_page(
        page_of((folder / name).read_text(), PLATFORM.page_of_file(name, site)), site
    )
    (parcel,) = reading.parcels
    return parcel, json.loads((folder / "expected.json").read_text())


def by_roll(parcel: ParcelObserved, name: str) -> dict[str, int]:
    labels = {v.label: v for v in parcel.values if v.label.startswith(f"{name} (")}
    return {label[len(name) + 2 : -1]: int(v.amount) for label, v in labels.items()}


def test_every_value_of_the_columbia_page_is_read_or_its_absence_explained(
    columbia: tuple[ParcelObserved, dict[str, Any]],
) -> None:
    parcel, known = columbia
    left = dict(known)
    compared = {
        "parcel_id": parcel.parcel_id,
        "account_in_parens": parcel.other_ids["Account"],
        "owner_present": parcel.owner_published,
        "situs_address": parcel.situs_address,
        "use_code": parcel.land_use,
        "area": f"{parcel.acres} AC",
        "assessed_by_year": by_roll(parcel, "Assessed"),
        "just_by_year": by_roll(parcel, "Just"),
        "tax_amounts": parcel.taxes or None,
    }
    for key, value in compared.items():
        assert value == left.pop(key), key
    sales = left.pop("sales")
    assert all(s.keys() - OF_SALES_NOT_KEPT.keys() == _SALE for s in sales)
    assert [
        (t.date, t.price, t.reference, t.deed_type, t.qualification) for t in parcel.transfers
    ] == [
        (
            _day(s["sale_date"]),
            Decimal(s["sale_price"]),
            s["book_page"],
            s["deed"],
            s["qualification"],
        )
        for s in sales
    ]
    assert left.keys() <= NOT_KEPT.keys(), "a value neither compared nor explained"


_SALE = {"sale_date", "sale_price", "book_page", "deed", "qualification"}


def _day(text: str) -> date:
    month, day, year = text.split("/")
    return date(int(year), int(month), int(day))


def test_the_year_in_words_gives_the_year_and_stays_in_the_label(
    columbia: tuple[ParcelObserved, dict[str, Any]],
) -> None:
    parcel, _ = columbia
    said = {(v.year, v.kind, v.label) for v in parcel.values}
    assert (2024, "market", "Just (2024 Working)") in said
    assert (2023, "taxable_school", "Total Taxable school (2023 Certified)") in said


def test_the_whole_legal_description_is_read_without_its_links(
    columbia: tuple[ParcelObserved, dict[str, Any]],
) -> None:
    text = columbia[0].legal_description or ""
    assert text.endswith("WD 1457-2165,")
    assert "less" not in text
    assert "more" not in text


def test_no_owner_leaves_a_page(columbia: tuple[ParcelObserved, dict[str, Any]]) -> None:
    parcel, known = columbia
    said = msgspec.json.encode(parcel).decode()
    assert known["owner_name"] not in said
    assert known["owner_address"][0] not in said


def county_page(
    *,
    head: str,
    rows: list[tuple[str, ...]],
    values: list[list[tuple[str, ...]]],
    further: str = "",
) -> str:
    """A page with the labels of Union and Bradford, of a parcel that never was."""
    inside = '<table class="parcelDetails_insideTable">{}</table>'
    line = "<tr>{}</tr>"
    tables = [rows, *values]
    written = "".join(
        inside.format("".join(line.format("".join(f"<td>{c}</td>" for c in r)) for r in table))
        for table in tables
    )
    return (
        f'<html><body><table class="parcelIDtable"><tr><td>Parcel: </td><td><b>{head}</b></td></tr></table>'
        f"{written}{further}</body></html>"
    )


OWNER = ("Owner", "<b>NOBODY NEVER</b><br>1 ELSEWHERE ST<br>NOWHERE, FL 32000")
REMARK = (
    "20 AC <font>&nbsp;<i> (see <u>Acreage Note</u> in the Land Breakdown section below)</i></font>"
)


def test_a_county_without_headings_of_years_has_values_without_a_year() -> None:
    left = [("Mkt Land", "$19,000"), ("Building", "$45,638"), ("Just", "$68,954"), ("Class", "$0")]
    right = [
        ("Total Appraised", "$68,954"),
        ("Assessed", "$55,833"),
        ("Exempt", "<table><tr><td>HX HB</td><td>$50,000</td></tr></table>"),
        ("Total<br>Taxable", "<b>county:</b>$5,833 <b>city:</b>$0<br><b>school:</b>$30,833"),
    ]
    rows = [
        OWNER,
        ("Site", "12956 NE 225TH LN, RAIFORD"),
        ("Land Area", REMARK, "S/T/R", "18/05/21"),
    ]
    text = county_page(head="18-05-21-00 (6380) HX HB", rows=rows, values=[left, right])
    (parcel,) = read(text).parcels
    assert {(v.year, v.kind, v.label): v.amount for v in parcel.values} == {
        (None, "land", "Mkt Land"): Decimal(19000),
        (None, "improvement", "Building"): Decimal(45638),
        (None, "market", "Just"): Decimal(68954),
        (None, "other", "Class"): Decimal(0),
        (None, "other", "Total Appraised"): Decimal(68954),
        (None, "assessed", "Assessed"): Decimal(55833),
        (None, "exempt", "Exempt"): Decimal(50000),
        (None, "taxable", "Total Taxable county"): Decimal(5833),
        (None, "taxable", "Total Taxable city"): Decimal(0),
        (None, "taxable_school", "Total Taxable school"): Decimal(30833),
    }
    assert (parcel.parcel_id, parcel.other_ids) == ("18-05-21-00", {"Account": "6380"})
    assert (parcel.homestead, parcel.acres) == (True, Decimal(20))
    assert (parcel.situs_address, parcel.city) == ("12956 NE 225TH LN, RAIFORD", "RAIFORD")


@pytest.mark.parametrize("area", ["20", "20 LT", "20 SQ FT", ""])
def test_an_area_in_another_unit_is_no_acreage(area: str) -> None:
    (parcel,) = read(county_page(head="1-2 (3)", rows=[OWNER, ("Area", area)], values=[])).parcels
    assert parcel.acres is None
    assert "Area" in parcel.missing["acres"]
    assert parcel.homestead is None


def test_none_in_a_table_is_an_honest_empty() -> None:
    sales = (
        '<div id="parcelDetails_SalesTable"><table><tr><td>Sale Date</td><td>Sale Price</td></tr>'
        '<tr><td colspan="2">N O N E</td></tr></table></div>'
    )
    (parcel,) = read(county_page(head="1-2", rows=[OWNER], values=[], further=sales)).parcels
    assert parcel.missing["transfers"] == "the page says there are no sales"


def test_the_only_building_gives_size_and_year_and_two_give_none() -> None:
    header = ("Bldg Item", "Bldg Desc", "Year Blt", "Base SF", "Actual SF", "Bldg Value")
    one = ("1", "MOBILE HOM (0200)", "1999&nbsp;", "1773&nbsp;", "1800", "$45,638")
    (parcel,) = read(county_page(head="1-2", rows=[OWNER], values=[[header, one]])).parcels
    assert (parcel.building_sqft, parcel.year_built) == (Decimal(1773), 1999)
    (parcel,) = read(county_page(head="1-2", rows=[OWNER], values=[[header, one, one]])).parcels
    assert (parcel.building_sqft, parcel.year_built) == (None, None)


def test_other_pages_are_called_by_their_name() -> None:
    page = county_page(head="1-2", rows=[OWNER], values=[])
    assert read(page, pin="1-2").verdict == "ok"
    assert read(page, pin="1-3").verdict == "no_session"
    assert read("<html>No records found</html>").verdict == "not_found"
    assert read("<!DOCTYPE html><html><body>").verdict == "truncated"
    assert read("<html><title>Just a moment...</title></html>").verdict == "challenge"
    assert read("hello").verdict == "unrecognised"
    (request,) = PLATFORM.start(
        played_site("floridapa"), Scope(today=date(2026, 11, 28), parcels=("1-2",))
    )
    assert (request.path, request.context) == ("/gis/?pin=1-2", {"pin": "1-2"})


def test_real_pages_that_lost_cells_and_rows_say_nothing_new(shared_pages: Path) -> None:
    for file in real_pages(shared_pages):
        text = file.read_text()
        (whole,) = read(text).parcels
        for seed in range(25):
            for parcel in read(_shaken(text, random.Random(seed))).parcels:
                assert parcel.parcel_id == whole.parcel_id
                assert all(_is_of(value, whole) for value in parcel.values)
                assert set(parcel.transfers) <= set(whole.transfers)
                assert parcel.acres in {None, whole.acres}
                assert parcel.land_use in {None, whole.land_use}


def _is_of(value: ValueOfYear, whole: ParcelObserved) -> bool:
    """Where every heading was lost, the amounts still are the rows' own: without a year."""
    bare = {(v.kind, v.amount, v.label.partition(" (")[0]) for v in whole.values}
    return value in whole.values or (
        value.year is None and (value.kind, value.amount, value.label) in bare
    )


def _shaken(text: str, chance: random.Random) -> str:
    """Take out or double rows, and at most one cell of each."""
    begin = text.index("ownerDiv")
    head, rest = text[:begin], text[begin:]

    def sometimes(match: re.Match[str]) -> str:
        row = match[0]
        if "Sale Date" in row or "Year Blt" in row:
            return row
        cells = list(re.finditer(r"<td\b[^>]*>[^<]*</td>", row))
        if cells and chance.random() < 0.1:
            hit = chance.choice(cells)
            row = row[: hit.start()] + hit[0] * chance.choice((0, 2)) + row[hit.end() :]
        return row * chance.choice((0, 1, 1, 1, 1, 1, 1, 2))

    return head + re.sub(r"<tr\b[^>]*>(?:(?!<tr\b).)*?</tr>", sometimes, rest, flags=re.DOTALL)


@given(st.text(max_size=300))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_any_text_is_read_without_a_fault(text: str) -> None:
    read(text)
    rows = [(text, text), ("Site", text), ("Area", text), ("Exempt", text), ("Total Taxable", text)]
    read(county_page(head=text, rows=rows, values=[[(text,), ("Just", text)]]))
