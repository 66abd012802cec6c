"""A portal's list from its first page to the file the catalogue is told of, and a folder's files."""

from __future__ import annotations

import asyncio
import csv
import io
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from sqlalchemy import text

from taxlien.interfaces.scraper import ListCollected
from taxlien.kit.events import decode
from taxlien.services.scraper import service
from taxlien.services.scraper.adapters import current
from taxlien.services.scraper.logic.sites import site_of


class Portal:
    """A Socrata portal with one data set: pages by row id, counts, ETags. A real HTTP server."""

    def __init__(self) -> None:
        self.rows: list[dict[str, str]] = []
        self.counted: int | None = None
        self.asked: list[str] = []
        self.answered: list[int] = []
        portal = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                portal.answer(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/data.example.gov"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(request.path)
        if parts.path.endswith("robots.txt"):
            request.send_error(404)
            return
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.asked.append(request.path)
        if query.get("$select") == "count(*)":
            count = len(self.rows) if self.counted is None else self.counted
            body = msgspec.json.encode([{"count": str(count)}])
        else:
            assert query["$order"] == ":id"
            start = int(query["$offset"])
            body = self.page(self.rows[start : start + int(query["$limit"])])
        etag = f'"{hash(body)}"'
        same = request.headers.get("If-None-Match") == etag
        self.answered.append(304 if same else 200)
        request.send_response(304 if same else 200)
        request.send_header("ETag", etag)
        request.send_header("Content-Type", "text/csv; charset=UTF-8")
        request.send_header("Content-Length", "0" if same else str(len(body)))
        request.end_headers()
        if not same:
            request.wfile.write(body)

    def page(self, rows: list[dict[str, str]]) -> bytes:
        out = io.StringIO()
        writer = csv.DictWriter(out, ["pin", "amount"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return out.getvalue().encode()

    def document(self, **start: str) -> dict[str, Any]:
        return {
            "name": "il_portal",
            "platform": "open_data",
            "title": "A portal",
            "county_fips": "17031",
            "base_url": self.url,
            "legal_status": "synthetic",
            "politeness": {"requests_per_second": 10000, "burst": 100},
            "expected": {"min_records": 1},
            "start": {"mapping": "m", "dataset": "abcd-1234", "page_rows": "4", **start},
        }


@pytest.fixture
def portal() -> Iterator[Portal]:
    found = Portal()
    found.rows = [{"pin": f"{n:05d}", "amount": f"{n}.50"} for n in range(10)]
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
async def database(database_for, stack_environment, monkeypatch, tmp_path) -> AsyncIterator[Any]:
    for name, value in stack_environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TAXLIEN_SCRAPER_DROPS_URL", tmp_path.as_uri())
    monkeypatch.setenv("TAXLIEN_SCRAPER_RETRY_SECONDS", "0.05")
    current.settings.cache_clear()
    current.blobs.cache_clear()
    yield await database_for("scraper")
    await current.close()
    current.settings.cache_clear()
    current.blobs.cache_clear()


async def collect(database, document: dict[str, Any]) -> tuple[str, list[ListCollected]]:
    """Run the source to its end; return the run's state and the lists told of."""
    site = site_of(document)
    async with database.session() as session:
        await service.record_sites(session, [site], shipped=False)
        await session.execute(text("UPDATE scraper.sources SET status = 'active', reason = NULL"))
    async with database.session() as session:
        run_id = await service.start_run(session, site.source)
    await service.drive(database, run_id, stop=asyncio.Event(), seconds=None)
    async with database.session() as session:
        state = await session.scalar(
            text("SELECT state FROM scraper.runs WHERE id = :id"), {"id": run_id}
        )
        bodies = await session.scalars(
            text("WITH gone AS (DELETE FROM scraper.outbox WHERE type = 'list.collected'"
                 " RETURNING seq, body) SELECT body FROM gone ORDER BY seq")
        )  # fmt: skip
        events = [decode(bytes(body)).event(ListCollected) for body in bodies]
    return str(state), events


async def content(event: ListCollected) -> str:
    return (await current.blobs().get(event.sha256)).decode()


async def test_a_portals_pages_become_one_file_and_one_event(database, portal: Portal) -> None:
    state, [event] = await collect(database, portal.document())
    assert state == "published"
    assert await content(event) == portal.page(portal.rows).decode()
    assert (event.mapping, event.file_name) == ("m", "il_portal.csv")
    assert len(portal.asked) == 4


async def test_an_unchanged_list_is_asked_for_by_its_etag_and_not_told_of_again(
    database, portal: Portal
) -> None:
    await collect(database, portal.document())
    portal.answered.clear()
    assert await collect(database, portal.document()) == ("published", [])
    assert portal.answered == [304] * 4


async def test_a_list_that_grew_is_told_of_whole_with_its_unchanged_pages(
    database, portal: Portal
) -> None:
    await collect(database, portal.document())
    portal.rows += [{"pin": f"9{n:04d}", "amount": "1.00"} for n in range(7)]
    portal.answered.clear()
    state, [event] = await collect(database, portal.document())
    assert state == "published"
    assert await content(event) == portal.page(portal.rows).decode()
    assert portal.answered.count(304) == 2


async def test_a_list_that_shrank_is_told_of_without_what_went(database, portal: Portal) -> None:
    await collect(database, portal.document())
    del portal.rows[3:]
    _, [event] = await collect(database, portal.document())
    assert await content(event) == portal.page(portal.rows).decode()


async def test_a_list_with_fewer_rows_than_its_portal_counts_is_quarantined(
    database, portal: Portal
) -> None:
    portal.counted = 12
    assert await collect(database, portal.document()) == ("quarantined", [])


async def test_files_of_a_folder_are_told_of_one_by_one_and_only_when_they_changed(
    database, tmp_path: Path
) -> None:
    (tmp_path / "one").mkdir()
    for year in (2024, 2025):
        (tmp_path / "one" / f"list_{year}.csv").write_text(f"a\n{year}\n")
    document = {
        "name": "one",
        "platform": "file_drop",
        "title": "One",
        "county_fips": "08069",
        "base_url": "https://county.example.gov",
        "legal_status": "county_download",
        "start": {"mapping": "m", "files": "list_{year}.csv"},
    }
    state, events = await collect(database, document)
    assert state == "published"
    assert [event.parameters for event in events] == [{"year": "2024"}, {"year": "2025"}]
    assert await collect(database, document) == ("published", [])
    (tmp_path / "one" / "list_2025.csv").write_text("a\n2025 again\n")
    _, [event] = await collect(database, document)
    assert await content(event) == "a\n2025 again\n"
