"""How counties of iasWorld differ, and pages that are no record."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from property_pages import asked, iasworld, page_of, played_site
from taxlien.interfaces.scraper import ParcelObserved
from taxlien.services.scraper.adapters.platforms.iasworld import PLATFORM
from taxlien.services.scraper.adapters.platforms.iasworld.parsing import read_page
from taxlien.services.scraper.logic.pages import Reading, Scope
from taxlien.services.scraper.logic.sites import Site

SITE = played_site("iasworld", ids={"jur": "7", "mode": "profile"})
PIN = "R72 1 2    0003"
DAY = date(2026, 11, 28)


def read(text: str, site: Site = SITE, kind: str = "datalet", **context: str) -> Reading:
    return read_page(page_of(text, asked(kind, **context)), site)


def parcel_of(*datalets: tuple[str, list[tuple[str, ...]]]) -> ParcelObserved:
    (parcel,) = read(iasworld(datalets)).parcels
    return parcel


def test_values_in_a_grid_of_years_go_by_the_title_of_their_table() -> None:
    """Clayton County, Georgia: two tables with the same columns."""
    header = ("^Year", "^Land", "^Building", "^Total")
    parcel = parcel_of(
        ("Appraised Values", [header, ("=2023", "=$10,000", "=$20,000", "=$30,000")]),
        ("Assessed Values", [header, ("=2023", "=4,000", "=8,000", "=12,000")]),
    )
    said = {(v.kind, v.label): v.amount for v in parcel.values}
    assert said == {
        ("land", "Land"): Decimal(10000),
        ("improvement", "Building"): Decimal(20000),
        ("market", "Total"): Decimal(30000),
        ("other", "Land"): Decimal(4000),
        ("other", "Building"): Decimal(8000),
        ("assessed", "Total"): Decimal(12000),
    }


def test_values_as_labels_take_the_year_of_their_own_row() -> None:
    """Ohio: label and value, with a row for the year."""
    parcel = parcel_of(
        ("Appraised Value (100%)", [("Year", "2023"), ("Land", "10,000"), ("Total", "30,000")]),
        ("Assessed Value (35%)", [("Year", "2023"), ("Total", "10,500")]),
    )
    assert [(v.year, v.kind, v.amount) for v in parcel.values] == [
        (2023, "land", Decimal(10000)),
        (2023, "market", Decimal(30000)),
        (2023, "assessed", Decimal(10500)),
    ]


def test_values_without_a_year_of_their_own_are_of_the_pages_tax_year() -> None:
    parcel = parcel_of(("Values", [("Market Land", "$5,000"), ("Total Market Value", "$9,000")]))
    assert [(v.year, v.kind) for v in parcel.values] == [(2024, "land"), (2024, "market")]


def test_a_sale_as_labels_and_sales_as_a_grid() -> None:
    rows = [
        *(("Sale Date", "05-MAR-1999"), ("Sale Price", "$45,000"), ("Grantor", "NOBODY")),
        *(("Deed Book", "12"), ("Deed Page", "34"), ("Instrument Type", "WD")),
    ]
    (sale,) = parcel_of(("Sales", rows)).transfers
    assert (sale.date, sale.price) == (date(1999, 3, 5), Decimal(45000))
    assert (sale.reference, sale.deed_type) == ("12/34", "WD")
    grid = [("^Sale Date", "^Sale Price", "^Grantee"), ("=1/2/2003", "=$5", "=NO ONE")]
    (sale,) = parcel_of(("Sales History", grid)).transfers
    assert (sale.date, sale.price) == (date(2003, 1, 2), Decimal(5))


def test_a_sale_with_two_figures_for_a_year_has_no_day() -> None:
    grid = [("^Sale Date", "^Sale Price"), ("=05-MAR-65", "=$5"), ("=05-MAR-1965", "=$6")]
    parcel = parcel_of(("Sales History", [*grid, ("=1/2/2003", "=$7")]))
    assert [(t.price, t.date) for t in parcel.transfers] == [
        (Decimal(5), None),
        (Decimal(6), date(1965, 3, 5)),
        (Decimal(7), date(2003, 1, 2)),
    ]


def test_taxes_by_year_and_payments_by_day() -> None:
    summary = [
        ("^Year", "^General RE", "^Special", "^Balance Due"),
        ("=2023", "=$1", "=$2", "=$99.50"),
    ]
    history = [
        ("^Receipt", "^Tax Year", "^Effective Date", "^Total Payment"),
        ("=1", "=2022", "=14-FEB-23", "=$120.00"),
    ]
    parcel = parcel_of(("Tax Summary By Year", summary), ("Payment History", history))
    owed, paid = parcel.taxes
    assert (owed.year, owed.due, owed.paid) == (2023, Decimal("99.50"), None)
    assert (paid.year, paid.paid, paid.paid_on) == (2022, Decimal("120.00"), date(2023, 2, 14))


def test_unpaid_taxes_are_delinquencies() -> None:
    reading = read(iasworld([("Delinquent Charges", [("Years", "2"), ("Total Delq.", "$310.20")])]))
    (lien,) = reading.liens
    assert (lien.kind, lien.status, lien.amount_due) == (
        "delinquency",
        "delinquent",
        Decimal("310.20"),
    )
    assert lien.missing["tax_year"] == "Delinquent Charges does not say"
    assert (
        read(iasworld([("Delinquent Charges", [("Years", "0"), ("Total Delq.", "$0.00")])])).liens
        == ()
    )


def test_marks_of_the_county_become_flags() -> None:
    rows = [
        ("In Forfeiture", "Y"),
        ("In Bankruptcy", "N"),
        ("Delinquent", "Yes"),
        ("Homestead", "N"),
    ]
    parcel = parcel_of(("Tax Status", rows))
    assert parcel.flags == ("In Forfeiture", "Delinquent")
    assert parcel.homestead is False
    assert parcel_of(("ACT Flags", [("LERTA", "10 YEARS"), ("KOZ", "")])).flags == ("LERTA",)


@pytest.mark.parametrize(
    ("rows", "homestead"),
    [
        ([("Homestead /Farmstead", "H - Homestead"), ("Approved?", "A - Approved")], True),
        ([("Homestead /Farmstead", "H - Homestead"), ("Approved?", "D - Denied")], None),
        ([("Homestead /Farmstead", "F - Farmstead")], None),
        ([("Homestead", "&nbsp;")], None),
    ],
)
def test_a_homestead_counts_once_approved(
    rows: list[tuple[str, ...]], homestead: bool | None
) -> None:
    parcel = parcel_of(("Parcel", rows))
    assert parcel.homestead is homestead
    assert (homestead is None) == ("homestead" in parcel.missing)


def test_addresses_of_owners_and_offices_are_never_the_propertys() -> None:
    parcel = parcel_of(
        ("Parcel Mailing Address", [("Address", "1 OTHER ST"), ("City", "ELSEWHERE")]),
        ("Tax Collector", [("&nbsp;", "A PERSON"), ("Address", "2 OTHER ST")]),
        ("Parcel", [("Property Location", "3   REAL ST"), ("City", "&nbsp;")]),
    )
    assert (parcel.situs_address, parcel.city) == ("3 REAL ST", None)
    assert parcel.missing["city"] == "Parcel: City is empty"


def test_lines_below_a_legal_description_belong_to_it() -> None:
    rows = [("Legal Description", "LOT 7"), ("&nbsp;", "BLOCK 9"), ("&nbsp", ""), ("Acres", ".055")]
    parcel = parcel_of(("Parcel", rows))
    assert (parcel.legal_description, parcel.acres) == ("LOT 7 BLOCK 9", Decimal("0.055"))


def test_of_two_dwellings_neither_gives_its_year() -> None:
    parcel = parcel_of(
        ("Residential", [("Year Built", "1950")]), ("Dwelling 2", [("Year Built", "1980")])
    )
    assert parcel.year_built is None
    assert parcel.missing["year_built"] == "the page shows 2 dwellings"


def test_a_block_about_taxes_gives_class_and_use_and_no_address() -> None:
    rows = [("Property Class", "R - RESIDENTIAL"), ("Land Use", "510"), ("Address", "1 OTHER ST")]
    parcel = parcel_of(("2024 Tax Status", rows))
    assert (parcel.property_class, parcel.land_use) == ("R - RESIDENTIAL", "510")
    assert parcel.situs_address == "12 NOWHERE LN"


def test_a_shed_and_a_line_of_land_are_not_the_property() -> None:
    parcel = parcel_of(
        ("Out Buildings (OBY)", [("Year Built", "1999"), ("Class", "S")]),
        ("Land", [("Acres", "0.5"), ("Class", "L")]),
        ("Residential", [("Year Built", "1950"), ("Total Living Area", "1,400")]),
    )
    assert (parcel.year_built, parcel.building_sqft) == (1950, Decimal(1400))
    assert (parcel.acres, parcel.property_class) == (None, None)


def test_blocks_may_be_numbered_from_anywhere() -> None:
    blocks = [("Parcel", [("Class", "R")])]
    assert read(iasworld(blocks, first=0)) == read(iasworld(blocks, first=7))


def test_the_record_of_another_parcel_is_not_read() -> None:
    text = iasworld([("Parcel", [("Class", "R"), ("Alternate Key", "555")])])
    assert read(text, pin=PIN).verdict == "ok"
    assert read(text, pin="R72 1 2 0003").verdict == "ok"
    assert read(text, pin="555").verdict == "ok"
    assert (read(text, pin="R72 9").verdict, read(text, pin="R72 9").parcels) == (
        "no_session",
        (),
    )


def test_a_gate_a_search_and_an_end_of_session_are_told_apart() -> None:
    gate = '<html><form id="Form1" action="Disclaimer.aspx"><input name="btAgree"></form></html>'
    assert read(gate).verdict == "no_session"
    assert read("<html>Your session has expired.</html>").verdict == "no_session"
    search = '<html><form id="frmMain"><input name="inpParid"></form></html>'
    assert read(search).verdict == "no_session"
    assert read(search, kind="search").verdict == "unrecognised"
    nothing = "<html><p>Your search did not find any records.</p></html>"
    assert read(nothing).verdict == "not_found"
    assert read(nothing, kind="search").verdict == "empty"
    assert read("<html><title>Just a moment...</title></html>").verdict == "challenge"
    assert read("<html><p>The System is currently unavailable</p></html>").verdict == "unavailable"
    assert read("<!DOCTYPE HTML><html><body>").verdict == "truncated"
    assert read("hello").verdict == "unrecognised"


def test_a_hidden_notice_of_maintenance_on_every_page_is_no_outage() -> None:
    notice = (
        "<div style='display:none'>The System is currently unavailable due to maintenance.</div>"
    )
    assert read(iasworld([("Parcel", [("Class", "R")])], further=notice)).verdict == "ok"


def test_results_are_followed_by_sending_their_form() -> None:
    text = (
        '<html><form name="frmMain"><input type="hidden" name="__VIEWSTATE" value="/v">'
        '<input type="hidden" name="hdLink" value=""></form><table>'
        "<tr class='SearchResults' onclick=\"javascript:"
        "selectSearchRow('../Datalets/Datalet.aspx?sIndex=3&idx=1')\">"
        "<td>R72</td></tr></table></html>"
    )
    (request,) = read(text, kind="search").follow
    assert request.method == "POST"
    assert request.form == {
        "__VIEWSTATE": "/v",
        "hdLink": "../Datalets/Datalet.aspx?sIndex=3&idx=1",
        "hdAction": "Link",
    }


def test_the_disclaimer_is_agreed_to_only_where_the_terms_were_accepted() -> None:
    scope = Scope(today=DAY, parcels=(PIN,))
    (request,) = PLATFORM.start(SITE, scope)
    assert request.steps == ()
    assert request.path == (
        "/datalets/datalet.aspx?mode=profile&UseSearch=no&pin=R72+1+2++++0003&jur=7"
    )
    accepted = played_site(
        "iasworld", terms={"accept": True}, ids={"print_view": "ALL", "jur": "7"}
    )
    (request,) = PLATFORM.start(accepted, scope)
    assert [step.form.fields for step in request.steps if step.form] == [{"btAgree": ""}]
    assert request.path.startswith("/datalets/PrintDatalet.aspx?pin=R72+1+2++++0003&gsp=ALL")
    searched = played_site("iasworld", quirks={"deep_link": "no"})
    (request,) = PLATFORM.start(searched, scope)
    assert (request.session, request.path) == (
        f"search {PIN}",
        "/Datalets/Datalet.aspx?sIndex=0&idx=1",
    )


ROWS = [
    *(
        ("Property Location", "3 REAL ST"),
        ("Class", "R"),
        ("Acres", "1.25"),
        ("Land Use Code", "110"),
    ),
    *(("Legal Description", "LOT 7"), ("Zip Code", "18042")),
]
TRUTH = {
    "situs_address": "3 REAL ST",
    "property_class": "R",
    "acres": Decimal("1.25"),
    "land_use": "110",
    "legal_description": "LOT 7",
    "zip_code": "18042",
}


@given(
    rows=st.lists(st.sampled_from(ROWS), max_size=9),
    cut=st.lists(st.booleans(), min_size=9, max_size=9),
    first=st.integers(0, 30),
)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_rows_lost_doubled_or_halved_never_lend_their_neighbours_value(
    rows: list[tuple[str, str]], cut: list[bool], first: int
) -> None:
    shaken: list[tuple[str, ...]] = [
        row[:1] if halve and i % 3 == 0 else row
        for i, (row, halve) in enumerate(zip(rows, cut, strict=False))
    ]
    text = iasworld([("Parcel", shaken)], first=first, situs="")
    (parcel,) = read(text).parcels
    for field, value in TRUTH.items():
        assert getattr(parcel, field) in {None, value}, field


@given(st.text(max_size=300))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_any_text_is_read_without_a_fault(text: str) -> None:
    read(text)
    read(
        iasworld(
            [(text, [("Class", text), (text, "R"), ("^" + text, "^" + text), ("=" + text, "=1")])]
        )
    )
