"""Collected lists are imported by a job: once, whole or not at all, the latest winning."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from taxlien.interfaces.liens import ListImported
from taxlien.interfaces.scraper import ListCollected, SourceCard
from taxlien.kit.blobs import Blobs
from taxlien.kit.ids import new_id
from taxlien.services.liens import events
from taxlien.services.liens.service.lists import MAX_ATTEMPTS
from taxlien.services.liens.tasks import import_lists, import_next

HEADER = (
    "SCHEDULE_NUMBER,CERTIFICATE_NUMBER,ISSUE_DATE,SUBTAX,REDEMPTION_DATE,TAX_YEAR,PRINCIPAL,"
    "INTEREST,PREMIUMBIDFEE,TREASURERDEEDFEE"
)
KILLED = """
import asyncio, sys
from taxlien.kit.blobs import Blobs
from taxlien.kit.database import Database
from taxlien.kit.settings import KitSettings, read_settings
from taxlien.services.liens.tasks import import_next
settings = read_settings(KitSettings)
database = Database(settings.database_url_for("liens"), service="liens", pool_size=1)
asyncio.run(import_next(database, Blobs.from_settings(settings)))
"""
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SOURCE = SourceCard(
    name="open_data/co_larimer",
    title="Larimer County",
    platform="open_data",
    county_fips="08069",
    legal_status="open_data",
    url="https://data.example",
)
Collect = Callable[..., Any]


def csv(rows: int, principal: int = 100) -> bytes:
    lines = (f"R{n:07d},{n},11/14/01,N,,2000,{principal}.66,0,0,0" for n in range(1, rows + 1))
    return ("\n".join([HEADER, *lines]) + "\n").encode()


@pytest.fixture
def blobs(kit_settings: Any) -> Blobs:
    return Blobs.from_settings(kit_settings)


@pytest.fixture
def collect(catalogue: Any, blobs: Blobs) -> Collect:
    """``await collect(content, minute)``: a list was fetched then; returns the event that tells it."""

    async def tell(content: bytes, minute: float = 0.0, **fields: Any) -> ListCollected:
        stored = await blobs.put_if_absent(content)
        known: dict[str, Any] = {
            "run_id": new_id(),
            "source": SOURCE,
            "url": "https://data.example/larimer.csv",
            "file_name": "liens.csv",
            "fetched_at": NOON + timedelta(minutes=minute),
            "sha256": stored.sha256,
            "size_bytes": stored.size,
            "mapping": "larimer_co",
        }
        event = ListCollected(**known | fields)
        for _ in range(2):  # delivered twice
            async with catalogue.database.session() as session:
                await events.accept_lists(session, [event])
        return event

    return tell


async def told(catalogue: Any) -> list[ListImported]:
    return [event for event in await catalogue.events() if isinstance(event, ListImported)]


async def test_list_is_imported_once_with_its_address_and_time(
    catalogue: Any, collect: Collect, blobs: Blobs
) -> None:
    event = await collect(csv(1000))
    assert [await import_next(catalogue.database, blobs) for _ in range(2)] == [True, False]
    [done] = await told(catalogue)
    assert (done.outcome, done.counts["new"], done.run_id) == ("imported", 1000, event.run_id)
    assert (done.source, done.county_fips) == ("open_data/co_larimer", "08069")
    said = await catalogue.rows("SELECT DISTINCT url, fetched_at FROM liens.observations")
    assert said == [("https://data.example/larimer.csv", NOON)]
    assert await catalogue.rows("SELECT status, source_id IS NOT NULL FROM liens.imports") == [
        ("done", True)
    ]
    assert await catalogue.rows("SELECT liens FROM liens.coverage") == [(1000,)]


async def test_same_file_again_is_told_as_unchanged_and_an_older_one_as_superseded(
    catalogue: Any, collect: Collect, blobs: Blobs
) -> None:
    await collect(csv(1000), 10)
    await import_next(catalogue.database, blobs)
    await collect(csv(1000), 20)
    await collect(csv(1000, principal=7), 5)
    while await import_next(catalogue.database, blobs):
        pass
    outcomes = [event.outcome for event in await told(catalogue)]
    assert outcomes == ["imported", "superseded", "unchanged"]
    assert await catalogue.rows("SELECT DISTINCT face_amount::text FROM liens.liens") == [
        ("100.66",)
    ]
    assert await catalogue.count("imports") == 1


async def test_file_that_returns_after_another_one_is_imported_again(
    catalogue: Any, collect: Collect, blobs: Blobs
) -> None:
    for minute, principal in enumerate((100, 7, 100)):
        await collect(csv(1000, principal), minute)
        await import_next(catalogue.database, blobs)
    assert [event.outcome for event in await told(catalogue)] == ["imported"] * 3
    assert await catalogue.rows("SELECT DISTINCT face_amount::text FROM liens.liens") == [
        ("100.66",)
    ]


@pytest.mark.parametrize(
    ("content", "fields", "reason"),
    [
        (b"<html>An error page</html>", {}, "cannot be read"),
        (HEADER.encode() + b"\nR1,1,nonsense,N,,2000,x,0,0,0\n", {}, "rejected"),
        (csv(1), {"mapping": "no_such"}, "no mapping"),
    ],
)
async def test_list_that_cannot_be_taken_is_refused_with_the_reason(
    catalogue: Any,
    collect: Collect,
    blobs: Blobs,
    content: bytes,
    fields: dict[str, Any],
    reason: str,
) -> None:
    await collect(content, **fields)
    await import_next(catalogue.database, blobs)
    [done] = await told(catalogue)
    assert done.outcome == "refused"
    assert reason in (done.reason or "")
    assert await catalogue.count("liens") == 0
    assert await catalogue.rows("SELECT state FROM liens.source_runs") == [("refused",)]


async def test_list_whose_file_is_missing_waits_and_is_given_up_in_the_end(
    catalogue: Any, collect: Collect, blobs: Blobs
) -> None:
    await collect(csv(1), sha256="ab" * 32)
    await import_next(catalogue.database, blobs)
    [(state, attempts, reason, waits)] = await catalogue.rows(
        "SELECT state, attempts, reason, next_at > now() FROM liens.pending_imports"
    )
    assert (state, attempts, waits) == ("waiting", 1, True)
    assert "BlobMissing" in reason
    await _make_due(catalogue, attempts=MAX_ATTEMPTS)
    await import_next(catalogue.database, blobs)
    [done] = await told(catalogue)
    assert (done.outcome, "given up" in (done.reason or "")) == ("refused", True)


async def _make_due(catalogue: Any, attempts: int) -> None:
    async with catalogue.database.session() as session:
        await session.execute(
            text("UPDATE liens.pending_imports SET next_at = now(), attempts = :n"),
            {"n": attempts},
        )


async def test_job_imports_what_waits_until_it_is_stopped(
    catalogue: Any, collect: Collect, stack_environment: dict[str, str], monkeypatch: Any
) -> None:
    for name, value in stack_environment.items():
        monkeypatch.setenv(name, value)
    await collect(csv(1000))
    stop = asyncio.Event()
    job = asyncio.create_task(import_lists(catalogue.database, stop))
    async with asyncio.timeout(20):
        while await catalogue.count("liens") < 1000:  # noqa: ASYNC110 - a database tells nobody
            await asyncio.sleep(0.05)
    stop.set()
    await job


@pytest.mark.tough
async def test_import_whose_worker_is_killed_is_whole_after_the_next_attempt(
    catalogue: Any,
    collect: Collect,
    blobs: Blobs,
    stack_environment: dict[str, str],
) -> None:
    rows = 20_000
    await collect(csv(rows))
    url = catalogue.database.engine.url.set(drivername="postgresql")
    environment = {
        **os.environ,
        **stack_environment,
        "TAXLIEN_LIENS_DATABASE_URL": url.render_as_string(hide_password=False),
    }
    worker = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED, env=environment)
    await _writing(catalogue)
    worker.kill()
    await worker.wait()
    assert await catalogue.count("liens") == 0
    assert await import_next(catalogue.database, blobs) is False  # its lease runs still
    await _make_due(catalogue, attempts=1)
    async with asyncio.timeout(30):  # the server lets go once it sees that the worker is gone
        while not await import_next(catalogue.database, blobs):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert await catalogue.count("liens") == rows
    assert [event.outcome for event in await told(catalogue)] == ["imported"]


async def _writing(catalogue: Any) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = await catalogue.rows(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
            " AND query LIKE 'COPY%' AND pid <> pg_backend_pid() AND state = 'active'"
        )
        if found:
            return
        await asyncio.sleep(0.01)
    pytest.fail("the import did not begin to write")
