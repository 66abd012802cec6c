"""Events come twice, late and in any order: nothing doubles, and nothing older wins."""

from __future__ import annotations

import asyncio
import random
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taxlien.kit.bus import Outgoing, connect_bus
from taxlien.kit.consumer import Consumer
from taxlien.kit.events import encode, wrap
from taxlien.kit.ids import new_id
from taxlien.services.liens import events, service

AUCTION = "realauction/fl_polk"
TABLES = ("liens", "observations", "parcel_observations", "status_history", "sales", "parcels")
STATE = """
    SELECT lien.tax_year, lien.status, lien.face_amount, lien.premium,
        lien.bid_count, lien.situs_address, lien.market_value, lien.acres, lien.homestead,
        lien.year_built
    FROM liens.liens AS lien WHERE lien.parcel_key = :key ORDER BY 1
"""
PARCELS = """
    SELECT situs_address, market_value, acres, homestead, year_built, flags
    FROM liens.parcels WHERE parcel_key = :key
"""


async def record(catalogue: Any, *pages: Any) -> service.CollectedCounts:
    async with catalogue.database.session() as session:
        return await service.record_collected(session, pages)


async def test_same_pages_again_leave_no_trace(
    catalogue: Any, page: Any, parcel: Any, item: Any
) -> None:
    pages = [page(0, parcels=(parcel(),)), page(1, source=AUCTION, liens=(item(),))]
    await record(catalogue, *pages)
    before = [await catalogue.count(table) for table in TABLES]
    await catalogue.events()
    counts = await record(catalogue, *pages)
    assert (counts.parcels_new, counts.liens.unchanged) == (0, 1)
    assert [await catalogue.count(table) for table in TABLES] == before
    assert await catalogue.events() == []
    assert await catalogue.rows(
        "SELECT sum(parcels)::int, sum(liens)::int FROM liens.coverage"
    ) == [(1, 1)]


async def test_older_page_heard_late_fills_gaps_and_changes_nothing_else(
    catalogue: Any, page: Any, parcel: Any, item: Any
) -> None:
    newer = item(status="sold", face_amount=Decimal("20.00"))
    older = item(status="advertised", face_amount=Decimal("10.00"), bid_count=3)
    await record(catalogue, page(9, parcels=(parcel(market=2),), liens=(newer,)))
    await record(catalogue, page(1, parcels=(parcel(market=1, year_built=1961),), liens=(older,)))
    [found] = await catalogue.rows(STATE, key="0126000001")
    assert found[1:5] == ("sold", Decimal("20.00"), None, 3)
    assert (found[6], found[9]) == (Decimal("2.00"), 1961)
    assert await catalogue.count("parcel_observations") == 2


async def test_value_of_a_later_year_stands_against_a_page_read_later(
    catalogue: Any, page: Any, parcel: Any
) -> None:
    old_year = parcel(market=1)
    old_year = type(old_year)(
        parcel_id=old_year.parcel_id,
        values=tuple(type(v)(year=2024, kind=v.kind, amount=v.amount, label=v.label)
                     for v in old_year.values),
    )  # fmt: skip
    await record(catalogue, page(0, parcels=(parcel(market=2),)))
    await record(catalogue, page(1, source="tyler/fl_polk", parcels=(old_year,)))
    assert await catalogue.rows("SELECT market_value, market_value_year FROM liens.parcels") == [
        (Decimal("2.00"), 2026)
    ]


async def test_page_that_says_the_same_again_counts_against_what_another_said_in_between(
    catalogue: Any, page: Any, parcel: Any
) -> None:
    first, other = parcel(acres=Decimal("0.5")), parcel(acres=Decimal("0.25"))
    await record(catalogue, page(0, parcels=(first,)))
    await record(catalogue, page(1, source="tyler/fl_polk", parcels=(other,)))
    for _ in range(2):
        await record(catalogue, page(2, parcels=(first,)))
        assert await catalogue.rows("SELECT acres FROM liens.parcels") == [(Decimal("0.5"),)]
    assert await catalogue.count("parcel_observations") == 2


async def test_change_back_is_a_change_and_a_repetition_after_it_is_none(
    catalogue: Any, page: Any, item: Any
) -> None:
    for minute, amount in enumerate(("10.00", "11.00", "10.00", "10.00")):
        await record(catalogue, page(minute, liens=(item(face_amount=Decimal(amount)),)))
    assert await catalogue.count("observations") == 3
    assert len(await catalogue.events()) == 3


async def test_page_heard_late_is_older_than_one_that_said_the_same_again(
    catalogue: Any, page: Any, item: Any
) -> None:
    sold, listed = item(status="sold"), item(status="advertised", bid_count=2)
    for minute, said in ((0, sold), (2, sold), (1, listed), (2, sold)):
        await record(catalogue, page(minute, source=AUCTION, liens=(said,)))
        assert await catalogue.rows("SELECT status FROM liens.liens") == [("sold",)]
    assert await catalogue.rows("SELECT bid_count FROM liens.liens") == [(2,)]


@st.composite
def stories(draw: st.DrawFn) -> list[tuple[int, str, dict[str, Any], dict[str, Any]]]:
    """Pages by minute: what two assessors said of a property, and one list of its lien."""
    maybe = st.none() | st.integers(1, 3)
    return [
        (
            minute,
            draw(st.sampled_from(["qpublic/fl_polk", "tyler/fl_polk"])),
            {
                "situs_address": draw(st.sampled_from([None, "1 OAK ST", "2 OAK ST"])),
                "market": draw(maybe),
                "acres": draw(st.sampled_from([None, Decimal("0.25"), Decimal("0.5")])),
                "homestead": draw(st.none() | st.booleans()),
            },
            {
                "status": draw(st.sampled_from(["advertised", "sold", "redeemed"])),
                "face_amount": draw(st.sampled_from([None, Decimal("10.00"), Decimal("20.00")])),
                "bid_count": draw(maybe),
            },
        )
        for minute in range(draw(st.integers(2, 6)))
    ]


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=stories(), seed=st.integers(0, 10_000))
async def test_any_order_and_repetition_ends_where_the_order_of_time_does(
    catalogue: Any, page: Any, parcel: Any, item: Any, story: Any, seed: int
) -> None:
    """Each order tells of a parcel of its own, in one catalogue."""
    chance, states = random.Random(seed), []
    for order in ("of time", "any"):
        name = f"P{new_id().int % 10**12:012d}"
        pages = []
        for minute, assessor, facts, lien in story:
            said = parcel(parcel_id=name, **facts)
            pages.append(page(minute, source=assessor, key=name, parcels=(said,)))
            listed = item(parcel_id=name, **lien)
            pages.append(page(minute + 0.5, source=AUCTION, key=name, liens=(listed,)))
        if order == "any":
            pages += chance.sample(pages, len(pages) // 2)
            chance.shuffle(pages)
        while pages:
            cut = 1 if order == "of time" else chance.randrange(1, len(pages) + 1)
            await record(catalogue, *pages[:cut])
            pages = pages[cut:]
        states.append([await catalogue.rows(query, key=name) for query in (STATE, PARCELS)])
    assert states[0] == states[1]


async def test_events_delivered_twice_over_the_bus_have_one_effect(
    catalogue: Any, page: Any, parcel: Any, item: Any, bus_url: str
) -> None:
    bus, stop = connect_bus(bus_url), asyncio.Event()
    consumer = Consumer(catalogue.database, bus, events.record_pages, service="liens")
    pages = [
        page(n, key=f"p{n}", source=AUCTION, liens=(item(parcel_id=f"0126-{n:06d}"),))
        for n in range(1, 30)
    ]
    pages += [
        page(n, key=f"c{n}", parcels=(parcel(parcel_id=f"0126-{n:06d}"),)) for n in range(1, 30)
    ]
    last = page(99, key="last", liens=(item(parcel_id="9999-999999"),))
    running = asyncio.create_task(consumer.run(stop))
    try:
        for _ in range(2):
            await bus.publish([_outgoing(event) for event in pages])
        await bus.publish([_outgoing(last)])
        async with asyncio.timeout(20):
            while await catalogue.count("liens") < 30:  # noqa: ASYNC110 - a database tells nobody
                await asyncio.sleep(0.05)
    finally:
        stop.set()
        await running
        await bus.close()
    assert await catalogue.count("parcel_observations") == 29
    assert await catalogue.rows(
        "SELECT count(*) FROM liens.liens WHERE situs_address = '12 ARMSTRONG AVE'"
    ) == [(29,)]


def _outgoing(event: Any) -> Outgoing:
    envelope = wrap(event, source="scraper")
    return Outgoing(id=envelope.id, type=envelope.type, key=envelope.subject, body=encode(envelope))
