"""The jobs as they run: planned by the clock, carried by Valkey, done by workers of this process."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import text

from simulated_counties import SimulatedCounties
from taxlien.interfaces.scraper import ScrapeCompleted
from taxlien.kit.database import Database
from taxlien.kit.events import decode
from taxlien.kit.ids import new_id
from taxlien.kit.jobs import Work
from taxlien.kit.settings import KitSettings
from taxlien.kit.telemetry.traces import configure_traces
from taxlien.run.job_worker import running_jobs
from taxlien.run.jobs import jobs_of, queues_of
from taxlien.services.scraper import tasks
from taxlien.services.scraper.adapters import current

PROGRESS = """
SELECT count(*), count(*) FILTER (WHERE last_success_at IS NULL AND status = 'active')
FROM scraper.sources WHERE NOT shipped AND status <> 'off'
"""


@pytest.fixture
async def database(
    database_for: Callable[..., Awaitable[Database]],
    stack_environment: dict[str, str],
    two_counties: SimulatedCounties,
    kit_settings: KitSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> Database:
    found = await database_for("scraper")
    url = found.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    own = {
        "TAXLIEN_SCRAPER_DATABASE_URL": url,
        "TAXLIEN_SCRAPER_SIMULATOR_URL": two_counties.url,
        "TAXLIEN_SCRAPER_LEASE_SECONDS": "5",
        "TAXLIEN_JOBS_NAMESPACE": new_id().hex,
    }
    for name, value in (stack_environment | own).items():
        monkeypatch.setenv(name, value)
    configure_traces(kit_settings)
    current.settings.cache_clear()
    current.blobs.cache_clear()
    return found


async def rows(database: Database, query: str) -> list[Any]:
    async with database.session() as session:
        return list(await session.execute(text(query)))


async def all_done(database: Database) -> bool:
    [(known, waiting)] = await rows(database, PROGRESS)
    return bool(known and not waiting)


async def test_every_played_source_is_collected_once_by_the_clock_alone(
    database: Database, kit_settings: KitSettings
) -> None:
    jobs = jobs_of(["scraper"])
    async with running_jobs(kit_settings, jobs, ["jobs", "scheduler"]), asyncio.timeout(120):
        while not await all_done(database):  # noqa: ASYNC110 - the workers' own pace
            await asyncio.sleep(0.2)
    bodies = await rows(database, "SELECT body FROM scraper.outbox WHERE type = 'scrape.completed'")
    completed = [decode(bytes(body)).event(ScrapeCompleted) for (body,) in bodies]
    assert set(Counter(event.source.name for event in completed).values()) == {1}
    assert {event.state for event in completed} <= {"published", "quarantined"}
    traces = await rows(database, "SELECT DISTINCT traceparent FROM scraper.runs")
    assert len(traces) == len(completed)


def test_every_platform_has_a_lane_of_its_own() -> None:
    queues = queues_of(jobs_of(["scraper"]).values())
    assert {"jobs", "collect", "collect.qpublic", "collect.realauction"} <= set(queues)


async def test_a_broker_that_is_away_leaves_the_plan_for_later(database: Database) -> None:
    sent: list[object] = []

    async def send(job: object, *arguments: object, **options: object) -> None:
        sent.append(arguments)

    async def refuse(job: object, *arguments: object, **options: object) -> None:
        raise tasks.BrokerAway("nobody there")

    await tasks.plan_runs(Work(database, refuse, asyncio.Event()))
    assert (await rows(database, "SELECT count(*) FROM scraper.runs"))[0][0] > 0
    await rows(database, "UPDATE scraper.runs SET sent_at = NULL RETURNING id")
    await tasks.plan_runs(Work(database, send, asyncio.Event()))
    assert sent
