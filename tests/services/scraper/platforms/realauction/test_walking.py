"""The way through a site, and how a silent zero is told from an empty day. Pages here are made up."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

from taxlien.services.scraper.adapters.platforms.realauction import PLATFORM
from taxlien.services.scraper.logic.pages import Page, PageRequest, Reading, Scope
from taxlien.services.scraper.logic.sites import Site

SITE = Site(
    name="fl_somewhere",
    platform="realauction",
    title="Somewhere",
    county_fips="12001",
    base_url="https://somewhere.realtaxdeed.com",
    legal_status="unknown",
)
TODAY = date(2026, 7, 30)
CALENDAR = (
    '<div class="CALBOX CALW5" aria-label="August-05-2026"><span class="CALNUM">5</span></div>'
    '<div class="CALBOX CALW5 CALSELT" role="link" aria-label="August-06-2026" dayid="08/06/2026">'
    '<span class="CALNUM">6</span> <span class="CALTEXT">Tax Deed<br><span class="CALMSG">'
    '<span class="CALACT">11</span> / <span class="CALSCH">28</span> TD<br> </span>'
    '<span class="CALTIME"> 10:00 AM ET</span></span></div>'
)
DAY = (
    '<div class="BLHeaderDateDisplay">Thursday August 6, 2026</div>'
    '<div id="Area_R" area="R"></div><div id="Area_W" area="W"></div><div id="Area_C" area="C"></div>'
    '<span id="maxWA">2</span><input id="curPWA" value="1"><div id="ALB">1,2,3</div>'
)


def fetched(request: PageRequest, text: str) -> Reading:
    return PLATFORM.read(Page(request=request, url=request.path, text=text), SITE)


def envelope(*numbers: int) -> str:
    html = "".join(
        f'<div id="AITEM_{n}" class="AUCTION_ITEM"><table><tr><td class="AD_LBL">Case #:</td>'
        f'<td class="AD_DTA">2026-{n}</td></tr></table></div>'
        for n in numbers
    )
    return json.dumps({"retHTML": html, "rlist": ",".join(map(str, numbers))})


def day_request() -> PageRequest:
    calendar = next(
        r for r in PLATFORM.start(SITE, Scope(today=TODAY)) if r.key == "calendar/2026-08"
    )
    (found,) = fetched(calendar, CALENDAR).follow
    return found


def areas() -> dict[str, PageRequest]:
    return {r.context["area"]: r for r in fetched(day_request(), DAY).follow}


def test_a_run_begins_with_the_calendars_of_the_months_ahead() -> None:
    keys = [request.key for request in PLATFORM.start(SITE, Scope(today=TODAY))]
    assert keys == ["calendar/2026-07", "calendar/2026-08", "calendar/2026-09", "calendar/2026-10"]


def test_sales_of_the_month_before_are_visited_while_they_end() -> None:
    keys = [request.key for request in PLATFORM.start(SITE, Scope(today=date(2026, 8, 3)))]
    assert keys[0] == "calendar/2026-07"


def test_a_day_of_sale_is_visited_in_a_session_of_its_own() -> None:
    request = day_request()
    assert request.session == "day 2026-08-06"
    assert request.path.endswith("Zmethod=PREVIEW&AUCTIONDATE=08/06/2026")
    assert (request.context["sale"], request.context["active"]) == ("tax deed", "11")


def test_items_are_asked_for_behind_the_page_that_binds_the_day() -> None:
    found = areas()
    assert set(found) == {"R", "W", "C"}
    for request in found.values():
        assert [step.path for step in request.steps] == [day_request().path]
        assert request.session == "day 2026-08-06"
        assert "doR=0&bypassPage=0" in request.path


def calendar_of(month: str) -> PageRequest:
    asked = PLATFORM.start(SITE, Scope(today=TODAY))
    return next(request for request in asked if request.key == f"calendar/{month}")


def test_a_calendar_of_another_month_is_not_taken_for_the_one_asked_for() -> None:
    assert fetched(calendar_of("2026-08"), CALENDAR).sales
    reading = fetched(calendar_of("2026-09"), CALENDAR)
    assert (reading.verdict, reading.sales, reading.follow) == ("no_session", (), ())
    assert "another month than 2026-09" in str(reading.reason)


def test_days_that_count_items_in_an_unknown_way_are_no_empty_month() -> None:
    redesigned = CALENDAR.replace("CALSELT", "open").replace("dayid", "day")
    assert fetched(calendar_of("2026-08"), redesigned).verdict == "unrecognised"
    empty = '<div class="CALBOX CALW5" aria-label="August-05-2026">5</div>'
    assert fetched(calendar_of("2026-08"), empty).verdict == "empty"


def test_a_page_of_another_kind_means_a_lost_session_and_no_empty_day() -> None:
    items = areas()["W"]
    for request, text in ((items, CALENDAR), (items, DAY), (day_request(), CALENDAR)):
        reading = fetched(request, text)
        assert (reading.verdict, reading.follow, reading.sales) == ("no_session", (), ())
    assert fetched(day_request(), envelope(1, 2)).verdict == "no_session"


def test_a_day_page_that_shows_another_day_means_a_lost_session() -> None:
    reading = fetched(day_request(), DAY.replace("August 6", "August 13"))
    assert reading.verdict == "no_session"


def test_pages_follow_until_the_number_the_day_page_counts() -> None:
    first = areas()["W"]
    (second,) = fetched(first, envelope(*range(1, 11))).follow
    assert "doR=1&bypassPage=2" in second.path
    assert second.key == "items/2026-08-06/W/2"
    assert fetched(second, envelope(11)).follow == ()


def test_a_full_page_is_followed_where_no_number_of_pages_is_known() -> None:
    running = areas()["R"]
    (second,) = fetched(running, envelope(*range(1, 11))).follow
    repeated = fetched(second, envelope(*range(1, 11)))
    assert (repeated.verdict, repeated.follow, repeated.liens) == ("empty", (), ())


def test_a_counted_page_that_repeats_the_one_before_means_a_lost_session() -> None:
    (second,) = fetched(areas()["W"], envelope(*range(1, 11))).follow
    assert fetched(second, envelope(*range(1, 11))).verdict == "no_session"


def test_empty_without_a_session_is_a_silent_zero() -> None:
    nothing = '{"retHTML": "", "rlist": ""}'
    cold = PageRequest(key="x", kind="items", path="/index.cfm?FNC=LOAD&AREA=W")
    assert fetched(cold, nothing).verdict == "no_session"


def test_empty_where_the_calendar_counts_items_is_a_silent_zero() -> None:
    assert fetched(areas()["W"], '{"retHTML": "", "rlist": ""}').verdict == "no_session"


def test_empty_in_a_session_of_the_day_is_an_honest_zero() -> None:
    assert fetched(areas()["C"], '{"retHTML": "", "rlist": ""}').verdict == "empty"


def test_how_closed_items_ended_is_asked_for_and_joined_to_them() -> None:
    closed = areas()["C"]
    reading = fetched(closed, envelope(1, 2, 3, 4))
    assert {lien.status for lien in reading.liens} == {"closed"}
    (status,) = reading.follow
    assert status.path.endswith("FNC=UPDATE&ref=1,2,3,4")
    rows = [
        {
            "AID": "1",
            "A": "Auction Sold",
            "B": "08/06/2026 10:30 AM ET",
            "C": "Amount",
            "D": "$900.00",
            "SL": "Sold To",
            "ST": "3rd Party Bidder",
        },
        {"AID": "2", "A": "R", "B": "Redeemed"},
        {"AID": "3", "A": "C", "B": "Canceled per Bankruptcy"},
    ]
    ended = fetched(status, json.dumps({"ADATA": {"AITEM": rows, "COUNT": 3}, "CM": 1}))
    assert [(lien.item_id, lien.status) for lien in ended.liens] == [
        ("1", "sold"), ("2", "redeemed"), ("3", "removed"), ("4", "closed"),
    ]  # fmt: skip
    assert ended.liens[0].winning_bid == Decimal("900.00")
    assert ended.liens[0].case_number == "2026-1"
    assert ended.liens[0].attributes["Sold To"] == "3rd Party Bidder"
    assert ended.liens[1].winning_bid is None
    assert ended.notes == ("no status yet of 1 of 4 items",)


def test_words_of_an_outcome_nobody_knows_leave_it_open() -> None:
    (status,) = fetched(areas()["C"], envelope(1)).follow
    rows = [{"AID": "1", "A": "X", "B": "Transferred to Jane Public"}]
    ended = fetched(status, json.dumps({"ADATA": {"AITEM": rows}}))
    assert ended.liens[0].status == "closed"
    assert "Jane" not in str(ended)


def test_a_saved_status_answer_gives_items_by_number_only() -> None:
    request = PLATFORM.page_of_file("statuses-2026-08-06.json", SITE)
    reading = fetched(request, '{"ADATA": {"AITEM": {"AID": "5", "A": "R", "B": "Redeemed"}}}')
    (lien,) = reading.liens
    assert (lien.item_id, lien.status, lien.parcel_id) == ("5", "redeemed", None)
    assert "parcel_id" in lien.missing


def test_a_day_with_two_kinds_of_sale_gives_both() -> None:
    both = CALENDAR.replace(
        '<span class="CALTIME"> 10:00 AM ET</span>',
        '<span class="CALTIME"> 10:00 AM ET</span>Foreclosure<br><span class="CALMSG">'
        '<span class="CALACT">2</span> / <span class="CALSCH">3</span> FC</span>',
    )
    request = PLATFORM.page_of_file("calendar.html", SITE)
    sales = fetched(request, both).sales
    assert [(s.kind, s.items_active, s.items_scheduled) for s in sales] == [
        ("tax_deed", 11, 28),
        ("foreclosure", 2, 3),
    ]
