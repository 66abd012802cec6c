"""The index is built anew from the catalogue, over HTTP, while liens go on changing."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import msgspec
import pytest

from taxlien.interfaces.liens import Lien
from taxlien.kit.migrations import pending_changes
from taxlien.services.search import models, service, tasks
from taxlien.services.search.adapters import current
from taxlien.services.search.logic.query import SearchQuery

PAGE = 100
DEADLINE = 30.0


class Catalogue:
    """A liens service that exports: a real HTTP server with the agreed address and shape."""

    def __init__(self) -> None:
        self.liens: dict[UUID, Lien] = {}
        self.pages = 0
        self.broken_after: int | None = None
        catalogue = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                catalogue.answer(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(request.path)
        query = parse_qs(parts.query)
        self.pages += 1
        if parts.path != "/internal/liens/export":
            request.send_error(404)
            return
        if self.broken_after is not None and self.pages > self.broken_after:
            request.send_error(500)
            return
        after = UUID(query["after"][0]) if "after" in query else UUID(int=0)
        limit = min(int(query["limit"][0]), PAGE)
        left = sorted(lien_id for lien_id in list(self.liens) if lien_id > after)
        page = [self.liens[lien_id] for lien_id in left[:limit]]
        more = str(page[-1].lien_id) if len(left) > limit else None
        body = msgspec.json.encode({"items": page, "next": more})
        request.send_response(200)
        request.send_header("content-length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)


@pytest.fixture
def catalogue(monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalogue]:
    served = Catalogue()
    monkeypatch.setenv("TAXLIEN_SEARCH_LIENS_URL", served.url)
    yield served
    served.server.shutdown()
    served.server.server_close()


@pytest.fixture
async def watching(database_for, process_index, catalogue):
    """The worker's job at work, in a database of this test's own."""
    database = await database_for("search")
    stop = asyncio.Event()
    job = asyncio.create_task(tasks.watch_rebuilds(database, stop))
    yield database
    stop.set()
    await job


async def until_ended(database, rebuild_id: UUID):
    for _ in range(int(DEADLINE * 50)):
        async with database.session() as session:
            rebuild = await service.get_rebuild(session, rebuild_id)
        if rebuild.status in ("done", "failed"):
            return rebuild
        await asyncio.sleep(0.02)
    raise AssertionError(f"the rebuild did not end: {rebuild.status} {rebuild.error}")


async def request(database) -> UUID:
    async with database.session() as session:
        return (await service.request_rebuild(session, "a test asked")).rebuild_id


async def versions() -> dict[UUID, int]:
    hits = await service.search(SearchQuery(limit=10_000, facets=False))
    items = [msgspec.json.decode(raw) for raw in hits.items]
    found = {UUID(item["lien_id"]): item["version"] for item in items}
    assert len(found) == len(items) == hits.total, "a lien was found twice"
    return found


async def test_new_worker_fills_an_empty_index_by_itself(watching, catalogue, make_lien) -> None:
    async with asyncio.timeout(DEADLINE):
        writer = await current.writer()
        for _ in range(3000):
            if not writer.needs_rebuild:
                break
            await asyncio.sleep(0.01)
    assert not writer.needs_rebuild


async def test_rebuild_takes_the_whole_catalogue_in_pages(watching, catalogue, make_lien) -> None:
    await until_ended(watching, await request(watching))
    catalogue.liens = {make_lien(n).lien_id: make_lien(n) for n in range(1, 451)}
    before = catalogue.pages
    rebuild = await until_ended(watching, await request(watching))
    assert (rebuild.status, rebuild.liens) == ("done", 450)
    assert catalogue.pages - before == 5
    assert await versions() == dict.fromkeys(catalogue.liens, 1)


async def test_no_change_is_lost_while_the_index_is_built(watching, catalogue, make_lien) -> None:
    """Liens change and appear while pages are read; each change is in the catalogue, then an event."""
    chance = random.Random(3)
    await until_ended(watching, await request(watching))
    catalogue.liens = {make_lien(n).lien_id: make_lien(n) for n in range(1, 1201)}
    rebuild_id = await request(watching)
    ended = asyncio.create_task(until_ended(watching, rebuild_id))
    rounds = 0
    while not ended.done() or rounds < 10:
        batch = []
        for n in (*chance.sample(range(1, 1201), 20), 2000 + rounds):
            known = catalogue.liens.get(UUID(int=n))
            batch.append(make_lien(n, version=known.version + 1 if known else 1))
        catalogue.liens.update({lien.lien_id: lien for lien in batch})
        await service.index_liens(batch)
        rounds += 1
    assert (await ended).status == "done"
    assert await versions() == {i: lien.version for i, lien in catalogue.liens.items()}


async def test_rebuild_that_breaks_off_is_tried_again_and_the_old_index_serves(
    watching, catalogue, make_lien
) -> None:
    await until_ended(watching, await request(watching))
    await service.index_liens([make_lien(1)])
    catalogue.liens = {make_lien(n).lien_id: make_lien(n) for n in range(1, 301)}
    catalogue.broken_after = catalogue.pages + 1
    rebuild_id = await request(watching)
    async with asyncio.timeout(DEADLINE):
        error = None
        while error is None:
            async with watching.session() as session:
                error = (await service.get_rebuild(session, rebuild_id)).error
            assert await versions() == {make_lien(1).lien_id: 1}
    assert "500" in error
    catalogue.broken_after = None
    assert (await until_ended(watching, rebuild_id)).status == "done"
    assert await versions() == dict.fromkeys(catalogue.liens, 1)


async def test_rebuild_left_running_by_a_dead_worker_is_begun_again(
    database_for, process_index, catalogue, make_lien
) -> None:
    database = await database_for("search")
    catalogue.liens = {make_lien(n).lien_id: make_lien(n) for n in range(1, 11)}
    rebuild_id = await request(database)
    async with database.session() as session:
        assert await service.claim_rebuild(session) == rebuild_id
    stop = asyncio.Event()
    job = asyncio.create_task(tasks.watch_rebuilds(database, stop))
    rebuild = await until_ended(database, rebuild_id)
    stop.set()
    await job
    assert (rebuild.status, rebuild.attempts, rebuild.liens) == ("done", 2, 10)


async def test_rebuild_is_given_up_after_many_attempts(database_for, process_index) -> None:
    database = await database_for("search")
    rebuild_id = await request(database)
    for _ in range(service.MAX_ATTEMPTS):
        async with database.session() as session:
            assert await service.claim_rebuild(session) == rebuild_id
    async with database.session() as session:
        assert await service.claim_rebuild(session) is None
    async with database.session() as session:
        assert (await service.get_rebuild(session, rebuild_id)).status == "failed"


async def test_asking_twice_is_one_rebuild(database_for) -> None:
    database = await database_for("search")
    assert await request(database) == await request(database)


async def test_migrations_make_the_tables_that_the_models_say(database_for) -> None:
    database = await database_for("search")
    url = database.engine.url
    assert await pending_changes("search", url, models.metadata) == []
