"""How counties differ: titles, labels, the shape of modules, and pages that are no report."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from property_pages import (
    asked,
    dynamic_summary,
    grid,
    owner,
    page_of,
    played_site,
    schneider,
    site_file,
    two_columns,
    valuation,
)
from taxlien.interfaces.scraper import ParcelObserved
from taxlien.services.scraper.adapters.platforms.qpublic import PLATFORM
from taxlien.services.scraper.logic.pages import Reading, Scope
from taxlien.services.scraper.logic.sites import Site

SITE = site_file("qpublic", "fl_dixie")
REPORT = (
    "/Application.aspx?AppID=867&amp;LayerID=16385&amp;PageTypeID=4&amp;PageID=7232&amp;Q=5"
    "&amp;KeyValue={}"
)
SUMMARY = ("Summary", two_columns([("Parcel ID", "A-1")]))


def read(text: str, site: Site = SITE, **context: str) -> Reading:
    return PLATFORM.read(page_of(text, asked(**context)), site)


def parcel_of(*modules: tuple[str, str], **options: object) -> ParcelObserved:
    (parcel,) = read(schneider([SUMMARY, *modules], **options)).parcels  # type: ignore[arg-type]
    return parcel


def amounts(parcel: ParcelObserved, kind: str) -> dict[int | None, Decimal]:
    return {v.year: v.amount for v in parcel.values if v.kind == kind}


def test_a_dynamic_summary_is_read_by_its_labels() -> None:
    rows = [
        ("Parcel  Number", "12-34"),
        ("Prop ID", "777"),
        ("Location Address", "1 A ST"),
        ("Acreage", "0.25"),
        ("Property Use Code", "0100 - SINGLE FAMILY"),
        ("Brief Tax Description", "LOT 1<br>(Note: This is not a legal description (at all).)"),
        ("Homestead Exemption", "Yes (L1)"),
    ]
    (parcel,) = read(schneider([("Parcel Information", dynamic_summary(rows))])).parcels
    assert parcel.parcel_id == "12-34"
    assert parcel.other_ids == {"Prop ID": "777"}
    assert (parcel.situs_address, parcel.acres) == ("1 A ST", Decimal("0.25"))
    assert parcel.land_use == "0100 - SINGLE FAMILY"
    assert parcel.legal_description == "LOT 1"
    assert parcel.homestead is True


def test_the_last_line_of_an_address_is_city_and_zip() -> None:
    rows = [("Parcel ID", "A-1"), ("Physical Address", "5 OAK ST<br>OLD TOWN, FL 32680")]
    (parcel,) = read(schneider([("Summary", two_columns(rows))])).parcels
    assert (parcel.situs_address, parcel.city, parcel.zip_code) == ("5 OAK ST", "OLD TOWN", "32680")


@pytest.mark.parametrize("tag", ["a", "span"])
def test_an_owner_is_published_whether_in_an_anchor_or_a_span(tag: str) -> None:
    assert parcel_of(("Owners", owner("Nobody Never", tag=tag))).owner_published is True


@pytest.mark.parametrize(
    "body",
    ["<strong>Primary Owner</strong>", "<strong>Owner</strong><span></span>", "CONFIDENTIAL"],
)
def test_a_sub_label_alone_is_no_owner(body: str) -> None:
    assert parcel_of(("Owner Information", f"<div>{body}</div>")).owner_published is False


def test_an_address_without_a_name_publishes_no_owner() -> None:
    block = '<span id="x_sprLnkOwnerName1_lblSearch"> </span><span id="x_lblAddress1">1 ELSEWHERE ST</span>'
    assert parcel_of(("Owner", block)).owner_published is False
    block = block.replace("> <", ">NOBODY NEVER<")
    assert parcel_of(("Owner", block)).owner_published is True


def test_a_link_behind_the_parcel_number_is_no_part_of_it() -> None:
    rows = [("Parcel ID (Note: as on the map)", 'A-1</span> <a href="#">View Map</a><span>')]
    (parcel,) = read(schneider([("Summary", two_columns(rows))])).parcels
    assert (parcel.parcel_id, parcel.origins["parcel_id"]) == ("A-1", "Summary: Parcel ID")


def test_hidden_years_are_read_and_signs_are_no_labels() -> None:
    rows = [
        ("+", "Land Value", "$10", "$9", "$8"),
        ("=", "Just (Market) Value", "$30", "$29", "$28"),
    ]
    parcel = parcel_of(("Valuation", valuation(("2024", "2023", "2022"), rows, hidden=2)))
    assert amounts(parcel, "land") == {2024: Decimal(10), 2023: Decimal(9), 2022: Decimal(8)}
    assert amounts(parcel, "market") == {2024: Decimal(30), 2023: Decimal(29), 2022: Decimal(28)}


def test_words_beside_a_year_do_not_hide_it() -> None:
    table = grid(
        ("", "2024 Working Values", "2023 Certified Values"), [("Assessed Value", "$5", "$4")]
    )
    parcel = parcel_of(("Valuation", table))
    assert {(v.year, v.label): v.amount for v in parcel.values} == {
        (2024, "Assessed Value (2024 Working)"): Decimal(5),
        (2023, "Assessed Value (2023 Certified)"): Decimal(4),
    }


def test_two_rolls_of_one_year_are_two_values() -> None:
    table = grid(("", "2024 Working", "2024 Certified"), [("Assessed Value", "$5", "$4")])
    parcel = parcel_of(("Valuation", table))
    assert [v.amount for v in parcel.values] == [Decimal(5), Decimal(4)]


def test_an_amount_that_looks_like_a_year_heads_no_column() -> None:
    rows = [("Land Value", "2024"), ("Building Value", "1999")]
    for title in ("Valuation", "2023 Certified Values"):
        parcel = parcel_of((title, two_columns(rows)))
        expected = {2023: Decimal(2024)} if title[0] == "2" else {}
        assert amounts(parcel, "land") == expected
    parcel = parcel_of(("Valuation", two_columns([("Tax Year", "2024"), ("Land Value", "$2023")])))
    assert amounts(parcel, "land") == {2024: Decimal(2023)}


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("Just Market Value", "market"),
        ("Just or Classified Value", "market"),
        ("Total Assessed Value", "assessed"),
        ("Non School Assessed Value", "assessed"),
        ("Total Value (Assessed 35%)", "assessed"),
        ("Land Value (Assessed 35%)", "other"),
        ("Extra Features Value", "extra_features"),
        ("Accessory Value", "extra_features"),
        ("Improvement Value", "improvement"),
        ("Current Value", "market"),
        ("Previous Value", "other"),
        ("Agricultural (Market) Value", "other"),
        ("Ag Credit", "agricultural_credit"),
        ("Exempt Value", "exempt"),
        ("School Taxable Value", "taxable_school"),
        ("Taxable Value", "taxable"),
        ("Save Our Homes Cap Differential", "other"),
    ],
)
def test_labels_of_values_say_their_kind(label: str, kind: str) -> None:
    parcel = parcel_of(("2024 Certified Values", grid(("", "2024"), [(label, "$1,000")])))
    assert [(v.kind, v.label, v.year) for v in parcel.values] == [(kind, label, 2024)]


def test_a_row_for_each_year_is_read_too() -> None:
    table = grid(("Year", "Land", "Improvement", "Total"), [("2023", "$1", "$2", "$3")])
    parcel = parcel_of(("Assessment History", table))
    assert amounts(parcel, "market") == {2023: Decimal(3)}
    assert amounts(parcel, "improvement") == {2023: Decimal(2)}


def test_a_row_for_each_year_under_a_nameless_column_is_read_too() -> None:
    table = grid(
        ("", "Land Value", "Just (Market) Value"), [("2023", "$1", "$3"), ("2022", "$1", "$2")]
    )
    parcel = parcel_of(("Valuation Information", table))
    assert amounts(parcel, "market") == {2023: Decimal(3), 2022: Decimal(2)}


def test_a_class_or_a_rate_among_values_is_no_value() -> None:
    rows = [("LUC", "100"), ("Class", "3"), ("Millage Rate", "19.29"), ("Land Value", "$7")]
    parcel = parcel_of(("Valuation", grid(("", "2024"), rows)))
    assert [v.label for v in parcel.values] == ["Land Value"]


def test_sales_of_eleven_columns_are_read_by_their_header() -> None:
    header = (
        *("Multi Parcel", "Sale Date", "Sale Price", "Instrument", "Book", "Page", "Qualification"),
        *("Vacant/Improved", "Link", "Grantor", "Grantee"),
    )
    row = ("N", "2/3/2020", "$1,500", "WD", "12", "34", "Q", "V", "", "NOBODY NEVER", "NO ONE")
    (sale,) = parcel_of(("Sales", grid(header, [row]))).transfers
    assert (sale.date, sale.price) == (date(2020, 2, 3), Decimal(1500))
    assert (sale.deed_type, sale.reference, sale.qualification) == ("WD", "12/34", "Q")


def test_sales_of_the_neighbourhood_are_not_the_parcels() -> None:
    table = grid(("Sale Date", "Sale Price"), [("2/3/2020", "$1,500")])
    for title in ("Recent Sales In Area", "Area Sales Report", "Accessory Information"):
        assert parcel_of((title, table)).transfers == ()


def test_a_sale_of_a_month_has_no_day_and_keeps_its_price() -> None:
    (sale,) = parcel_of(("Sales", grid(("Sale Date", "Price"), [("5/1994", "$9")]))).transfers
    assert (sale.date, sale.price) == (None, Decimal(9))


def test_tax_bills_are_read_by_row_or_by_year() -> None:
    header = ("Year", "Bill Number", "Tax Amount", "Amount Paid", "Balance")
    parcel = parcel_of(("Tax History", grid(header, [("2023", "55", "$10.50", "$0.00", "$10.50")])))
    (bill,) = parcel.taxes
    assert (bill.year, bill.bill_number, bill.amount) == (2023, "55", Decimal("10.50"))
    assert (bill.paid, bill.due) == (Decimal("0.00"), Decimal("10.50"))
    table = grid(("", "2023 Payable 2024", "2022 Payable 2023"), [("Net Tax", "$8", "$7")])
    parcel = parcel_of(("Taxes", table))
    assert [(t.year, t.amount) for t in parcel.taxes] == [(2023, Decimal(8)), (2022, Decimal(7))]


def test_certificates_and_unpaid_taxes_are_liens() -> None:
    header = ("Certificate #", "Tax Year", "Sale Date", "Face Amount", "Bid Rate", "Status")
    rows = [
        ("123", "2022", "6/1/2023", "$968.36", "6.50%", "Redeemed"),
        ("124", "2023", "6/1/2024", "$99.10", "18%", ""),
    ]
    reading = read(schneider([SUMMARY, ("Tax Certificates", grid(header, rows))]))
    redeemed, sold = reading.liens
    assert (redeemed.status, redeemed.parcel_id) == ("redeemed", "A-1")
    assert (redeemed.face_amount, redeemed.bid_rate_pct) == (Decimal("968.36"), Decimal("6.50"))
    assert (sold.status, sold.tax_year, sold.certificate_number) == ("sold", 2023, "124")
    assert sold.missing["redeemed_on"] == "Tax Certificates does not say"
    table = grid(("Year", "Amount Due"), [("2023", "$44.00"), ("2022", "$0.00")])
    (owed,) = read(schneider([SUMMARY, ("Delinquent Taxes", table)])).liens
    assert (owed.kind, owed.amount_due) == ("delinquency", Decimal("44.00"))


def test_size_and_year_are_those_of_the_only_building() -> None:
    one = two_columns(
        [("Heated Area", "1,850"), ("Year Built", "1987"), ("Effective Year Built", "1999")]
    )
    parcel = parcel_of(("Building Information", one))
    assert (parcel.building_sqft, parcel.year_built) == (Decimal(1850), 1987)
    two = one + two_columns([("Heated Area", "900"), ("Year Built", "1950")])
    parcel = parcel_of(("Building Information", two))
    assert (parcel.building_sqft, parcel.year_built) == (None, None)
    assert parcel.missing["year_built"] == "Building Information has 2 buildings"


def test_a_site_file_can_name_titles_and_labels_of_its_own() -> None:
    labels = {"parcel_id": ["Nummer"]}
    site = played_site("qpublic", titles={"summary": ["Kennzahlen"]}, labels=labels)
    (parcel,) = read(schneider([("Kennzahlen", two_columns([("Nummer", "Z-9")]))]), site).parcels
    assert parcel.parcel_id == "Z-9"


def test_a_row_with_a_cell_too_many_or_too_few_says_nothing() -> None:
    rows = [
        ("Parcel ID", "A-1"),
        ("Acres",),
        ("Land Use", "VAC", "Class", "R3"),
        ("Class", "R", "X"),
    ]
    (parcel,) = read(schneider([("Summary", two_columns(rows))])).parcels
    assert parcel.acres is None
    assert (parcel.land_use, parcel.property_class) == ("VAC", "R3")
    rows = [
        ("+", "Land Value", "$10"),
        ("+", "Building Value", "$5", "$6"),
        ("=", "Total", "$8", "$9"),
    ]
    reading = read(schneider([SUMMARY, ("Valuation", valuation(("2024", "2023"), rows))]))
    assert {v.label for v in reading.parcels[0].values} == {"Building Value", "Total"}
    assert reading.notes == ("Valuation: 1 rows do not fit the header and were left out",)


def test_where_most_rows_do_not_fit_the_header_is_at_fault_and_no_row_counts() -> None:
    rows = [
        ("+", "Land Value", "$10", "$9", "$8"),
        ("+", "Building Value", "$5", "$6", "$7"),
        ("=", "Total", "$1", "$2"),
    ]
    parcel = parcel_of(("Valuation", valuation(("2024", "2023"), rows)))
    assert parcel.values == ()
    assert parcel.missing["values"] == "Valuation has no row under a year that could be read"


def test_a_sale_out_of_step_with_its_header_is_left_out() -> None:
    header = ("Sale Date", "Sale Price", "Reference", "Grantor")
    rows = [("1/2/2003", "Nobody Never", "$5", "1/2"), ("1/2/2004", "$6", "Nobody Never", "3/4")]
    reading = read(schneider([SUMMARY, ("Sales", grid(header, rows))]))
    (sale,) = reading.parcels[0].transfers
    assert (sale.price, sale.reference) == (Decimal(6), None)
    assert reading.notes == ("Sales: 1 rows do not fit the header and were left out",)


def test_what_the_site_has_no_data_for_is_null_with_that_reason() -> None:
    parcel = parcel_of(no_data=["Buildings", "Sales", "Permits"])
    assert parcel.missing["transfers"] == "the site says it has no data for Sales"
    assert parcel.missing["taxes"] == "no module of taxes on the page"


def test_an_unknown_parcel_is_not_found() -> None:
    empty = schneider([], no_data=["Summary", "Owners"])
    phantom = schneider([("Parcel Information", two_columns([]))], no_data=["Sales"])
    search = schneider(
        [], page_type=2, key="", further="<p>No results match your search criteria.</p>"
    )
    for text in (empty, phantom, search):
        assert read(text).verdict == "not_found"


def test_a_page_of_the_application_with_a_captchas_script_is_no_challenge() -> None:
    text = schneider([], page_type=2, further="<div class='g-recaptcha'></div>")
    assert read(text).verdict == "unrecognised"
    text = text.replace("<div class", "<a id='ctlBodyPane_ctl02_ctl01_btnSearch'></a><div class")
    assert read(text).verdict == "not_found"


def test_a_report_of_another_parcel_or_site_is_not_read() -> None:
    text = schneider([SUMMARY])
    assert read(text, key_value="A-1").verdict == "ok"
    assert read(text, key_value="a-1 ").verdict == "ok"
    another, elsewhere = read(text, key_value="B-2"), read(schneider([SUMMARY], app_id=830))
    assert (another.verdict, another.parcels) == ("no_session", ())
    assert (elsewhere.verdict, elsewhere.parcels) == ("unrecognised", ())


def test_results_lead_to_reports_and_a_report_of_one_hit_is_read_at_once() -> None:
    cell = '<tr><td><a id="x_gvwParcelResults_ctl0{0}_lnkParcelID" href="{1}">A-{0}</a></td></tr>'
    rows = "".join(cell.format(n, REPORT.format(f"A-{n}")) for n in (2, 3))
    text = schneider([], page_type=3, further=f"<table>{rows}</table>")
    follow = PLATFORM.read(page_of(text, asked("results")), SITE).follow
    assert [r.key for r in follow] == ["report A-2", "report A-3"]
    assert "Q=" not in follow[0].path
    assert follow[0].path.endswith("PageTypeID=4&PageID=7232&KeyValue=A-2")
    assert PLATFORM.read(page_of(schneider([SUMMARY]), asked("search")), SITE).verdict == "ok"


def test_a_search_without_hits_is_an_honest_empty() -> None:
    text = schneider([], page_type=2, further="<p>No results match your search criteria</p>")
    assert PLATFORM.read(page_of(text, asked("search")), SITE).verdict == "empty"


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("<html><head><title>Just a moment...</title></head><body></body></html>", "challenge"),
        ("<html><title>x</title><div class='g-recaptcha'></div></html>", "challenge"),
        (
            "<html><body><div class='modal in'>Terms and Conditions <a>Agree</a></div></body></html>",
            "no_session",
        ),
        ("<html><head><title>503 Service Unavailable</title></head></html>", "unavailable"),
        ("<html><body>hello</body></html>", "unrecognised"),
        ("", "unrecognised"),
        ("<!DOCTYPE html><html><body><main>", "truncated"),
    ],
)
def test_other_pages_are_called_by_their_name(text: str, verdict: str) -> None:
    assert read(text).verdict == verdict


def test_a_run_begins_with_the_parcels_of_its_scope_or_with_the_first_of_a_walk() -> None:
    scope = Scope(today=date(2026, 11, 28), parcels=("A-1", "B 2"), limit=1)
    (first,) = PLATFORM.start(SITE, scope)
    assert first.path == (
        "/Application.aspx?AppID=867&LayerID=16385&PageTypeID=4&PageID=7232&KeyValue=A-1"
    )
    assert list(PLATFORM.start(SITE, Scope(today=date(2026, 11, 28)))) == []
    walking = played_site(
        "qpublic",
        ids={"app_id": "867", "layer_id": "16385", "report_page_id": "7232"},
        start={"first_key": "A-1", "walk": "next"},
    )
    (first,) = PLATFORM.start(walking, Scope(today=date(2026, 11, 28)))
    button = '<a id="ToolBar1_btnNextRecord" href="{}">next</a>'
    post = button.format("javascript:__doPostBack('ToolBar1$btnNextRecord','')")
    (after,) = PLATFORM.read(page_of(schneider([SUMMARY], further=post), first), walking).follow
    assert (after.method, after.key, after.form) == (
        "POST",
        "after A-1",
        {"__VIEWSTATE": "/wEP", "__EVENTTARGET": "ToolBar1$btnNextRecord", "__EVENTARGUMENT": ""},
    )
    link = button.format(REPORT.format("A-2"))
    (after,) = PLATFORM.read(page_of(schneider([SUMMARY], further=link), first), walking).follow
    assert (after.key, after.context) == ("report A-2", {"key_value": "A-2", "walk": "next"})
    last = PLATFORM.read(page_of(schneider([SUMMARY], key="A-2", further=link), after), walking)
    assert last.follow == ()


def test_a_site_known_only_by_name_asks_its_search_page_for_the_numbers() -> None:
    site = played_site("qpublic", ids={"app": "XGA"})
    (search,) = PLATFORM.start(site, Scope(today=date(2026, 11, 28), parcels=("A-1",)))
    assert search.path == "/Application.aspx?App=XGA&PageType=Search"
    (report,) = PLATFORM.read(page_of(schneider([], page_type=2), search), site).follow
    assert (report.key, report.context["key_value"]) == ("report A-1", "A-1")
