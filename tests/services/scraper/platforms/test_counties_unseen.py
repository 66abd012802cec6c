"""Shapes of counties whose pages are not at hand, replayed with parcels and people that never were."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest

from property_pages import (
    asked,
    grid,
    iasworld,
    page_of,
    played_site,
    schneider,
    site_file,
    two_columns,
)
from taxlien.interfaces.scraper import ParcelObserved
from taxlien.services.scraper.adapters.platforms.iasworld import PLATFORM as IASWORLD
from taxlien.services.scraper.adapters.platforms.mygovonline import PLATFORM as MYGOVONLINE
from taxlien.services.scraper.adapters.platforms.qpublic import PLATFORM as QPUBLIC
from taxlien.services.scraper.logic.pages import Reading
from taxlien.services.scraper.logic.reading_cells import place_after_comma, place_line, squeeze

DIXIE = site_file("qpublic", "fl_dixie")
NORTHAMPTON = site_file("iasworld", "pa_northampton")
Block = tuple[str, list[tuple[str, ...]]]


def head(*columns: str) -> tuple[str, ...]:
    return tuple(f"^{column}" for column in columns)


def row(*cells: str) -> tuple[str, ...]:
    return tuple(f"={cell}" for cell in cells)


def datalets(*blocks: Block) -> Reading:
    return IASWORLD.read(page_of(iasworld(blocks), asked("datalet")), NORTHAMPTON)


def report(*modules: tuple[str, str], summary: tuple[tuple[str, str], ...] = ()) -> ParcelObserved:
    whole = [("Summary", two_columns([("Parcel ID", "A-1"), *summary])), *modules]
    (parcel,) = QPUBLIC.read(page_of(schneider(whole), asked()), DIXIE).parcels
    return parcel


def test_parts_of_an_assessed_total_are_not_the_value_of_the_land() -> None:
    """Ohio on Beacon: the same two labels above each of two totals."""
    rows = [
        *(("Land Value", "$35,000"), ("Improvements Value", "$70,000")),
        ("Total Value (Assessed 35%)", "$105,000"),
        *(("Land Value", "$100,000"), ("Improvements Value", "$200,000")),
        ("Total Value (Appraised 100%)", "$300,000"),
    ]
    for order in (rows, rows[3:] + rows[:3]):
        values = report(("Valuation", grid(("", "2023"), order))).values
        known = {v.kind: v.amount for v in values if v.kind != "other"}
        assert known == {
            "land": Decimal(100_000),
            "improvement": Decimal(200_000),
            "market": Decimal(300_000),
            "assessed": Decimal(105_000),
        }
        assert "Land Value (Assessed 35%)" in {v.label for v in values if v.kind == "other"}


def test_a_label_that_stands_twice_without_a_total_is_of_no_kind() -> None:
    table = grid(("", "2023"), [("Land Value", "$1,000"), ("Land Value", "$2,000")])
    assert {v.kind for v in report(("Valuation", table)).values} == {"other"}


def test_modules_are_known_whosever_office_keeps_them() -> None:
    sales = grid(("Sale Date", "Sale Price"), [("1/2/2003", "$5")])
    for title in ("Sales - Assessor's Office", "Transfer History \u2013 County Auditor's Office"):
        assert [t.price for t in report((title, sales)).transfers] == [Decimal(5)]
    for title in ("Sales - Recent Sales In Area", "Sales (Neighborhood)"):
        assert report((title, sales)).transfers == ()


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("12 NOWHERE LN<br>OLD TOWN 32680", ("OLD TOWN", "32680")),
        ("12 NOWHERE LN<br>32680-1234", (None, "32680-1234")),
        ("12 NOWHERE LN, OLD TOWN, FL 32680", ("OLD TOWN", "32680")),
        ("12 NOWHERE LN ,OLD TOWN 32680", ("OLD TOWN", "32680")),
        ("12 NOWHERE LN OLD TOWN FL 32680", (None, "32680")),
        ("12 NOWHERE LN OLD TOWN, FL 32680", (None, "32680")),
        ("12 NOWHERE LN, UNIT 12345", (None, None)),
        ("12 NOWHERE LN<br>HWY 12345", (None, None)),
    ],
)
def test_a_place_is_read_only_where_its_end_of_the_address_is_plain(
    address: str, place: tuple[str | None, str | None]
) -> None:
    parcel = report(summary=(("Location Address", address),))
    assert (parcel.city, parcel.zip_code) == place
    assert parcel.situs_address is not None
    assert parcel.situs_address.startswith("12 NOWHERE LN")


@pytest.mark.parametrize(
    ("label", "text", "answer"),
    [
        ("Homestead Exemption", "S1 - Regular", True),
        ("Homestead", "S0", False),
        ("Homestead", "No (S0)", False),
        ("Homestead", "SOLD", None),
        ("Exemptions", "HX - Homestead", True),
        ("Exemptions", "WX - Widow", None),
    ],
)
def test_codes_of_exemptions_say_homestead_or_nothing(
    label: str, text: str, answer: bool | None
) -> None:
    assert report(summary=((label, text),)).homestead is answer


def test_what_nobody_sees_is_no_part_of_a_cell() -> None:
    parcel = report(
        summary=(
            ("Acre\u200bs\u200e", "\u202a1.5\u202c (GIS)"),
            ("Class", "R\x96Res<script>x = 1</script><style>td {}</style>"),
        )
    )
    assert (parcel.acres, parcel.property_class) == (Decimal("1.5"), "R\u2013Res")
    assert squeeze("a\u00adb\ufeff \u00a0c") == "ab c"


def test_a_sale_with_a_short_year_or_none_keeps_its_price() -> None:
    table = grid(
        ("Sale Date", "Sale Price"),
        [("1/2/20", "$0"), ("Jan-2020", "$5"), ("Nobody Never", "$6"), ("Jan 2, 2020", "$7")],
    )
    sales = report(("Sales", table)).transfers
    assert [(s.date, s.price) for s in sales] == [
        (None, Decimal(0)),
        (None, Decimal(5)),
        (date(2020, 1, 2), Decimal(7)),
    ]


def test_a_year_of_values_stands_in_a_row_of_its_own_before_the_pages_year() -> None:
    """Butler County, Ohio: shares behind the labels, the year in the middle."""
    (parcel,) = datalets(
        (
            "Current Value",
            [
                *(("Land (100%)", "$40,000"), ("Total Value (100%)", "$240,000")),
                ("Assessed Tax Year", "2021"),
                *(("Land (35%)", "$14,000"), ("Assessed Total (35%)", "$84,000")),
            ],
        )
    ).parcels
    assert [(v.year, v.kind, v.amount) for v in parcel.values] == [
        (2021, "land", Decimal(40_000)),
        (2021, "market", Decimal(240_000)),
        (2021, "other", Decimal(14_000)),
        (2021, "assessed", Decimal(84_000)),
    ]


def test_values_may_have_their_parts_or_their_shares_as_columns() -> None:
    """Franklin and Lucas County, Ohio."""
    parts = [
        *(head("&nbsp;", "Land", "Improvements", "Total"), row("Base", "9", "9", "18")),
        *(row("TIF", "1", "1", "2"), row("Total", "10,000", "20,000", "30,000")),
    ]
    shares = [
        head("", "35% Values", "100% Values"),
        *(row("Land", "4,830", "13,800"), row("Total", "23,940", "68,400")),
    ]
    (parcel,) = datalets(
        ("2022 Auditor's Appraised Value", parts),
        ("2022 Taxable Value", parts),
        ("Summary - Values", shares),
    ).parcels
    known = [(v.year, v.kind, v.amount) for v in parcel.values if v.kind != "other"]
    assert known == [
        (2022, "land", Decimal(10_000)),
        (2022, "improvement", Decimal(20_000)),
        (2022, "market", Decimal(30_000)),
        (2022, "taxable", Decimal(30_000)),
        (2024, "land", Decimal(13_800)),
        (2024, "assessed", Decimal(23_940)),
        (2024, "market", Decimal(68_400)),
    ]


def test_a_block_about_the_owner_may_say_plainly_what_the_property_is() -> None:
    (parcel,) = datalets(
        (
            "Owner and Legal",
            [
                *(("Owner 1", "NOBODY NEVER"), ("Address", "9 ELSEWHERE ST"), ("Acres", "7")),
                *(("Legal 1", "LOT 1"), ("Legal 2", "BLOCK 2"), ("Legal 3", "-")),
                *(("Site (Property) Address", "3 REAL ST"), ("Legal Acres", ".14")),
            ],
        ),
        ("Parcel", [("City, State, Zip", "NORTH TOWN OH 44666-9732")]),
        ("Mailing", [("City, State, Zip", "ELSEWHERE OH 40000")]),
    ).parcels
    assert (parcel.situs_address, parcel.acres) == ("3 REAL ST", Decimal("0.14"))
    assert parcel.legal_description == "LOT 1 BLOCK 2"
    assert (parcel.city, parcel.zip_code) == ("NORTH TOWN", "44666-9732")


def test_taxes_take_the_year_of_their_title_and_payments_written_as_minus() -> None:
    reading = datalets(
        ("2022 Taxes", [head("Net Annual Tax", "Total Paid"), row("5,000.00", "2,500.00")]),
        (
            "Tax History",
            [head("Year", "Billed", "Paid", "Due"), row("2021", "$10.00", "$-10.00", "$0.00")],
        ),
        (
            "Taxes Due",
            [head("Tax Roll", "Delq Taxes", "Total Due"), row("RP", "$12.00", "$20.00")],
        ),
        ("Delinquent Tax", [head("Year", "Face", "Total Due"), row("2020", "$7.00", "$8.00")]),
    )
    (parcel,) = reading.parcels
    assert [(t.year, t.amount, t.paid) for t in parcel.taxes[:2]] == [
        (2022, Decimal(5000), Decimal(2500)),
        (2021, Decimal(10), Decimal(10)),
    ]
    assert [(lien.tax_year, lien.amount_due) for lien in reading.liens] == [
        (None, Decimal("12.00")),
        (2020, Decimal("8.00")),
    ]


def test_a_delinquent_bill_without_a_certificate_is_a_delinquency() -> None:
    bill = {"account_number": "1", "delinquent": True, "paid": False}
    bills = [
        {**bill, "tax_year": 2023, "due": 44.5},
        {**bill, "tax_year": 2022, "due": 0},
        {**bill, "tax_year": 2021, "due": 9, "paid": True},
        {**bill, "tax_year": 2020, "due": 9, "delinquent": False},
    ]
    answer = json.dumps({"due": {"PPT": {"bills": bills}}})
    reading = MYGOVONLINE.read(page_of(answer, asked("bills")), played_site("mygovonline"))
    (owed,) = reading.liens
    assert (owed.kind, owed.tax_year, owed.amount_due) == ("delinquency", 2023, Decimal("44.5"))
    assert [t.year for t in reading.parcels[0].taxes] == [2023, 2022, 2021, 2020]


@pytest.mark.parametrize("tag", ["table", "TABLE", "section"])
def test_tables_inside_one_another_without_end_are_refused_even_when_closed(tag: str) -> None:
    opened = f"<{tag} id='a_mSection'>" + ("<tr><td>x<td>" if tag != "section" else "")
    text = f"<html>{opened * 5_000}{f'</{tag}>' * 5_000}</html>"
    for platform, site in ((QPUBLIC, DIXIE), (IASWORLD, NORTHAMPTON)):
        assert platform.read(page_of(text, asked()), site).verdict == "unrecognised"


@pytest.mark.parametrize(
    "text",
    ["(Note (", "((", "1,", "OLD TOWN, FL ", " , ", "\u200b", "12/34/", "- assessor ", "% 35 "],
)
def test_a_megabyte_that_almost_matches_is_read_to_its_end(text: str) -> None:
    long = text * (1_000_000 // len(text))
    assert place_line(long).zip_code is None
    assert place_after_comma(long).zip_code is None
    parcel = report(
        (f"Sales {long}", grid(("Sale Date", long), [(long, long)])),
        summary=(("Location Address", long), ("Acres", long), ("Homestead", long)),
    )
    assert parcel.parcel_id == "A-1"
