"""Lists of items and pages of items. No page of an item was captured with the county's values in it.

The right panel and the tables are written as they are on a real page of another kind of item; the values of
209 real auctions of 2018 stand in them, read in place where they are.
"""

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.json import encode as json_of

from taxlien.services.scraper.adapters.platforms.bid4assets import PLATFORM
from taxlien.services.scraper.adapters.platforms.bid4assets.auction_page import address_of
from taxlien.services.scraper.adapters.platforms.bid4assets.titles import parcel_of
from taxlien.services.scraper.logic.pages import Page, PageRequest, Reading
from taxlien.services.scraper.logic.sites import Site

SITE = Site(
    name="wa_king",
    platform="bid4assets",
    title="King",
    county_fips="53033",
    base_url="https://www.bid4assets.com",
    legal_status="unknown",
    quirks={"details": "yes"},
)
ROW: dict[str, Any] = {
    "auctionID": 1265001,
    "asset_title": "King County, WA: APN: 2025049082",
    "minimumBid": 4467.0,
    "currentBidAmount": 0,
    "bidCount": -1,
    "timeRemaining": "4 hr",
    "bidCloseTime": "2026-09-13T12:30:00",
    "locatedCity": "WA",
    "locatedState": "Seattle",
}
SECRET = "Jane Public"


def storefront() -> PageRequest:
    return PageRequest(key="storefront/x", kind="storefront", path="/storefront/x", session="visit")


def items_request() -> PageRequest:
    (asked,) = read(
        '<input name="StorefrontId" value="77"><div id="auction-folders-wp"></div>'
        '<script>{"StorefrontCollectionId":2913}</script>',
        storefront(),
    ).follow
    return asked


def read(
    text: str, asked: PageRequest, *, at: datetime | None = None, site: Site = SITE
) -> Reading:
    return PLATFORM.read(Page(request=asked, url="/", text=text, fetched_at=at), site)


def listed(*rows: dict[str, Any], at: datetime | None = None) -> Reading:
    return read(json.dumps({"data": [{**ROW, **row} for row in rows]}), items_request(), at=at)


def test_a_storefronts_folders_are_asked_for_their_items() -> None:
    asked = items_request()
    assert asked.json == {"storefrontId": 77, "storefrontCollectionId": 2913}
    assert (asked.method, asked.key) == ("POST", "items/77/2913")


def test_a_listed_item_keeps_its_marks_for_nothing_as_nulls() -> None:
    reading = listed({})
    (lien,) = reading.liens
    assert (lien.item_id, lien.parcel_id) == ("1265001", "2025049082")
    assert (lien.opening_bid, lien.bid_count, lien.winning_bid) == (Decimal("4467.0"), None, None)
    assert "mark" in lien.missing["bid_count"]
    assert "mark" in lien.missing["winning_bid"]
    assert lien.sale_date == date(2026, 9, 13)
    assert lien.city == "Seattle"
    assert [r.path for r in reading.follow] == ["/auction/index/1265001"]


def test_times_without_a_zone_are_eastern() -> None:
    opens = {"bidOpenTime": "2026-09-12T12:00:00"}
    before = listed(opens, at=datetime(2026, 9, 12, 15, 59, tzinfo=UTC))
    after = listed(opens, at=datetime(2026, 9, 12, 16, 1, tzinfo=UTC))
    over = listed(opens, at=datetime(2026, 9, 13, 16, 31, tzinfo=UTC))
    assert [r.liens[0].status for r in (before, after, over)] == ["advertised", "running", "closed"]
    assert before.liens[0].attributes["Closes"] == "2026-09-13 12:30 ET"


@pytest.mark.parametrize(
    ("row", "status"),
    [
        ({"asset_title": "***Withdrawn***King County, WA: APN: 1"}, "removed"),
        ({"timeRemaining": "Sold", "currentBidAmount": 71200}, "sold"),
        ({"timeRemaining": "Closed"}, "closed"),
        ({"timeRemaining": "Not Sold"}, "unsold"),
        ({"timeRemaining": "Canceled"}, "removed"),
        ({"timeRemaining": "2 days"}, "advertised"),
    ],
)
def test_statuses_of_listed_items(row: dict[str, Any], status: str) -> None:
    (lien,) = listed(row).liens
    assert lien.status == status
    assert lien.winning_bid == (Decimal(71200) if status == "sold" else None)


def test_half_a_surrogate_pair_in_a_title_stays_storable() -> None:
    text = json.dumps({"data": [{**ROW, "asset_title": "King County, WA: APN: 1"}]})
    reading = read(text.replace("APN: 1", "APN: 1\\ud800"), items_request())
    assert [lien.parcel_id for lien in reading.liens] == ["1?"]
    assert json_of(reading.follow)


def test_an_item_of_another_county_is_left_out() -> None:
    reading = listed({}, {"asset_title": "Mason County, WA: APN: 5", "auctionID": 2})
    assert [lien.item_id for lien in reading.liens] == ["1265001"]
    assert reading.promised == 1


def test_a_total_of_zero_is_believed_only_of_a_whole_search() -> None:
    nothing = '{"data": [], "total": 0}'
    whole = {"type": "powersearch", "searchtype": "ps", "assetstatus": "Live", "channel": "22"}
    half = PageRequest(key="s", kind="items", path="/api/search/process", json=whole)
    full = PageRequest(key="s", kind="items", path="/", json={**whole, "locatedstate": "WA"})
    assert read(nothing, half).verdict == "no_session"
    assert read(nothing, full).verdict == "empty"
    assert read('{"data": []}', items_request()).verdict == "empty"


@pytest.mark.parametrize(
    ("title", "parcel"),
    [
        ("Berks County PA Tax: PIN: 123", "123"),
        ("Fayette County PA Tax: Parcel:12-3", "12-3"),
        ("Cumberland County, PA Tax: 456", "456"),
        ("Imperial County, CA: APN:  001-101-008-000", "001-101-008-000"),
        ("TX, Red River, 5.04 Acre Ranch", None),
    ],
)
def test_parcels_in_titles(title: str, parcel: str | None) -> None:
    assert parcel_of(title) == parcel


@pytest.mark.parametrize(
    ("lines", "address"),
    [
        (["28920 125th Pl SW", "VASHON, WA 98070"], ("28920 125th Pl SW", "VASHON", "98070")),
        (["10048 28TH AVE SW, WA 98146"], ("10048 28TH AVE SW", None, "98146")),
        (["5 Oak St", "Perris, CA."], ("5 Oak St", "Perris", None)),
        (["10 Louise Ln, Sauget, IL 62206, United States"], ("10 Louise Ln", "Sauget", "62206")),
        (["N/A, WA"], (None, None, None)),
        (["FL"], (None, None, None)),
        (["130", "Fort Lauderdale"], ("130", "Fort Lauderdale", None)),
        ([], (None, None, None)),
    ],
)
def test_addresses_as_items_have_them(lines: list[str], address: tuple[str | None, ...]) -> None:
    assert address_of(lines) == address


def panel(rows: list[tuple[str, str]]) -> str:
    """The right panel; a label stands in a link beside the text that explains it."""
    body = "".join(
        f'<tr><th><a href="#"><span class="tooltip right">The Deposit or Minimum Bid is explained.</span>'
        f"<i>{label}:</i></a></th><td>{value}</td></tr>"
        for label, value in rows
    )
    return f'<div id="auction-right-panel"><div class="auction-data-table"><table>{body}</table></div></div>'


def item_page(title: str, rows: list[tuple[str, str]], specifics: list[tuple[str, str]]) -> str:
    table = "".join(
        f"<tr><td><strong>{label}</strong></td><td>{value}</td></tr>" for label, value in specifics
    )
    return (
        f'<html><body><div id="auction-content"><h1>{title}</h1>{panel(rows)}'
        f'<table class="item-specifics-table">{table}</table></div></body></html>'
    )


OPEN = [
    ("Number of Bids", "3"),
    ("Minimum Bid", "$4,467"),
    ("Closes In", "4 hr"),
    ("Reserve", "No Reserve!"),
    ("Status", "In Progress"),
    ("Auction Started", "09-12-18 12:00 PM ET"),
    ("Auction Closes", '<span id="actual-close-time-block">09-13-18 12:30 PM ET</span>'),
    ("Overtime Period", "5 minutes"),
    ("Deposit Required", "$2,500"),
]
SPECIFICS = [
    ("APN", "202504-9082"),
    ("Legal Description", "LOT 5"),
    ("Address", "28920 125th Pl SW<br>VASHON, WA 98070"),
    ("Debt Amount", "$9,000.10"),
    ("Land Value", "$51,000.00"),
    ("Improvements Value", "$0.00"),
    ("Assessed Values Date", "2017"),
]


def auction(number: str = "812592") -> PageRequest:
    return PageRequest(
        key=f"auction/{number}", kind="auction", path=f"/auction/index/{number}", session="visit"
    )


def test_an_open_item_is_read_by_its_labels() -> None:
    text = item_page("King County, WA: APN: 2025049082", OPEN, SPECIFICS)
    reading = read(text, auction())
    (lien,), (parcel,) = reading.liens, reading.parcels
    assert (lien.item_id, lien.status, lien.kind) == ("812592", "running", "deed_sale")
    assert (lien.opening_bid, lien.deposit, lien.bid_count) == (Decimal(4467), Decimal(2500), 3)
    assert (lien.amount_due, lien.winning_bid) == (Decimal("9000.10"), None)
    assert (lien.parcel_id, lien.other_ids) == ("2025049082", {"APN": "202504-9082"})
    assert lien.sale_date == date(2018, 9, 13)
    assert (parcel.city, parcel.legal_description) == ("VASHON", "LOT 5")
    assert [(v.kind, v.amount, v.year) for v in parcel.values] == [
        ("land", Decimal("51000.00"), 2017),
        ("improvement", Decimal("0.00"), 2017),
    ]


def test_an_item_keeps_the_number_and_day_the_list_gave_it() -> None:
    (asked,) = listed({}).follow
    text = item_page("King County, WA", OPEN, SPECIFICS)
    (lien,) = read(text, asked).liens
    assert (lien.parcel_id, lien.sale_date) == ("2025049082", date(2026, 9, 13))


def test_the_page_of_another_item_is_not_taken_for_the_one_asked_for() -> None:
    (asked,) = listed({}).follow
    number = asked.context["item_id"]
    page = item_page("King County, WA", [("Auction ID", number), *OPEN], SPECIFICS)
    assert read(page, asked).verdict == "ok"
    reading = read(page.replace(f">{number}<", ">812592<"), asked)
    assert (reading.verdict, reading.liens) == ("no_session", ())
    assert reading.reason == f"the site shows item 812592, not {number}"


def test_a_page_of_another_kind_says_nothing_for_the_one_asked_for() -> None:
    page = item_page("King County, WA", OPEN, SPECIFICS)
    assert read(page, storefront()).verdict == "no_session"
    assert read('{"data": []}', auction()).verdict == "no_session"


def test_a_sold_items_rows_have_moved_and_its_winner_is_kept_nowhere() -> None:
    sold = [
        ("Number of Bids", "84"),
        ("Winning Bid", "$71,200"),
        ("Winner", SECRET),
        *[
            row
            for row in OPEN
            if row[0] not in {"Number of Bids", "Minimum Bid", "Status", "Deposit Required"}
        ],
        ("Status", "Sold"),
    ]
    reading = read(item_page("King County, WA: APN: 1", sold, SPECIFICS), auction())
    (lien,) = reading.liens
    assert (lien.status, lien.winning_bid, lien.bid_count) == ("sold", Decimal(71200), 84)
    assert (lien.opening_bid, lien.deposit) == (None, None)
    assert lien.missing["opening_bid"] == "no such row on the page"
    assert SECRET not in str(reading)


def test_a_private_sellers_item_is_not_a_countys() -> None:
    text = item_page("TX, Red River, Lot 39", [*OPEN, ("Source", "Private Auction")], [])
    assert read(text, auction()).verdict == "empty"


@pytest.mark.data
def test_real_auctions_of_2018_keep_every_value_with_its_label(shared_data: Path) -> None:
    """Written into a page whose rows stand as the status has them, and read back."""
    path = shared_data / "king_wa_bid4assets_2018" / "auctions.csv"
    rows = list(csv.DictReader(path.open()))
    assert len(rows) == 210
    for row in rows:
        text = item_page(row["b4aNumber"], _rows_of_2018(row), _specifics_of_2018(row))
        number = row["url"].rpartition("/")[2]
        (lien,) = read(text, auction(number)).liens
        assert lien.item_id == number
        assert lien.parcel_id == row["aPN"]
        assert lien.status == ("removed" if "Withdrawn" in row["b4aNumber"] else
                               "sold" if row["WinningBid"] else "unsold")  # fmt: skip
        assert lien.winning_bid == amount(row["WinningBid"])
        assert lien.bid_count == (int(row["numberOfBids"]) if row["numberOfBids"] else None)
        assert lien.deposit is None
        assert lien.sale_date == date(2018, 9, 13)
        assert lien.attributes["Closes"].startswith("2018-09-13 1")


def amount(text: str) -> Decimal | None:
    return Decimal(text.replace("$", "").replace(",", "")) if text else None


def _rows_of_2018(row: dict[str, str]) -> list[tuple[str, str]]:
    closes = ("Auction Closed", row["auctionCloses"])
    if row["WinningBid"]:
        return [
            ("Number of Bids", row["numberOfBids"]),
            ("Winning Bid", row["WinningBid"]),
            ("Winner", SECRET),
            ("Reserve", row["status"]),
            ("Status", row["auctionStarts"]),
            ("Auction Started", row["AuctionStarted"]),
            closes,
            ("Overtime Period", row["Deposit"]),
        ]
    if "Withdrawn" in row["b4aNumber"]:
        return [("Status", row["auctionType"]), closes]
    return [
        ("Number of Bids", row["numberOfBids"]),
        ("Minimum Bid", row["auctionType"]),
        ("Status", "Not Sold"),
        closes,
    ]


def _specifics_of_2018(row: dict[str, str]) -> list[tuple[str, str]]:
    return [
        ("APN", row["aPN"]),
        ("Legal Description", row["legalDescription"]),
        ("Address", row["location"].replace("\n", "<br>")),
        ("Land Value", row["LandValue"]),
        ("Improvements Value", row["improvementsValue"]),
    ]


@given(st.permutations(OPEN), st.sets(st.integers(0, len(OPEN) - 1), max_size=4))
def test_rows_moved_or_taken_out_change_no_other_value(
    rows: list[tuple[str, str]], gone: set[int]
) -> None:
    kept = [row for place, row in enumerate(rows) if place not in gone]
    (lien,) = read(item_page("King County, WA: APN: 1", kept, SPECIFICS), auction()).liens
    there = dict(kept)
    assert lien.opening_bid == (Decimal(4467) if "Minimum Bid" in there else None)
    assert lien.deposit == (Decimal(2500) if "Deposit Required" in there else None)
    assert lien.bid_count == (3 if "Number of Bids" in there else None)
    assert lien.sale_date == (date(2018, 9, 13) if "Auction Closes" in there else None)
    for field in ("opening_bid", "deposit", "bid_count", "sale_date"):
        assert getattr(lien, field) is not None or lien.missing[field]


@given(st.lists(st.sampled_from(OPEN), max_size=5))
def test_rows_that_stand_twice_are_believed_only_where_they_agree(
    rows: list[tuple[str, str]],
) -> None:
    doubled = [*OPEN, *rows, ("Minimum Bid", "$1")]
    (lien,) = read(item_page("King County, WA: APN: 1", doubled, SPECIFICS), auction()).liens
    assert lien.opening_bid is None
    assert lien.bid_count == 3


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("", "truncated"),
        ("{", "truncated"),
        ("[]", "empty"),
        ('{"x": 1}', "unrecognised"),
        ('{"data": [1, 2]}', "unrecognised"),
        ("<html><head><title>Access Denied</title></head></html>", "challenge"),
        ("<html><body>Welcome</body></html>", "unrecognised"),
        ("<html><div id='auction-content'>", "truncated"),
        ('<input name="StorefrontId" value="7">', "empty"),
    ],
)
def test_what_other_answers_mean(text: str, verdict: str) -> None:
    asked = items_request() if text.startswith(("{", "[")) else storefront()
    assert read(text, asked).verdict == verdict


def test_a_storefront_saved_from_a_browser_is_read_from_its_grid() -> None:
    text = (
        '<div id="auction-folders-wp"></div><table><thead class="k-table-thead"><tr><th>ID</th><th>Title</th>'
        "<th>Address</th><th>Minimum Bid</th></tr></thead><tbody><tr><td>1265001</td>"
        "<td>King County, WA: APN: 77</td><td>5 OAK ST</td><td>$9.00</td></tr></tbody></table>"
    )
    (lien,) = read(text, PLATFORM.page_of_file("storefront.html", SITE)).liens
    assert (lien.item_id, lien.parcel_id, lien.opening_bid) == ("1265001", "77", Decimal("9.00"))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(["data", "total", *ROW]), inner, max_size=6)
        ),
        max_leaves=20,
    )
)
def test_no_json_makes_reading_raise(document: object) -> None:
    for body in (document, {"data": [document]}, {"data": [{**ROW, "x": document}]}):
        assert read(json.dumps(body), items_request()).verdict


@given(st.text(max_size=200))
def test_no_text_makes_reading_raise(text: str) -> None:
    assert read(text, auction()).verdict
    assert read(
        item_page(text, [(text, text), ("Minimum Bid", text)], [(text, text)]), auction()
    ).verdict
    assert listed({"asset_title": text, "bidCloseTime": text, "minimumBid": text}).verdict
    assert PLATFORM.page_of_file(text, SITE).key
