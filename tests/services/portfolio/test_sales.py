"""Whoever is concerned hears of a sale within the day before it begins, once, by the county's clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taxlien.interfaces.liens import AuctionScheduled, LienChanged, LienCreated, LienStatusChanged
from taxlien.kit.ids import new_id
from taxlien.services.portfolio import events
from taxlien.services.portfolio.logic.sale_time import is_near, starts_at

PATH = "/v1/portfolio/watches"
DAY = date(2028, 6, 1)
STARTS = datetime(2028, 6, 1, 4, tzinfo=UTC)
"""Midnight in Polk County, Florida."""
EVE = STARTS - timedelta(hours=24)
ZONES = ("America/New_York", "America/Phoenix", "Pacific/Honolulu", "America/Anchorage")


def scheduled(day: date = DAY, **fields: Any) -> AuctionScheduled:
    values: dict[str, Any] = {
        "state": "FL",
        "county_fips": "12105",
        "county": "Polk",
        "time_zone": "America/New_York",
        "auction_on": day,
        "kind": "certificate_sale",
        "source": "test",
        "at": EVE - timedelta(days=30),
    }
    return AuctionScheduled(**values | fields)


async def hear(watching: Any, *sales: AuctionScheduled) -> None:
    async with watching.database.session() as session:
        await events.hear_sales(session, list(sales))


async def begin(client: Any, **body: Any) -> Any:
    answer = await client.post(PATH, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


@settings(max_examples=60, deadline=None)
@given(
    day=st.dates(date(2026, 1, 1), date(2032, 1, 1)),
    zone=st.sampled_from(ZONES),
    minute=st.none() | st.integers(0, 24 * 60 - 1),
)
def test_a_sale_begins_on_its_day_and_is_near_for_24_hours(day, zone, minute) -> None:
    hour = None if minute is None else f"{minute // 60:02d}:{minute % 60:02d}"
    starts = starts_at(day, hour, ZoneInfo(zone))
    local = starts.astimezone(ZoneInfo(zone))
    assert local.date() == day
    written = local.strftime("%H:%M")
    skipped = zone in ZONES[::3] and minute is not None and 120 <= minute < 180
    assert written == (hour or "00:00") or skipped
    eve = starts - timedelta(hours=24)
    assert is_near(eve, eve) is False or starts == eve
    assert is_near(starts, eve)
    assert not is_near(starts, eve - timedelta(seconds=1))
    assert is_near(starts, starts - timedelta(seconds=1))
    assert not is_near(starts, starts)


def test_where_clocks_change_the_day_before_is_24_hours_all_the_same() -> None:
    zone = ZoneInfo("America/New_York")
    after = starts_at(date(2026, 3, 9), "09:00", zone)
    assert after == datetime(2026, 3, 9, 13, tzinfo=UTC)
    assert is_near(after, datetime(2026, 3, 8, 13, tzinfo=UTC))
    before = starts_at(date(2026, 11, 1), None, zone)
    assert before == datetime(2026, 11, 1, 4, tzinfo=UTC)


async def test_everybody_concerned_is_told_once(watching, ann, make_lien) -> None:
    lien = make_lien(1, sale_date=DAY)
    assumed = make_lien(2, sale_date=DAY, sale_date_basis="assumed")
    watching.catalogue.add(lien, assumed)
    await begin(ann, target="lien", lien_id=str(lien.lien_id))
    await begin(ann, target="parcel", county_fips="12105", parcel_id=lien.parcel_id)
    async with (
        watching.client(new_id()) as bob,
        watching.client(new_id()) as eve,
        watching.client(new_id()) as joe,
    ):
        await begin(bob, target="auction", county_fips="12105", auction_on=DAY.isoformat())
        await begin(eve, target="lien", lien_id=str(assumed.lien_id))
        await begin(joe, target="county", county_fips="12105", pace="off")
        await hear(watching, scheduled(), scheduled())
        assert await watching.remind(EVE - timedelta(minutes=1)) == []
        told = await watching.remind(EVE)
        found = {str(event.user_id): event for event in told}
        assert found.keys() == {ann.headers["x-user-id"], bob.headers["x-user-id"]}
    mine = found[ann.headers["x-user-id"]]
    assert (mine.watched, mine.starts_at, mine.hour_known) == (1, STARTS, False)
    assert (mine.county, mine.state, mine.auction_on) == ("Polk", "FL", DAY)
    assert found[next(user for user in found if user != str(mine.user_id))].watched == 0
    assert await watching.remind(EVE + timedelta(hours=1)) == []


async def test_a_day_is_known_by_a_lien_too_and_an_hour_moves_the_notice(
    watching, ann, make_lien
) -> None:
    lien = make_lien(1, sale_date=DAY, sale_date_basis="assumed")
    watching.catalogue.add(lien)
    await begin(ann, target="lien", lien_id=str(lien.lien_id))
    assert await watching.remind(EVE) == [], "an assumed day is none"
    dated = msgspec.structs.replace(lien, version=2, sale_date_basis="published")
    await watching.liens(LienChanged(lien=dated, changed=("sale_date_basis",)))
    await hear(watching, scheduled(hour="10:00"), scheduled(DAY, kind="tax_deed"))
    assert await watching.remind(EVE + timedelta(hours=9)) == []
    [told] = await watching.remind(EVE + timedelta(hours=10))
    assert (told.hour_known, told.starts_at) == (True, STARTS + timedelta(hours=10))


@pytest.mark.parametrize("reason", ["taken off", "foreclosure"])
async def test_what_is_not_sold_there_concerns_nobody(watching, ann, make_lien, reason) -> None:
    if reason == "foreclosure":
        await begin(ann, target="county", county_fips="12105")
        await hear(watching, scheduled(kind="foreclosure"))
    else:
        lien = make_lien(1, sale_date=DAY)
        watching.catalogue.add(lien)
        await begin(ann, target="lien", lien_id=str(lien.lien_id))
        off = msgspec.structs.replace(lien, version=2, status="removed")
        await watching.liens(
            LienCreated(lien=make_lien(9)),
            LienStatusChanged(lien=off, previous_status="advertised"),
        )
    assert await watching.remind(EVE) == []


@pytest.mark.parametrize("hour", ["24:00", "9 AM", "9:00", "", "10:00:00"])
async def test_an_hour_that_is_none_is_unknown_and_holds_up_no_other_sale(
    watching, ann, hour
) -> None:
    for fips in ("12105", "12086"):
        await begin(ann, target="county", county_fips=fips)
    await hear(watching, scheduled(hour=hour), scheduled(county_fips="12086", county="Miami-Dade"))
    told = await watching.remind(EVE)
    assert [(event.county, event.hour_known) for event in told] == [
        ("Miami-Dade", False),
        ("Polk", False),
    ]
