"""The service of collecting for tests: a database of its own, servers of the run, short waits.

Import the fixture where it is used: ``from county_collector import collector``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from taxlien.interfaces.scraper import (
    ListCollected,
    ScrapeCompleted,
    ScrapeObserved,
    SourceResumed,
    SourceStopped,
)
from taxlien.kit.database import Database
from taxlien.kit.events import Event, decode
from taxlien.services.scraper import service
from taxlien.services.scraper.adapters import current
from taxlien.services.scraper.logic.sites import site_of

EVENTS: dict[str, type[Event]] = {
    kind.wire_type(): kind
    for kind in (ListCollected, ScrapeCompleted, ScrapeObserved, SourceResumed, SourceStopped)
}


class Collector:
    """The service with a database of its own, and the sites that a simulator plays."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def know(self, *documents: dict[str, Any]) -> None:
        """Let these site documents be the sources of the simulator."""
        async with self.database.session() as session:
            await service.record_sites(session, [site_of(d) for d in documents], shipped=False)

    async def begin(self, source: str, *, limit: int | None = None) -> UUID:
        async with self.database.session() as session:
            return await service.start_run(session, source, limit=limit)

    async def drive(self, run_id: UUID, *, seconds: float | None = None) -> bool:
        return await service.drive(self.database, run_id, stop=asyncio.Event(), seconds=seconds)

    async def collect(self, source: str, *, limit: int | None = None) -> dict[str, Any]:
        """Run a source to its end and return the run's row."""
        run_id = await self.begin(source, limit=limit)
        await self.drive(run_id)
        return await self.run(run_id)

    async def run(self, run_id: UUID) -> dict[str, Any]:
        [row] = await self.mappings("SELECT * FROM scraper.runs WHERE id = :id", id=run_id)
        return row

    async def source(self, name: str) -> dict[str, Any]:
        [row] = await self.mappings("SELECT * FROM scraper.sources WHERE name = :name", name=name)
        return row

    async def mappings(self, query: str, **values: Any) -> list[dict[str, Any]]:
        async with self.database.session() as session:
            return [dict(row._mapping) for row in await session.execute(text(query), values)]

    async def count(self, table: str, where: str = "true", **values: Any) -> int:
        query = f"SELECT count(*) AS n FROM scraper.{table} WHERE {where}"
        return int((await self.mappings(query, **values))[0]["n"])

    async def events(self, kind: type[Event] | None = None) -> list[Any]:
        """Return the events waiting in the outbox, oldest first, and empty it."""
        async with self.database.session() as session:
            rows = await session.execute(
                text("WITH gone AS (DELETE FROM scraper.outbox RETURNING seq, body)"
                     " SELECT body FROM gone ORDER BY seq")
            )  # fmt: skip
            envelopes = [decode(bytes(body)) for (body,) in rows]
        events = [envelope.event(EVENTS[envelope.type]) for envelope in envelopes]
        return [event for event in events if kind is None or isinstance(event, kind)]


@pytest.fixture
async def collector(
    database_for: Callable[..., Awaitable[Database]],
    stack_environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Collector]:
    """Nothing known yet; servers are the run's own, waits are short."""
    for name, value in stack_environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TAXLIEN_SCRAPER_RETRY_SECONDS", "0.05")
    monkeypatch.setenv("TAXLIEN_SCRAPER_FIRST_PAUSE", "0.02")
    monkeypatch.setenv("TAXLIEN_SCRAPER_LEASE_SECONDS", "5")
    monkeypatch.setenv("TAXLIEN_SCRAPER_BATCH_PAGES", "8")
    current.settings.cache_clear()
    current.blobs.cache_clear()
    yield Collector(await database_for("scraper"))
    await current.close()
    current.settings.cache_clear()
    current.blobs.cache_clear()
