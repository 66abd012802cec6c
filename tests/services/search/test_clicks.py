"""Which hits are opened: named by the answer they stood in, counted by kind and position, said once."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx2
import pytest
from sqlalchemy import text

from taxlien.interfaces.search import Clicks, SearchesSummarised
from taxlien.kit.errors import InvalidInput
from taxlien.kit.events import decode
from taxlien.kit.http.app import create_app
from taxlien.services.search import service
from taxlien.services.search.adapters import current
from taxlien.services.search.adapters.click_counter import Click, ClickCounter
from taxlien.services.search.endpoints import at_stop, router, shortcuts
from taxlien.services.search.logic.clicks import summed
from taxlien.services.search.logic.counting import Kind
from taxlien.services.search.logic.search_ids import SearchIds, ShownPage

AT = datetime(2026, 11, 28, 10, 59, tzinfo=UTC)
OLD, NEW = b"o" * 32, b"n" * 32
PAGE = ShownPage(
    Kind(("name", "number"), ("area", "price"), "distance_asc", "many+near"), before=40, shown=20
)


def test_an_id_says_what_was_asked_and_nothing_that_was_typed() -> None:
    ids = SearchIds([OLD])
    found = ids.issue(PAGE, b"12 oak st", AT)
    assert ids.read(found, AT) == PAGE
    assert len(found) == 56
    assert found.replace("-", "").replace("_", "").isalnum()
    assert found != ids.issue(PAGE, b"12 elm st", AT)
    assert found == ids.issue(PAGE, b"12 oak st", AT - timedelta(minutes=59))


def test_an_id_that_was_made_elsewhere_or_changed_names_nothing() -> None:
    ids = SearchIds([OLD])
    found = ids.issue(PAGE, b"q", AT)
    turned = [found[:n] + ("A" if found[n] != "A" else "B") + found[n + 1 :] for n in range(56)]
    for bad in (*turned, found[:-1], found + "A", "", "x", "\u00e9" * 56, "=" * 56):
        with pytest.raises(InvalidInput) as refused:
            ids.read(bad, AT)
        assert refused.value.field == "search_id"
    with pytest.raises(InvalidInput):
        SearchIds([NEW]).read(found, AT)


def test_an_id_is_known_for_a_day_also_by_a_key_that_was_replaced() -> None:
    found = SearchIds([OLD]).issue(PAGE, b"q", AT)
    rotated = SearchIds([NEW, OLD])
    assert rotated.read(found, AT + timedelta(hours=24)) == PAGE
    assert SearchIds([NEW]).read(rotated.issue(PAGE, b"q", AT), AT) == PAGE
    for at in (AT + timedelta(hours=25), AT - timedelta(hours=2)):
        with pytest.raises(InvalidInput):
            rotated.read(found, at)


def test_positions_are_told_by_bands_and_their_reciprocals_exactly() -> None:
    found = summed([(1, 3), (2, 1), (3, 1), (4, 1), (5, 1), (10, 1), (21, 1), (51, 1), (9_000, 1)])
    assert found.positions == {
        "1": 3, "2": 1, "3": 1, "4-5": 2, "6-10": 1, "21-50": 1, "51+": 2
    }  # fmt: skip
    ranks = 3 + 1 / 2 + 1 / 3 + 1 / 4 + 1 / 5 + 1 / 10 + 1 / 21 + 1 / 51 + 1 / 9_000
    assert found.reciprocal_ranks == pytest.approx(ranks, abs=1e-6)


def click(position: int = 1, *, who: str = "a", lien: int = 1, kind: str = "k") -> Click:
    return Click(who, "s", UUID(int=lien), kind, position)


async def counted(*clicks: Click, **bounds: int) -> dict[tuple[str, int], int]:
    total: Counter[tuple[str, int]] = Counter()

    async def keep(counts: dict[tuple[str, int], int]) -> None:
        total.update(counts)

    counter = ClickCounter(keep, **bounds)
    for one in clicks:
        counter.count(one)
    await counter.flush()
    return dict(total)


async def test_who_opens_a_hit_again_counts_once() -> None:
    again = [click(1), click(1), click(1, who="b"), click(2, lien=2), click(2, lien=2)]
    assert await counted(*again) == {("k", 1): 2, ("k", 2): 1}


async def test_who_makes_up_liens_or_positions_counts_no_more_than_a_page_has() -> None:
    liens = [click(1 + n % 2, lien=n) for n in range(10)]
    assert await counted(*liens) == {("k", 1): 1, ("k", 2): 1}
    assert await counted(*(click(n) for n in range(1, 10))) == {("k", 1): 1}


async def test_what_is_remembered_and_counted_apart_has_an_end() -> None:
    many = [click(1, who=str(n)) for n in range(5)]
    assert await counted(*many, many[0], most=3) == {("k", 1): 6}
    far = [click(n, lien=n, kind=f"k{n}") for n in (1, 2, 3, 60, 70)]
    assert await counted(*far, most_names=2) == {
        ("k1", 1): 1, ("k2", 2): 1, ("other", 3): 1, ("other", 51): 2
    }  # fmt: skip


@pytest.fixture
async def database(database_for):
    return await database_for("search")


async def summarised(database) -> list[SearchesSummarised]:
    async with database.session() as session:
        await service.announce_kinds(session)
    async with database.session() as session:
        bodies = await session.scalars(
            text("SELECT body FROM search.outbox WHERE type = 'searches.summarised' ORDER BY seq")
        )
        return [decode(bytes(body)).event(SearchesSummarised) for body in bodies]


async def test_clicks_add_up_by_the_hour_and_each_is_said_once(database) -> None:
    async def opening() -> None:
        for _ in range(10):
            async with database.session() as session:
                await service.keep_clicks(session, {("a", 1): 1, ("b", 4): 2}, AT)

    async def saying() -> None:
        for _ in range(5):
            async with database.session() as session:
                await service.announce_kinds(session)

    await asyncio.gather(opening(), opening(), saying(), saying())
    positions: Counter[tuple[str, str]] = Counter()
    for event in await summarised(database):
        assert (event.hour, event.counts) == (AT.replace(minute=0), {})
        for kind, clicks in event.clicks.items():
            positions.update({(kind, band): count for band, count in clicks.positions.items()})
    assert positions == {("a", "1"): 20, ("b", "4-5"): 40}


@pytest.fixture
async def apps(process_index, make_lien, database):
    """Two processes of search, as far as an app tells them apart, that share a database."""
    await service.index_liens([make_lien(n) for n in range(1, 6)])
    made = [
        create_app(
            title="search", routers=[router], databases={"search": database}, shortcuts=shortcuts
        )
        for _ in range(2)
    ]
    clients = [
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://search")
        for app in made
    ]
    yield [*zip(made, clients, strict=True)]
    for app, client in zip(made, clients, strict=True):
        await client.aclose()
        await at_stop(app)  # a timer of its would write into what the next test finds


def opened(answer: httpx2.Response, place: int, position: int) -> dict[str, object]:
    found = answer.json()
    return {
        "search_id": found["search_id"],
        "lien_id": found["items"][place]["lien_id"],
        "position": position,
    }


async def test_hits_of_all_pages_are_opened_at_their_place_among_all(apps, database) -> None:
    [(app, client), _] = apps
    for order in ("relevance_desc", "year_asc"):
        question = f"/v1/search?q=armstrong&page_size=2&sort={order}"
        first = await client.get(question)
        numbered = await client.get(f"{question}&page=2")
        onward = await client.get(f"{question}&cursor={first.json()['next_cursor']}")
        last = await client.get(f"{question}&cursor={onward.json()['next_cursor']}")
        for answer, place, position in (
            (first, 1, 2),
            (numbered, 0, 3),
            (onward, 1, 4),
            (last, 0, 5),
        ):
            sent = await client.post("/v1/search/clicks", json=opened(answer, place, position))
            assert (sent.status_code, sent.content) == (204, b""), sent.text
        for answer, position in ((first, 3), (numbered, 2), (onward, 5), (last, 6)):
            sent = await client.post("/v1/search/clicks", json=opened(answer, 0, position))
            assert sent.status_code == 422
            assert [error["field"] for error in sent.json()["errors"]] == ["position"]
    await app.state.search_counters.clicks.flush()
    [event] = await summarised(database)
    told = Clicks(positions={"2": 1, "3": 1, "4-5": 2}, reciprocal_ranks=1.283333)
    assert event.clicks == {f"name/-/{o}/page+near": told for o in ("relevance_desc", "year_asc")}


async def test_the_same_click_sent_twice_counts_once_by_its_key_also_elsewhere(
    apps, database
) -> None:
    (app, client), (other_app, elsewhere) = apps
    body = opened(await client.get("/v1/search?q=armstrong"), 0, 1)
    key = {"idempotency-key": str(uuid4())}
    for ask in (client, client, elsewhere):
        sent = await ask.post("/v1/search/clicks", json=body, headers=key)
        assert (sent.status_code, sent.content) == (204, b"")
    assert sent.headers["idempotency-replayed"] == "true"
    assert (await client.post("/v1/search/clicks", json=body)).status_code == 204
    stranger = {"x-forwarded-for": "203.0.113.7"}
    assert (await client.post("/v1/search/clicks", json=body, headers=stranger)).is_success
    for one in (app, other_app):
        if hasattr(one.state, "search_counters"):
            await one.state.search_counters.clicks.flush()
    events = await summarised(database)
    assert [clicks.positions for event in events for clicks in event.clicks.values()] == [{"1": 2}]


async def test_what_is_no_hit_of_an_answer_is_refused_by_name(apps, monkeypatch) -> None:
    [(_, client), _] = apps
    nothing = (await client.get("/v1/search?q=xyzzyq")).json()["search_id"]
    good = opened(await client.get("/v1/search?q=armstrong"), 0, 1)
    wrong = (
        ({"search_id": "x"}, "search_id"),
        ({"search_id": "A" * 56}, "search_id"),
        ({"search_id": "A" * 65}, "search_id"),
        ({"search_id": nothing}, "position"),
        ({"position": 0}, "position"),
        ({"position": "1"}, "position"),
        ({"position": 10**30}, "position"),
        ({"lien_id": "x"}, "lien_id"),
    )
    for change, field in wrong:
        sent = await client.post("/v1/search/clicks", json={**good, **change})
        assert sent.status_code == 422, change
        assert [error["field"] for error in sent.json()["errors"]] == [field]
    monkeypatch.delenv("TAXLIEN_SEARCH_ID_KEYS")
    await current.close()
    assert (await client.get("/v1/search?q=armstrong")).json()["search_id"] is None
    sent = await client.post("/v1/search/clicks", json=good)
    assert [error["field"] for error in sent.json()["errors"]] == ["search_id"]
