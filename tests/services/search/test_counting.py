"""Which counties people look for: counted beside the search, added up across processes, said once."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime

import httpx2
import msgspec
import pytest
from sqlalchemy import text

from taxlien.interfaces.search import CountiesSearched, SearchesSummarised
from taxlien.kit.events import decode
from taxlien.kit.http.app import create_app
from taxlien.services.search import service
from taxlien.services.search.adapters.search_counter import SearchCounter, other
from taxlien.services.search.endpoints import at_stop, router, shortcuts
from taxlien.services.search.logic.counting import counties_meant, is_further_page, kind_of
from taxlien.services.search.logic.query import Hits, build_query


def hits(*counties: str) -> Hits:
    items = [msgspec.Raw(msgspec.json.encode({"county_fips": fips})) for fips in counties]
    return Hits(items=items, total=len(items), facets={})


@pytest.fixture
async def database(database_for):
    return await database_for("search")


async def announced(database) -> list[CountiesSearched]:
    async with database.session() as session:
        await service.announce_searched(session)
    async with database.session() as session:
        bodies = await session.scalars(text("SELECT body FROM search.outbox ORDER BY seq"))
        return [decode(bytes(body)).event(CountiesSearched) for body in bodies]


def test_a_search_is_about_the_counties_it_names() -> None:
    query = build_query(county=["12105,24510", "Polk"])
    assert counties_meant(query, hits("12001")) == ("12105", "24510")


def test_a_search_that_names_none_is_about_those_of_its_top_hits() -> None:
    found = hits("12105", "12105", "24510", "01001", "01003")
    assert counties_meant(build_query(q="oak"), found) == ("12105", "24510", "01001")
    assert counties_meant(build_query(q="nothing"), hits()) == ()


def test_what_is_no_county_is_not_counted() -> None:
    assert counties_meant(build_query(county=["99999", "x" * 100]), hits("00000")) == ()


def test_the_next_page_is_no_further_search() -> None:
    assert counties_meant(build_query(county=["12105"], page=2), hits("12105")) == ()


async def test_many_searches_are_one_write() -> None:
    written: list[dict[str, int]] = []
    done = asyncio.Event()

    async def keep(counts: dict[str, int]) -> None:
        written.append(counts)
        done.set()

    counter = SearchCounter(keep, every=0.01)
    for _ in range(1000):
        counter.count(["12105"])
    async with asyncio.timeout(10):
        await done.wait()
    assert written == [{"12105": 1000}]


async def test_counts_that_could_not_be_written_are_written_later() -> None:
    written: Counter[str] = Counter()
    done = asyncio.Event()
    tries = 0

    async def keep(counts: dict[str, int]) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            counter.count(["24510"])  # a search meanwhile
            raise OSError("the database is away")
        written.update(counts)
        done.set()

    counter = SearchCounter(keep, every=0.01)
    counter.count(["12105", "24510"])
    async with asyncio.timeout(10):
        await done.wait()
    assert written == {"12105": 1, "24510": 2}


async def test_processes_add_up_and_each_search_is_said_once(database) -> None:
    counters = [service.open_counter(database.session) for _ in range(3)]
    for counter in counters:
        counter.count(["12105", "24510"])
        counter.count(["12105"])
    await asyncio.gather(*(counter.flush() for counter in counters))
    await asyncio.gather(announced(database), announced(database))
    # Two at once may share the counties between them.
    events = await announced(database)
    assert sum((Counter(event.counts) for event in events), Counter()) == {"12105": 6, "24510": 3}
    assert sum(len(event.counts) for event in events) == 2
    assert all(event.since <= event.until for event in events)


async def test_nothing_searched_says_nothing(database) -> None:
    assert await announced(database) == []


async def test_counts_at_the_same_time_as_they_are_said_are_not_lost(database) -> None:
    async def searching() -> None:
        for _ in range(20):
            async with database.session() as session:
                await service.keep_searched(session, {"12105": 1, "24510": 2})

    async def saying() -> None:
        for _ in range(20):
            async with database.session() as session:
                await service.announce_searched(session)

    await asyncio.gather(searching(), searching(), saying(), saying())
    total: Counter[str] = Counter()
    for event in await announced(database):
        total.update(event.counts)
    assert total == {"12105": 40, "24510": 80}


async def test_a_search_over_http_is_counted(process_index, make_lien, database) -> None:
    await service.index_liens([make_lien(1)])
    app = create_app(title="search", routers=[router], databases={"search": database})
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://search") as client:
        for _ in range(2):
            assert (await client.get("/v1/search?q=armstrong")).json()["total"] == 1
        assert (await client.get("/v1/search?county=24510")).json()["total"] == 0
    await at_stop(app)
    [event] = await announced(database)
    assert event.counts == {"12105": 2, "24510": 1}


async def summarised(database) -> list[SearchesSummarised]:
    async with database.session() as session:
        await service.announce_kinds(session)
    async with database.session() as session:
        bodies = await session.scalars(
            text("SELECT body FROM search.outbox WHERE type = 'searches.summarised' ORDER BY seq")
        )
        return [decode(bytes(body)).event(SearchesSummarised) for body in bodies]


def test_a_kind_tells_how_was_asked_and_no_word_of_it() -> None:
    query = build_query(q="12 oak st fl under 5k", year=["2020"])
    assert (
        kind_of(query, hits()).name == "name+number+suffix/price+states+years/relevance_desc/none"
    )
    assert kind_of(build_query(), hits("12105")).name == "-/-/roi_desc/one"
    assert is_further_page(build_query(q="oak", page=2))


async def test_kinds_add_up_by_the_hour_and_each_is_said_once(database) -> None:
    at = datetime(2026, 11, 28, 10, 59, tzinfo=UTC)

    async def searching() -> None:
        for _ in range(10):
            async with database.session() as session:
                await service.keep_kinds(session, {"a": 1, "b": 2}, at)

    async def saying() -> None:
        for _ in range(10):
            async with database.session() as session:
                await service.announce_kinds(session)

    await asyncio.gather(searching(), searching(), saying(), saying())
    total: Counter[str] = Counter()
    for event in await summarised(database):
        assert event.hour == at.replace(minute=0)
        total.update(event.counts)
    assert total == {"a": 20, "b": 40}


async def test_kinds_that_somebody_makes_up_are_counted_together() -> None:
    written: list[dict[str, int]] = []

    async def keep(counts: dict[str, int]) -> None:
        written.append(counts)

    counter = SearchCounter(keep, most=2, rest=other)
    for name in ("a", "b", "c", "a", "d"):
        counter.count([name])
    await counter.flush()
    assert written == [{"a": 2, "b": 1, "other": 2}]


async def test_many_kinds_take_several_events(database) -> None:
    at = datetime(2026, 11, 28, 10, tzinfo=UTC)
    asked = {f"kind {number}": number + 1 for number in range(1_500)}
    async with database.session() as session:
        await service.keep_kinds(session, asked, at)
    events = await summarised(database)
    assert [len(event.counts) for event in events] == [1_000, 500]
    assert {**events[0].counts, **events[1].counts} == asked


async def test_a_search_over_http_has_a_kind(process_index, make_lien, database) -> None:
    await service.index_liens([make_lien(1)])
    app = create_app(
        title="search", routers=[router], databases={"search": database}, shortcuts=shortcuts
    )
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://search") as client:
        for _ in range(3):
            answer = await client.get("/v1/search?q=armstrong+under+5k")
    assert answer.json()["words"] == "armstrong"
    assert [chip["label"] for chip in answer.json()["chips"]] == ["up to $5,000"]
    await at_stop(app)
    [event] = await summarised(database)
    assert event.counts == {"name/price/relevance_desc/one+near": 3}
