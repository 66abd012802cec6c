"""What people want of counties: added up once however often it is delivered, and read as it stands."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from taxlien.interfaces.scraper import CountyDemandChanged
from taxlien.interfaces.search import CountiesSearched
from taxlien.kit.bus import connect_bus
from taxlien.kit.bus.protocol import Outgoing
from taxlien.kit.consumer import Consumer
from taxlien.kit.events import encode, wrap
from taxlien.kit.ids import new_id
from taxlien.services.scraper import events, repository
from taxlien.services.scraper.repository.wishes import Wishes

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
TODAY = date(2026, 5, 1)


@pytest.fixture
async def database(database_for):
    return await database_for("scraper")


def searched(at: datetime = NOW, **counts: int) -> CountiesSearched:
    named = {fips.removeprefix("c"): count for fips, count in counts.items()}
    return CountiesSearched(counts=named, since=at - timedelta(minutes=1), until=at)


async def known(database) -> dict[str, Wishes]:
    async with database.session() as session:
        return await repository.wishes.by_county(session, TODAY - timedelta(days=7))


async def test_searches_of_a_week_add_up_and_older_ones_are_left_out(database) -> None:
    async with database.session() as session:
        await events.count_searches(session, searched(c12105=3, c24510=1))
        await events.count_searches(session, searched(NOW - timedelta(days=2), c12105=4))
        await events.count_searches(session, searched(NOW - timedelta(days=9), c12105=100))
    assert await known(database) == {"12105": Wishes(7, 0, 0), "24510": Wishes(1, 0, 0)}


async def test_a_wish_stands_until_it_changes_however_long_that_takes(database) -> None:
    def wish(kind: str, count: int) -> CountyDemandChanged:
        return CountyDemandChanged(
            county_fips="12105", kind=kind, count=count, at=NOW - timedelta(days=400)
        )

    async with database.session() as session:
        await events.note_demand(session, wish("customers", 5))
        await events.note_demand(session, wish("customers", 2))
        await events.note_demand(session, wish("watchlists", 9))
    async with database.session() as session:
        await repository.wishes.prune(session, TODAY)
    assert await known(database) == {"12105": Wishes(0, 9, 2)}


async def test_an_event_that_is_delivered_twice_counts_once(database, bus_url: str) -> None:
    bus = connect_bus(bus_url)
    stop = asyncio.Event()
    consumer = Consumer(database, bus, events.count_searches, service="scraper")
    running = asyncio.create_task(consumer.run(stop))
    try:
        envelope = wrap(searched(c12105=1), source="search")
        last = wrap(searched(c24510=1), source="search")
        # To the bus these are different messages: the id inside them is what counts.
        for one in (envelope, envelope, envelope, last):
            await bus.publish([Outgoing(new_id(), one.type, one.subject, encode(one))])
        async with asyncio.timeout(20):
            for _ in range(2000):
                if "24510" in await known(database):
                    break
                await asyncio.sleep(0.01)
    finally:
        stop.set()
        await running
        await bus.close()
    assert await known(database) == {"12105": Wishes(1, 0, 0), "24510": Wishes(1, 0, 0)}
