"""Shapes of items that other counties have. These items are made up; none is captured."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from taxlien.interfaces.scraper import LienObserved
from taxlien.services.scraper.adapters.platforms.realauction import PLATFORM
from taxlien.services.scraper.logic.pages import Page, Reading
from taxlien.services.scraper.logic.sites import Site

Rows = list[tuple[str, str]]

SITE = Site(
    name="fl_somewhere",
    platform="realauction",
    title="Somewhere",
    county_fips="12001",
    base_url="https://somewhere.realtaxdeed.com",
    legal_status="unknown",
)
DEED: Rows = [
    ("Auction Type:", "TAXDEED "),
    ("Case #:", " 2026-0001TD"),
    ("Certificate #:", "23-77"),
    ("Opening Bid:", "$1,234.56"),
    ("Parcel ID:", " 11-22-33-0001"),
    ("Property Address:", "1 MAIN ST"),
    ("", "SOMEWHERE, FL- 32000"),
    ("Assessed Value:", "$9,000.00"),
]


def item(number: int, rows: Rows, *, shape: str = "td", stats: str = "") -> str:
    """Write an item in one of the three shapes these sites have."""
    head = f'<div id="AITEM_{number}" class="AUCTION_ITEM PREVIEW" aid="{number}">'
    if shape == "div":
        body = "".join(
            f'<div class="AD_LBL">{label}</div><div class="AD_DTA">{value}</div>'
            for label, value in rows
        )
        table = f'<div class="ad_tab">{body}</div>'
    else:
        body = "".join(
            f'<tr><{shape} class="AD_LBL">{label}</{shape}><td class="AD_DTA">{value}</td></tr>'
            for label, value in rows
        )
        table = f'<table class="ad_tab"><tbody>{body}</tbody></table>'
    return (
        f'{head}<div class="AUCTION_STATS">{stats}</div><div class="AUCTION_DETAILS">{table}</div></div>'
        '<div class="AUCTION_ITEM_SPACER">&nbsp;</div>'
    )


def read(text: str, name: str = "LOAD-AREA-W-2026-08-06.json", site: Site = SITE) -> Reading:
    return PLATFORM.read(
        Page(request=PLATFORM.page_of_file(name, site), url="file", text=text), site
    )


def one(rows: Rows, **shape: str) -> LienObserved:
    reading = read(item(7, rows, **shape))
    assert reading.verdict == "ok"
    (lien,) = reading.liens
    return lien


def changed(**values: str) -> Rows:
    return [(label, values.get(label, value)) for label, value in DEED]


@pytest.mark.parametrize("shape", ["td", "th", "div"])
def test_cells_headings_and_boxes_say_the_same(shape: str) -> None:
    lien = one(DEED, shape=shape)
    assert lien.kind == "deed_sale"
    assert (lien.case_number, lien.certificate_number) == ("2026-0001TD", "23-77")
    assert (lien.opening_bid, lien.assessed_value) == (Decimal("1234.56"), Decimal("9000.00"))
    assert (lien.parcel_id, lien.situs_address) == ("11-22-33-0001", "1 MAIN ST")
    assert (lien.city, lien.zip_code) == ("SOMEWHERE", "32000")


def test_a_row_that_is_not_closed_gives_its_value_and_not_the_next_rows() -> None:
    text = (
        item(7, DEED)
        .replace("$1,234.56</td></tr>", "$1,234.56")
        .replace("1 MAIN ST</td></tr>", "1 MAIN ST")
    )
    (lien,) = read(text).liens
    assert (lien.opening_bid, lien.situs_address) == (Decimal("1234.56"), "1 MAIN ST")
    assert lien.parcel_id == "11-22-33-0001"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("MULTIPLE", "in place of a number"),
        ("MULTIPLE PARCELS", "in place of a number"),
        ('<a href="https://pa.example/">Property Appraiser</a>', "names no number"),
        ("TIMESHARE", "does not hold what it should"),
        ("", "is empty"),
        ("11-22, 33-44", "several parcels"),
    ],
)
def test_a_cell_without_one_parcel_leaves_it_null_with_the_reason(said: str, reason: str) -> None:
    lien = one(changed(**{"Parcel ID:": said}))
    assert lien.parcel_id is None
    assert reason in lien.missing["parcel_id"]


def test_several_parcels_are_kept_as_further_numbers() -> None:
    lien = one(changed(**{"Parcel ID:": "11-22, 33-44"}))
    assert lien.other_ids == {"Parcel ID 1": "11-22", "Parcel ID 2": "33-44"}


@pytest.mark.parametrize("label", ["Alternate Key:", "Parcel Key:"])
def test_another_key_keeps_its_leading_zeros_and_is_no_parcel_id(label: str) -> None:
    rows = [
        (label, "00190947") if known == "Parcel ID:" else (known, value) for known, value in DEED
    ]
    lien = one(rows)
    assert lien.parcel_id is None
    assert lien.other_ids == {label.rstrip(":"): "00190947"}


def test_a_hidden_amount_is_null_and_kept_as_the_word() -> None:
    lien = one([*DEED, ("Plaintiff Max Bid:", "Hidden")])
    assert lien.attributes["Plaintiff Max Bid"] == "Hidden"
    hidden = one(changed(**{"Opening Bid:": "Hidden"}))
    assert hidden.opening_bid is None
    assert "Hidden" in hidden.missing["opening_bid"]


def test_a_label_given_twice_with_different_values_is_believed_neither_time() -> None:
    lien = one([*DEED, ("Opening Bid:", "$9.99")])
    assert lien.opening_bid is None
    assert "twice" in lien.missing["opening_bid"]


def test_an_unlabelled_row_under_another_row_is_no_address() -> None:
    rows = [row for row in DEED if row[0] != "Property Address:"]
    lien = one(rows)
    assert (lien.situs_address, lien.city, lien.zip_code) == (None, None, None)


@pytest.mark.parametrize(
    ("line", "city", "zip_code"),
    [
        ("TAMPA, FL- 33615", "TAMPA", "33615"),
        ("HOLIDAY, 34691", "HOLIDAY", "34691"),
        ("DAYTON , 45406", "DAYTON", "45406"),
        ("PORT ST. LUCIE, FL 34952-1234", "PORT ST. LUCIE", "34952-1234"),
        ("UNINCORPORATED, FL-", "UNINCORPORATED", None),
        (", 34691", None, "34691"),
        ("TAMPA FL 33615", "TAMPA", "33615"),
        ("TAMPA, FL, 33615", "TAMPA", "33615"),
        ("FL- 33615", None, "33615"),
        ("ATLANTA, GA- 30303-1234", "ATLANTA", "30303-1234"),
    ],
)
def test_city_lines_of_many_counties(line: str, city: str | None, zip_code: str | None) -> None:
    lien = one(changed(**{"": line}))
    assert (lien.city, lien.zip_code) == (city, zip_code)


def test_an_unknown_row_is_noted_by_its_label_and_its_text_is_kept_nowhere() -> None:
    text = item(7, [*DEED, ("Defendant:", "JANE PUBLIC")])
    reading = read(text)
    assert any("Defendant" in note for note in reading.notes)
    assert "JANE" not in str(reading)


def test_status_lines_tell_how_it_ended_and_never_who_bought() -> None:
    stats = (
        '<div class="ASTAT_MSGA ASTAT_LBL">Auction Sold</div>'
        '<div class="ASTAT_MSGB Astat_DATA">08/07/2026 11:02 AM ET</div>'
        '<div class="ASTAT_MSGC ASTAT_LBL">Amount</div><div class="ASTAT_MSGD Astat_DATA">$5,000.00</div>'
        '<div class="ASTAT_MSG_SOLDTO_Label ASTAT_LBL">Sold To</div>'
        '<div class="ASTAT_MSG_SOLDTO_MSG Astat_DATA">JANE PUBLIC</div>'
    )
    reading = read(item(7, DEED, stats=stats))
    (lien,) = reading.liens
    assert (lien.status, lien.winning_bid) == ("sold", Decimal("5000.00"))
    assert str(lien.sale_date) == "2026-08-07"
    assert "JANE" not in str(reading)
    assert any("another day" in note for note in reading.notes)


def test_a_day_saved_from_a_browser_has_its_items_in_their_areas() -> None:
    text = (
        '<html><body><a>Property Appraiser</a><div id="Area_R"></div>'
        f'<div id="Area_W">{item(1, DEED)}</div><div id="Area_C">{item(2, DEED)}</div></body></html>'
    )
    reading = read(text, name="PREVIEW-2026-08-06.html")
    assert [(x.item_id, x.status) for x in reading.liens] == [("1", "advertised"), ("2", "closed")]


def test_a_site_may_have_labels_of_its_own() -> None:
    site = Site(
        name="x",
        platform="realauction",
        title="x",
        county_fips="12001",
        base_url="https://x.realtaxdeed.com",
        legal_status="unknown",
        labels={"opening_bid": ("Upset Price",)},
    )
    rows = [
        ("Upset Price:", "$7.00") if label == "Opening Bid:" else (label, value)
        for label, value in DEED
    ]
    (lien,) = read(item(7, rows), site=site).liens
    assert lien.opening_bid == Decimal("7.00")


def test_an_envelope_without_its_end_is_truncated() -> None:
    text = json.dumps({"retHTML": item(7, DEED), "rlist": "7"})
    assert read(text[: len(text) // 2]).verdict == "truncated"


def test_an_item_cut_off_is_dropped_and_the_page_is_truncated() -> None:
    text = item(6, DEED) + item(7, DEED)
    reading = read(text[: text.rindex("$9,000.00") + 5])
    assert reading.verdict == "truncated"
    assert [lien.item_id for lien in reading.liens] == ["6"]


def test_an_answer_that_lists_more_than_it_shows_promises_them() -> None:
    text = json.dumps({"retHTML": item(7, DEED), "rlist": "7,8,9"})
    reading = read(text)
    assert (len(reading.liens), reading.promised) == (1, 3)


@pytest.mark.parametrize(
    ("said", "kind"),
    [("FORECLOSURE", "foreclosure"), ("TAXDEED", "deed_sale"), ("TREASURERS DEED", "deed_sale")],
)
def test_the_kind_of_sale_is_what_the_item_says(said: str, kind: str) -> None:
    assert one(changed(**{"Auction Type:": said})).kind == kind


def test_another_page_is_unrecognised_and_a_wall_is_a_challenge() -> None:
    assert read("<html><body>Welcome</body></html>").verdict == "unrecognised"
    assert read("<html><head><title>Just a moment...</title></head></html>").verdict == "challenge"
    assert read("").verdict == "truncated"
    assert read("[1, 2]").verdict == "unrecognised"
    assert read('{"other": 1}').verdict == "unrecognised"


def test_a_page_nested_without_end_is_refused_before_it_is_parsed() -> None:
    assert read("<div id='AITEM_1'>" + "<div>" * 200_000).verdict == "unrecognised"


def stats(*, b: str, a: str = "Auction Status", d: str = "", to: str = "") -> str:
    return (
        f'<div class="ASTAT_MSGA ASTAT_LBL">{a}</div><div class="ASTAT_MSGB Astat_DATA">{b}</div>'
        f'<div class="ASTAT_MSGC ASTAT_LBL">{"Amount" if d else ""}</div>'
        f'<div class="ASTAT_MSGD Astat_DATA">{d}</div>'
        f'<div class="ASTAT_MSG_SOLDTO_MSG Astat_DATA">{to}</div>'
    )


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("Redeemed", "redeemed"),
        ("Canceled/Redeemed", "redeemed"),
        ("Redeemed 08/01/2026", "redeemed"),
        ("Canceled per Clerk", "removed"),
        ("Canceled per Chapter 7/13", "removed"),
        ("Cancelled Per County", "removed"),
        ("Postponed to 09/10/2026", "removed"),
        ("Withdrawn by Plaintiff", "removed"),
        ("Paid in Full Prior to Sale", "removed"),
        ("Struck off to the County", "struck_off"),
        ("Forfeited to State", "struck_off"),
        ("No Bidder", "unsold"),
        ("List of Lands", "unsold"),
    ],
)
def test_status_words_of_many_counties_are_kept_beside_their_meaning(
    words: str, status: str
) -> None:
    lien = one(DEED, stats=stats(b=words))
    assert (lien.status, lien.attributes["Auction Status"]) == (status, words)
    assert str(lien.sale_date) == "2026-08-06"


def test_status_words_with_a_name_in_them_are_kept_only_as_far_as_they_are_known() -> None:
    lien = one(DEED, stats=stats(b="Canceled per Jane Public"))
    assert (lien.status, lien.attributes["Auction Status"]) == ("removed", "Canceled")


def test_an_item_sold_to_the_county_for_want_of_bids_is_struck_off() -> None:
    sold = {"a": "Auction Sold", "b": "08/06/2026 11:02 AM ET", "d": "$1,100.00"}
    assert one(DEED, stats=stats(**sold, to="Struck off to the county")).status == "struck_off"
    assert one(DEED, stats=stats(**sold, to="3rd Party Bidder")).attributes["Sold To"] == (
        "3rd Party Bidder"
    )


def test_who_bought_is_read_from_the_status_too_where_it_is_a_category() -> None:
    lien = one(DEED, stats=stats(b="Sold to Plaintiff"))
    assert (lien.status, lien.attributes["Sold To"]) == ("sold", "Plaintiff")


def test_a_label_and_a_value_in_different_rows_are_never_paired_by_their_cells() -> None:
    text = item(7, DEED[:3]).replace(
        "</tbody>", '<tr><td class="AD_LBL">Assessed Value:</td><td>5</td></tr></tbody>'
    )
    assert read(text).liens[0].assessed_value is None
    lonely = item(8, []).replace(
        "<tbody>", '<tbody><tr><td class="AD_LBL">Assessed Value:</td><td>5</td></tr>'
    )
    assert read(lonely).liens[0].assessed_value is None


def test_a_mark_of_items_without_any_item_is_unrecognised() -> None:
    for text in ("AITEM_", '<p>AITEM_7</p><div id="AITEM_x">', '{"retHTML":"AITEM_","rlist":""}'):
        assert read(text).verdict in {"unrecognised", "truncated"}
