"""LienHub. No page of it was captured: these are replicas after what others wrote down of it."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxlien.services.scraper.adapters.platforms.lienhub import PLATFORM
from taxlien.services.scraper.logic.pages import Page, PageRequest, Reading, Scope
from taxlien.services.scraper.logic.sites import Site

SITE = Site(
    name="fl_orange",
    platform="lienhub",
    title="Orange",
    county_fips="12095",
    base_url="https://lienhub.com",
    legal_status="unknown",
    ids={"slug": "orange"},
)
UNIQUE = "41C54840429511F1A2F69948A6B8334F"
HEADER = (
    "<tr><th>Adv No</th><th>Account No</th><th>Homestead</th><th>Legal 1</th><th>Owner Name</th>"
    "<th>Face Amount</th></tr>"
)
TITLE = "<title>2026 Orange County Tax Lien Auction</title>"


def row(number: int, *, homestead: str = "", face: str = "") -> str:
    return (
        f'<tr class="even"><td>{number}</td><td>01-20-27-0000-{number:05}</td><td>{homestead}</td>'
        f"<td>LOT {number}</td><td>PUBLIC JANE {number}</td><td>{face or f'${number},000.25'}</td></tr>"
    )


def listed(rows: str, *, header: str = HEADER, pager: str = "") -> str:
    return (
        f"<html><head>{TITLE}</head><body><form><input type='hidden' name='SEC' value='token-1'>"
        f"<input type='hidden' name='page_number' value='1'></form>"
        f'<table class="adv_list">{header}{rows}</table>{pager}</body></html>'
    )


def read(text: str, asked: PageRequest, site: Site = SITE) -> Reading:
    return PLATFORM.read(Page(request=asked, url="/", text=text), site)


def main() -> PageRequest:
    return next(r for r in PLATFORM.start(SITE, Scope(today=date(2026, 5, 10))) if r.kind == "main")


def held() -> PageRequest:
    return next(r for r in PLATFORM.start(SITE, Scope(today=date(2026, 5, 10))) if r.kind == "held")


def first() -> PageRequest:
    href = f"/county/orange/certsale/main?unique_id={UNIQUE}&amp;use_this=print_advertised_list"
    text = f"<html><head>{TITLE}</head><body><a href='{href}'>Advertised List</a></body></html>"
    (found,) = read(text, main()).follow
    return found


NEXT = "<a href='javascript:go_to_page(2)'>Next &gt;&gt;</a>"


def test_a_run_asks_for_the_sale_and_for_what_the_county_holds() -> None:
    paths = [request.path for request in PLATFORM.start(SITE, Scope(today=date(2026, 5, 10)))]
    assert paths == ["/county/orange/certsale/main", "/county/orange/countyheld/certificates"]


def test_a_county_of_two_words_has_a_hyphen_in_its_address() -> None:
    site = Site(
        name="fl_miami_dade",
        platform="lienhub",
        title="x",
        county_fips="12086",
        base_url="https://lienhub.com",
        legal_status="unknown",
    )
    (sale, _) = PLATFORM.start(site, Scope(today=date(2026, 5, 10)))
    assert sale.path == "/county/miami-dade/certsale/main"


def test_the_lists_address_has_the_sessions_id_and_its_key_has_not() -> None:
    request = first()
    assert f"unique_id={UNIQUE}" in request.path
    assert (request.key, request.session) == ("list/1", "sale")


def test_outside_the_season_there_is_honestly_no_list() -> None:
    text = "<html><body>The Orange County Tax Certificate Sale will be available May 5, 2026.</body></html>"
    reading = read(text, main())
    assert (reading.verdict, reading.follow) == ("empty", ())


def test_a_wall_is_a_challenge() -> None:
    text = "<html><head><title>403 Forbidden</title></head><body></body></html>"
    assert read(text, main()).verdict == "challenge"
    denied = "<html><head><title>Access Denied</title></head></html>"
    assert read(denied, main()).verdict == "challenge"


def test_rows_are_certificates_of_the_year_before_the_sale() -> None:
    (one, two) = read(listed(row(1, homestead="Yes") + row(2)), first()).liens
    assert (one.kind, one.status, one.tax_year) == ("certificate", "advertised", 2025)
    assert (one.advertising_number, one.parcel_id) == ("1", "01-20-27-0000-00001")
    assert (one.homestead, two.homestead) == (True, False)
    assert one.face_amount == Decimal("1000.25")
    assert "sale_date" in one.missing


def test_owners_are_kept_nowhere() -> None:
    reading = read(listed(row(1)), first())
    assert "JANE" not in str(reading)


def test_pages_follow_with_the_token_until_the_last_which_repeats() -> None:
    reading = read(listed(row(1) + row(2), pager=NEXT), first())
    (second,) = reading.follow
    assert second.method == "POST"
    assert second.form == {"SEC": "token-1", "page_number": "2"}
    assert second.key == "list/2"
    clamped = read(listed(row(1) + row(2), pager=NEXT), second)
    assert (clamped.verdict, clamped.follow, clamped.liens) == ("empty", (), ())


def test_a_page_without_a_next_one_ends_the_list() -> None:
    assert read(listed(row(1)), first()).follow == ()


def test_a_full_page_is_followed_even_without_a_link() -> None:
    rows = "".join(row(number) for number in range(1, 101))
    assert [r.key for r in read(listed(rows), first()).follow] == ["list/2"]


def test_a_row_that_does_not_fit_the_header_is_promised_and_left_out() -> None:
    odd = "<tr><td>3</td><td>01-20</td></tr>"
    reading = read(listed(row(1) + row(2) + odd), first())
    assert (len(reading.liens), reading.promised) == (2, 3)


def test_a_list_of_which_no_row_fits_its_header_has_changed_its_layout() -> None:
    odd = "<tr><td>3</td><td>01-20</td></tr>"
    assert read(listed(odd + odd), first()).verdict == "unrecognised"


def test_columns_are_found_by_their_words_in_any_order() -> None:
    header = "<tr><th>Face Amount</th><th>Owner Name</th><th>Account No.</th><th>Adv No</th></tr>"
    cells = "<tr><td>$7.00</td><td>PUBLIC JANE</td><td>A-1</td><td>9</td></tr>"
    (lien,) = read(listed(cells, header=header), first()).liens
    assert (lien.face_amount, lien.parcel_id, lien.advertising_number) == (
        Decimal("7.00"),
        "A-1",
        "9",
    )
    assert lien.missing["homestead"] == "the list has no such column"


def test_without_a_header_only_rows_of_the_usual_shape_are_read() -> None:
    reading = read(listed(row(1) + row(2, face="PUBLIC JANE"), header=""), first())
    assert [lien.advertising_number for lien in reading.liens] == ["1"]
    assert reading.promised == 2


def test_the_csv_list_says_the_same() -> None:
    text = (
        "Adv No.,Account No.,Homestead,Legal 1,Owner Name,Face Amount\n"
        '1,A-1,1,LOT 1,"PUBLIC, JANE","$1,000.25"\n'
        "2,A-2,,LOT 2,PUBLIC JANE,7.00\n3,A-3,too,many,cells,here,1.00\n"
    )
    reading = read(text, first())
    assert [(x.parcel_id, x.homestead, x.face_amount) for x in reading.liens] == [
        ("A-1", True, Decimal("1000.25")),
        ("A-2", False, Decimal("7.00")),
    ]
    assert reading.promised == 3
    assert {lien.tax_year for lien in reading.liens} == {2025}
    assert "JANE" not in str(reading)


def test_what_the_county_holds_is_asked_for_with_the_pages_token() -> None:
    meta = "<meta name='csrf_token' content='abc'>"
    page = f"<html><head>{meta}</head><body><table id='certs'></table></body></html>"
    (asked,) = read(page, held()).follow
    assert asked.form is not None
    assert asked.form["csrf_token"] == "abc"
    rows = [
        {"account_number": "A-1", "tax_year": "2022", "certificate_number": "77", "purchase_amt": "$50.00",
         "issued_date": "06/01/2023", "owner_name": "PUBLIC JANE", "rate": "18.00", "market_value": None}
    ]  # fmt: skip
    reading = read(json.dumps({"data": rows, "recordsTotal": 3}), asked)
    (lien,) = reading.liens
    assert (lien.status, lien.tax_year, lien.amount_due) == ("available", 2022, Decimal("50.00"))
    assert (lien.bid_rate_pct, lien.certificate_number) == (Decimal("18.00"), "77")
    assert "JANE" not in str(reading)
    assert reading.promised == 3
    assert [r.key for r in reading.follow] == ["held/1"]


def test_a_rate_with_a_dollar_sign_is_no_rate() -> None:
    text = json.dumps({"data": [{"account_number": "A-1", "rate": "$18.00"}], "recordsTotal": 1})
    (lien,) = read(text, held()).liens
    assert lien.bid_rate_pct is None


def test_a_saved_page_of_held_certificates_is_read_from_its_table() -> None:
    text = (
        "<table id='certs'><tr><th>Account #</th><th>Tax Year</th><th>Certificate #</th><th>Issued Date</th>"
        "<th>Expiration Date</th><th>Purchase Amount</th></tr><tr><td>A-1</td><td>2021</td><td>5</td>"
        "<td>06/01/2022</td><td>06/01/2029</td><td>$9.99</td></tr></table>"
    )
    (lien,) = read(text, PLATFORM.page_of_file("countyheld.html", SITE)).liens
    assert (lien.parcel_id, lien.tax_year, lien.amount_due) == ("A-1", 2021, Decimal("9.99"))


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("", "truncated"),
        ("{", "truncated"),
        ('{"x": 1}', "unrecognised"),
        ('{"data": [], "recordsTotal": 0}', "empty"),
        ("hello", "unrecognised"),
        ("<html><table class='adv_list'>", "truncated"),
        ("<html><body>Welcome</body></html>", "unrecognised"),
    ],
)
def test_what_other_answers_mean(text: str, verdict: str) -> None:
    assert read(text, held()).verdict == verdict


@given(st.lists(st.integers(1, 9), min_size=1, max_size=8, unique=True), st.data())
def test_cells_lost_or_doubled_move_no_value(numbers: list[int], data: st.DataObject) -> None:
    rows = []
    for number in numbers:
        cells = row(number).split("<td>")
        lost = data.draw(st.sets(st.integers(1, len(cells) - 1), max_size=3))
        doubled = data.draw(st.sets(st.integers(1, len(cells) - 1), max_size=3))
        for place, cell in enumerate(cells):
            times = 0 if place in lost else 2 if place in doubled else 1
            cells[place] = "<td>".join([cell] * times)
        rows.append("<td>".join(cell for cell in cells if cell))
    for lien in read(listed("".join(rows)), first()).liens:
        number = int(lien.advertising_number or 0)
        assert lien.parcel_id in {None, f"01-20-27-0000-{number:05}"}
        assert lien.face_amount in {None, Decimal(f"{number}000.25")}
        assert lien.homestead is False


@given(st.text(max_size=200))
def test_no_text_makes_reading_raise(text: str) -> None:
    for asked in (first(), held(), main()):
        assert read(text, asked).verdict
        assert read(listed(f"<tr><td>{text}</td></tr>"), asked).verdict
        assert read(f"Account No,Face Amount\n{text}", asked).verdict
        assert read(json.dumps({"data": [{"account_number": text, "rate": text}]}), asked).verdict
