"""Lists and certificates of other shapes than those captured; all of them are made up."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxlien.services.scraper.adapters.platforms.realtaxlien import PLATFORM
from taxlien.services.scraper.logic.pages import Page, PageRequest, Reading, Scope
from taxlien.services.scraper.logic.sites import Site

SITE = Site(
    name="fl_somewhere",
    platform="realtaxlien",
    title="Somewhere",
    county_fips="12001",
    base_url="https://somewhere.realtaxlien.com",
    legal_status="unknown",
    quirks={"details": "yes"},
    start={"batches": ["2021"]},
)
HEADER = (
    '<tr class="searchResultHeader"><td><table><tr><td>ADV NUM</td></tr></table></td><td>Tax Year</td>'
    "<td>Cert Year</td><td>Parcel ID</td><td>Face Amount</td><td>Interest</td></tr>"
)


def row(number: int, *, parcel: str = "", face: str = "", interest: str = "5.25%") -> str:
    return (
        f'<tr id="cert{number}"><td class="advNum"><a>000{number}</a></td><td>2020</td><td>2021</td>'
        f'<td class="parcel">{parcel or f"P{number}-1"}</td>'
        f'<td class="faceValue">{face or f"${number},000.25"}</td><td>{interest}</td></tr>'
    )


def page(rows: str, place: str = "Page 1 of 1 (Displaying 2 of 2 records)") -> str:
    return (
        f'<html><body><span class="pageDescriptor">{place}</span>'
        f'<table id="searchResults">{HEADER}{rows}</table></body></html>'
    )


def popup(*, status: str = "Available", boxes: str = "") -> str:
    return (
        '<div class="popup-header">ADV NUM: 0000012 Parcel ID: <a target="_blank">P-12</a> Tax Year: 2022'
        f" Status: {status}</div><div>{boxes}</div>"
    )


def request(number: str = "1") -> PageRequest:
    (first,) = PLATFORM.start(SITE, Scope(today=date(2026, 7, 1)))
    return first if number == "1" else PageRequest(key="x", kind="list", path="/", session="lists")


def read(text: str, asked: PageRequest | None = None, site: Site = SITE) -> Reading:
    return PLATFORM.read(Page(request=asked or request(), url="/", text=text), site)


def test_a_list_is_followed_by_its_next_page_and_its_certificates() -> None:
    reading = read(page(row(1) + row(2), "Page 1 of 3 (Displaying 2 of 6 records)"))
    keys = [found.key for found in reading.follow]
    assert keys == ["list/2021/2", "certificate/1", "certificate/2"]
    assert reading.follow[0].form is not None
    assert reading.follow[0].form["pageNum"] == "2"
    assert reading.promised == 2


def test_fewer_rows_than_the_list_announces_are_promised() -> None:
    reading = read(page(row(1), "Page 1 of 1 (Displaying 27 of 27 records)"))
    assert (len(reading.liens), reading.promised) == (1, 27)


def second_page() -> PageRequest:
    return read(page(row(1), "Page 1 of 2 (Displaying 1 of 2 records)")).follow[0]


def test_a_page_past_the_end_is_not_followed() -> None:
    reading = read(page(row(1), "Page 1 of 1 (Displaying 1 of 1 records)"), second_page())
    assert (reading.verdict, reading.follow) == ("empty", ())


def test_the_first_page_in_place_of_the_second_means_a_lost_session() -> None:
    reading = read(page(row(1), "Page 1 of 2 (Displaying 1 of 2 records)"), second_page())
    assert reading.verdict == "no_session"


@pytest.mark.parametrize(
    ("place", "promised"),
    [
        ("Page 2 of 3 (Displaying 50 of 120 records)", 50),
        ("Page 2 of 3 (Displaying 100 of 120 records)", None),
        ("Page 2 of 3 (Displaying 51 - 100 of 120 records)", 50),
        ("Page 3 of 3 (Displaying 20 of 120 records)", 20),
        ("Page 3 of 3 (Displaying 120 of 120 records)", None),
        ("Page 1 of 3 (Displaying 50 of 1,120 records)", 50),
    ],
)
def test_a_count_of_all_pages_so_far_is_not_taken_for_this_pages(
    place: str, promised: int | None
) -> None:
    asked = PageRequest(key="x", kind="list", path="/")
    assert read(page(row(1), place), asked).promised == promised


def test_a_rate_is_a_percent_and_never_an_amount_of_money() -> None:
    by_rate = {lien.item_id: lien for lien in read(page(row(1) + row(2, interest="$5.25"))).liens}
    assert by_rate["1"].bid_rate_pct == Decimal("5.25")
    assert by_rate["2"].bid_rate_pct is None
    assert "bid_rate_pct" in by_rate["2"].missing


def test_a_row_that_does_not_fit_its_header_is_read_by_its_classes_alone() -> None:
    odd = row(1).replace("<td>2020</td>", "<td>2020</td><td>2019</td>")
    (lien,) = read(page(odd)).liens
    assert (lien.parcel_id, lien.face_amount) == ("P1-1", Decimal("1000.25"))
    assert lien.tax_year is None
    assert lien.missing["tax_year"] == "the row does not fit its header"


def test_an_unknown_certificate_is_not_found() -> None:
    empty = '<div class="popup-header">ADV NUM: 0000000 Parcel ID: Tax Year: Status:</div>'
    assert read(empty).verdict == "not_found"


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("Available", "available"),
        ("Sold", "sold"),
        ("Redeemed", "redeemed"),
        ("Struck Off", "struck_off"),
    ],
)
def test_a_certificates_status_is_its_headings(said: str, status: str) -> None:
    boxes = (
        '<div class="box"><div class="box-header">CERTIFICATE SUMMARY</div><table>'
        "<tr><td>Face Value</td><td>$10.00</td></tr></table></div>"
    )
    (lien,) = read(popup(status=said, boxes=boxes)).liens
    assert (lien.status, lien.face_amount, lien.parcel_id) == (status, Decimal("10.00"), "P-12")


def test_an_area_without_a_unit_is_not_taken_for_acres() -> None:
    boxes = (
        '<div class="box"><div class="box-header">PROPERTY INFORMATION</div><table>'
        "<tr><td>Area (Sqft or Acres)</td><td>7405</td></tr></table></div>"
    )
    (parcel,) = read(popup(boxes=boxes)).parcels
    assert parcel.acres is None
    assert "unit" in parcel.missing["acres"]


def test_batches_of_the_county_are_followed() -> None:
    site = Site(
        name="x",
        platform="realtaxlien",
        title="x",
        county_fips="12001",
        base_url="https://x.realtaxlien.com",
        legal_status="unknown",
    )
    (asked,) = PLATFORM.start(site, Scope(today=date(2026, 7, 1)))
    text = (
        '<a href="?folder=searchCert&itemSetDID=2020">2020</a><a href="?itemSetDID=2021">2021</a>'
    )
    assert [r.key for r in read(text, asked, site).follow] == ["list/2020/1", "list/2021/1"]


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("", "truncated"),
        ("<html><table id='searchResults'>", "truncated"),
        ("<p>The list is currently unavailable.</p>", "unavailable"),
        ("<p>No records found</p>", "empty"),
        ("<title>Access Denied</title>", "challenge"),
        ("<p>Welcome</p>", "unrecognised"),
        (popup().removesuffix("</div>"), "truncated"),
    ],
)
def test_what_a_page_without_certificates_means(text: str, verdict: str) -> None:
    assert read(text).verdict == verdict


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6, unique=True), st.data())
def test_cells_lost_or_doubled_move_no_value(numbers: list[int], data: st.DataObject) -> None:
    rows = []
    for number in numbers:
        cells = row(number).split("<td")
        gone = data.draw(st.sets(st.integers(1, len(cells) - 1), max_size=4))
        doubled = data.draw(st.sets(st.integers(1, len(cells) - 1), max_size=4))
        for place, cell in enumerate(cells):
            times = 0 if place in gone else 2 if place in doubled else 1
            cells[place] = "<td".join([cell] * times)
        rows.append("<td".join(cell for cell in cells if cell))
    for lien in read(page("".join(rows))).liens:
        number = int(lien.item_id or 0)
        assert lien.parcel_id in {None, f"P{number}-1"}
        assert lien.face_amount in {None, Decimal(f"{number}000.25")}
        assert lien.tax_year in {None, 2020}
        assert lien.advertising_number in {None, f"000{number}"}
        assert lien.bid_rate_pct in {None, Decimal("5.25")}


@given(st.text(max_size=200))
def test_no_text_makes_reading_raise(text: str) -> None:
    assert read(text).verdict
    assert read(f'<div class="popup-header">{text}</div><div class="box">{text}</div>').verdict
    assert read(f'<table id="searchResults"><tr id="cert1"><td>{text}</td></tr></table>').verdict
    assert read(page(row(1, parcel=text, face=text))).verdict
    assert PLATFORM.page_of_file(text, SITE).key


def test_a_page_nested_without_end_is_refused_before_it_is_parsed() -> None:
    assert read("<div id='AITEM_1'>" + "<div>" * 200_000).verdict == "unrecognised"
