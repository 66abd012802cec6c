"""The calendar of coming sales: every value of the real page, and shapes it does not show."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxlien.services.scraper.adapters.platforms.bid4assets import PLATFORM
from taxlien.services.scraper.adapters.platforms.bid4assets.titles import place_of
from taxlien.services.scraper.logic.pages import Page, Reading, Scope
from taxlien.services.scraper.logic.sites import Site, parse_site

SITES = Path("src/taxlien/services/scraper/adapters/platforms/bid4assets/sites")
NOT_KEPT = {
    "month": "part of the day",
    "dates_raw": "read as first and last day",
    "biddable_link": "a link is followed: see the storefront",
}


def nation() -> Site:
    return parse_site((SITES / "us_calendar.yml").read_text())


def county(name: str, fips: str = "06065") -> Site:
    return Site(
        name=name,
        platform="bid4assets",
        title=name,
        county_fips=fips,
        base_url="https://www.bid4assets.com",
        legal_status="unknown",
    )


def read(text: str, site: Site) -> Reading:
    request = PLATFORM.page_of_file("bid4assets_calendar.html", site)
    return PLATFORM.read(Page(request=request, url="file", text=text), site)


def month(rows: str, year: str = "2026") -> str:
    return f'<div class="month" data-year="{year}"><h3>X</h3><ul class="auction-list">{rows}</ul></div>'


@pytest.mark.data
def test_every_event_of_the_real_calendar_is_read(shared_pages: Path) -> None:
    home = shared_pages / "bid4assets" / "calendar_2026-03"
    expected = json.loads((home / "expected.json").read_text())
    text = (home / "bid4assets_calendar.html").read_text()
    reading = read(text, nation())
    assert reading.verdict == "ok"
    assert len(reading.sales) == len(expected["events"])
    for event, sale in zip(expected["events"], reading.sales, strict=True):
        assert set(event) == {"title", "start", "end", "storefront", *NOT_KEPT}
        assert sale.label == event["title"]
        assert sale.sale_date.isoformat() == event["start"]
        assert sale.ends_on is not None
        assert sale.ends_on.isoformat() == event["end"]
        assert sale.county_fips
    assert reading.notes == (
        f"{len(expected['placeholder_rows_to_skip'])} rows announce days to come",
    )


@pytest.mark.data
def test_a_countys_own_storefronts_are_followed_from_the_real_calendar(shared_pages: Path) -> None:
    home = shared_pages / "bid4assets" / "calendar_2026-03"
    expected = json.loads((home / "expected.json").read_text())
    text = (home / "bid4assets_calendar.html").read_text()
    followed = 0
    for event in expected["events"]:
        place = place_of(event["title"])
        if place is None:
            continue
        reading = read(
            text, county(f"{place.state.lower()}_{place.county.lower().replace(' ', '_')}")
        )
        assert event["title"] in {sale.label for sale in reading.sales}
        paths = {request.path for request in reading.follow}
        assert (event["storefront"] in paths) == (event["storefront"] is not None)
        followed += len(paths)
    assert followed >= 4


def test_a_sale_over_the_end_of_a_month_ends_in_the_next() -> None:
    rows = "<li><strong>Nye County, NV Tax Sale</strong><span>April 28th - May 2nd</span></li>"
    (sale,) = read(month(rows), nation()).sales
    assert (sale.sale_date, sale.ends_on) == (date(2026, 4, 28), date(2026, 5, 2))


def test_a_sale_over_new_year_ends_in_the_next_year() -> None:
    rows = (
        "<li><strong>Nye County, NV Tax Sale</strong><span>December 30th - January 4th</span></li>"
    )
    (sale,) = read(month(rows), nation()).sales
    assert (sale.sale_date, sale.ends_on) == (date(2026, 12, 30), date(2027, 1, 4))


def test_two_sales_of_a_county_on_one_day_are_of_two_kinds() -> None:
    rows = "".join(
        f"<li><strong>Mason County, WA {what}</strong><span>May 12th - 13th</span></li>"
        for what in ("Tax Foreclosed Properties Auction", "Tax Title/Surplus Properties Auction")
    )
    assert [s.kind for s in read(month(rows), nation()).sales] == ["tax_deed", "tax_title"]


def test_a_county_without_a_sale_is_honestly_empty() -> None:
    rows = "<li><strong>Nye County, NV Tax Sale</strong><span>May 1st - 4th</span></li>"
    reading = read(month(rows), county("ca_riverside"))
    assert (reading.verdict, reading.sales) == ("empty", ())


@pytest.mark.parametrize(
    ("title", "place"),
    [
        ("Elko County, NV Tax Defaulted Properties Auction", ("Elko", "NV")),
        ("Santa Cruz County, CA Tax Defaulted Properties Auction", ("Santa Cruz", "CA")),
        ("***Withdrawn***King County, WA: APN: 0123039322", ("King", "WA")),
        ("Berks County PA Tax: PIN: 123", ("Berks", "PA")),
        ("MonroePATaxApr26", ("Monroe", "PA")),
        ("Carson City Tax Defaulted Properties Auctions", None),
        ("Riverside County, ZZ Tax", None),
        ("", None),
    ],
)
def test_county_and_state_of_titles(title: str, place: tuple[str, str] | None) -> None:
    assert place_of(title) == place


def test_a_run_begins_at_the_calendar_or_at_the_storefronts_the_site_names() -> None:
    assert [r.key for r in PLATFORM.start(nation(), Scope(today=date(2026, 3, 1)))] == ["calendar"]
    site = Site(
        name="ca_riverside",
        platform="bid4assets",
        title="x",
        county_fips="06065",
        base_url="https://www.bid4assets.com",
        legal_status="unknown",
        start={"storefronts": ["RiversideCountyApr26"]},
    )
    keys = [r.key for r in PLATFORM.start(site, Scope(today=date(2026, 3, 1)))]
    assert keys == ["storefront/RiversideCountyApr26"]


@given(st.text(max_size=120), st.text(max_size=60))
def test_no_title_or_day_makes_reading_raise(title: str, days: str) -> None:
    rows = f"<li><a href='/storefront/x'>{title}</a><span>{days}</span></li>"
    for site in (nation(), county("ca_riverside")):
        assert read(month(rows), site).verdict
        assert read(title, site).verdict
