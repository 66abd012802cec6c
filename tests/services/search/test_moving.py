"""A score that comes into the bounds of a saved search is told once; one that stays inside tells nothing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text

from taxlien.interfaces.liens import Lien, LienChanged, LienCreated
from taxlien.interfaces.ml import LienScored, RiskScore
from taxlien.interfaces.search import SearchMatched
from taxlien.kit.bus import Outgoing, connect_bus
from taxlien.kit.consumer import Consumer
from taxlien.kit.database import Database
from taxlien.kit.events import Event, decode, encode, wrap
from taxlien.kit.ids import new_id
from taxlien.kit.security.identity import Caller
from taxlien.services.search import events, service, tasks
from taxlien.services.search.logic.saved import condition_of
from taxlien.services.search.logic.saved_queries import SavedQueries

DEADLINE = 30.0
NOW = datetime(2026, 11, 1, tzinfo=UTC)
LOW = {"county": ["12105"], "score_max": ["30"]}


class Catalogue:
    """The liens service as it answers for some ids: a real HTTP server, away while ``away``."""

    def __init__(self) -> None:
        self.liens: dict[UUID, Lien] = {}
        self.away = False
        catalogue = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                if catalogue.away or parts.path != "/internal/liens/named":
                    self.send_error(404)
                    return
                ids = [UUID(value) for value in parse_qs(parts.query)["id"]]
                items = [catalogue.liens[i] for i in ids if i in catalogue.liens]
                body = msgspec.json.encode({"items": items})
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def catalogue(monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalogue]:
    served = Catalogue()
    monkeypatch.setenv("TAXLIEN_SEARCH_LIENS_URL", served.url)
    yield served
    served.server.shutdown()
    served.server.server_close()


class Moving:
    """Somebody with saved searches, liens in catalogue and index, and scores that are said of them."""

    def __init__(self, database: Database, catalogue: Catalogue) -> None:
        self.database, self.catalogue = database, catalogue
        self.ann = Caller(new_id(), None, "enterprise", frozenset({"investor"}))

    async def save(self, query: dict[str, list[str]]) -> UUID:
        async with self.database.session() as session:
            found = await service.save_search(session, self.ann, "a search", query, "daily")
            return found.search_id

    async def know(self, *liens: Lien) -> None:
        self.catalogue.liens.update({lien.lien_id: lien for lien in liens})
        async with self.database.session() as session:
            await service.index_arrived(session, list(liens))

    async def hear(self, *said: Event) -> list[tuple[int, str]]:
        """Hand each in twice, and let what waits be told; returns what is announced by it."""
        before = len(await self.said())
        for event in said + said:
            async with self.database.session() as session:
                if isinstance(event, LienScored):
                    await events.keep_scores(session, [event])
                else:
                    await events.match_liens(session, [event])  # type: ignore[list-item]
        for _ in range(2):
            async with self.database.session() as session:
                waiting = await service.waiting_moves(session)
                liens = [self.catalogue.liens[i] for i in waiting if i in self.catalogue.liens]
                await service.announce_moves(session, waiting, liens)
        return [(one.lien.lien_id.int, one.cause) for one in (await self.said())[before:]]

    async def said(self) -> list[SearchMatched]:
        async with self.database.session() as session:
            bodies = await session.scalars(text("SELECT body FROM search.outbox ORDER BY seq"))
            return [decode(bytes(body)).event(SearchMatched) for body in bodies]


@pytest.fixture
async def moving(database_for, process_index, catalogue) -> Moving:
    return Moving(await database_for("search"), catalogue)


def scored(scores: dict[int, int | None], *, appointment: int = 1, version: int = 1) -> LienScored:
    return LienScored(
        county_fips="12105", model_version=1, appointment=appointment, synthetic=False, at=NOW,
        scores=tuple(
            RiskScore(lien_id=UUID(int=n), version=version, score=score)
            for n, score in scores.items()
        ),
    )  # fmt: skip


async def test_a_score_that_comes_into_bounds_is_told_once_with_the_whole_lien(
    moving, make_lien
) -> None:
    liens = [make_lien(n) for n in (1, 2, 3)] + [make_lien(4, county_fips="12086")]
    await moving.know(*liens)
    assert await moving.hear(scored({1: 20})) == []  # nobody asks for scores yet
    search_id = await moving.save(LOW)
    assert await moving.hear(scored({1: 25}, appointment=2)) == []  # inside before and after
    assert await moving.hear(scored({2: 30, 3: 31, 4: 5})) == [(2, "scored")]
    [told] = await moving.said()
    assert (told.search_id, told.user_id, told.lien) == (search_id, moving.ann.user_id, liens[1])
    assert told.price == Decimal("2400.00")
    assert await moving.hear(scored({2: 60, 3: 30}, appointment=2)) == [(3, "scored")]
    assert await moving.hear(scored({2: 10, 3: None}, appointment=3)) == []  # told before


async def test_a_lien_that_changes_is_tried_with_the_score_it_has(moving, make_lien) -> None:
    dear = make_lien(1, face_amount=Decimal(9000))
    await moving.know(dear)
    await moving.save({**LOW, "price_max": ["3000"]})
    assert await moving.hear(LienCreated(lien=dear), scored({1: 20})) == []
    cheap = msgspec.structs.replace(dear, version=2, face_amount=Decimal(900))
    await moving.know(cheap)
    assert await moving.hear(LienChanged(lien=cheap, changed=("face_amount",))) == [(1, "changed")]


async def test_what_the_index_does_not_have_yet_is_asked_of_the_catalogue(
    moving, make_lien
) -> None:
    await moving.save(LOW)
    old, new, unknown = make_lien(1, county_fips="12086"), make_lien(1, version=2), make_lien(2)
    await moving.know(old)
    said = scored({1: 20, 2: 20}, version=2)
    assert await moving.hear(said) == []  # the catalogue is behind too: they wait
    moving.catalogue.liens.update({UUID(int=1): new, UUID(int=2): unknown})
    assert await moving.hear() == [(1, "scored")]
    moving.catalogue.liens[UUID(int=2)] = make_lien(2, version=2, county_fips="12086")
    assert await moving.hear() == []
    async with moving.database.session() as session:
        assert await service.waiting_moves(session) == []


async def test_the_walk_over_the_bus_tells_it_once_and_waits_for_the_catalogue(
    moving, make_lien, bus_url
) -> None:
    bus, stop = connect_bus(bus_url), asyncio.Event()
    await moving.save(LOW)
    moving.catalogue.away = True
    liens = [make_lien(n) for n in range(1, 6)]
    moving.catalogue.liens = {lien.lien_id: lien for lien in liens}
    work = [
        asyncio.create_task(Consumer(moving.database, bus, handler, service="search").run(stop))
        for handler in (events.index_liens, events.match_liens, events.keep_scores)
    ]
    work.append(asyncio.create_task(tasks.announce_moves(moving.database, stop)))

    async def publish(*said: Event, source: str) -> None:
        envelopes = [wrap(event, source=source) for event in said]
        out = [Outgoing(e.id, e.type, e.subject, encode(e)) for e in envelopes]
        await bus.publish(out + out)

    async def until(true: Any) -> None:
        async with asyncio.timeout(DEADLINE):
            while not await true():
                await asyncio.wait(work, timeout=0.02)

    async def is_waiting() -> bool:
        async with moving.database.session() as session:
            return len(await service.waiting_moves(session)) == 3

    async def is_told() -> bool:
        return len(await moving.said()) >= 3

    try:
        await publish(*[LienCreated(lien=lien) for lien in liens], source="liens")
        await publish(scored({1: 10, 2: 20, 3: 30, 4: 40}), source="ml")
        await until(is_waiting)
        moving.catalogue.away = False
        await until(is_told)
        assert sorted(one.lien.lien_id.int for one in await moving.said()) == [1, 2, 3]
    finally:
        stop.set()
        await asyncio.gather(*work)
        await bus.close()


def test_bounds_tell_which_scores_can_matter() -> None:
    queries = SavedQueries()
    queries.put(1, condition_of({"county": ["12105"]}))
    assert not queries.crossed(None, 5)
    queries.put(2, condition_of(LOW))
    queries.put(3, condition_of({"score_min": ["60"], "score_max": ["70"]}))
    assert (len(queries), len(queries.scored)) == (3, 2)
    moves = ((None, 30), (31, 30), (80, 65), (30, 29), (None, 31), (65, 80), (10, None))
    assert [queries.crossed(*move) for move in moves] == [True] * 3 + [False] * 4
    queries.remove(2)
    queries.put(3, condition_of({"county": ["12105"]}))
    assert not queries.crossed(31, 30)
    assert (len(queries), len(queries.scored)) == (2, 0)
