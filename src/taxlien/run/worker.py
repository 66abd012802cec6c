"""The roles without HTTP: relays move outboxes to the bus, workers listen and run long-lived jobs."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import structlog

from taxlien.kit.bus import Bus, connect_bus
from taxlien.kit.consumer import Consumer
from taxlien.kit.database import Database
from taxlien.kit.outbox import Relay
from taxlien.kit.settings import KitSettings, read_settings
from taxlien.kit.telemetry.logs import configure_logs
from taxlien.kit.telemetry.traces import configure_traces
from taxlien.kit.turns import Turns
from taxlien.run import registry
from taxlien.run.garbage import keep_giving_back
from taxlien.run.housekeeping import keep_house

_log = structlog.get_logger("taxlien.run.worker")


@asynccontextmanager
async def jobs_of(
    settings: KitSettings, services: Sequence[str], roles: Sequence[str]
) -> AsyncIterator[None]:
    """Run ``roles`` other than api beside what happens inside; on the way out, let their work end."""
    async with AsyncExitStack() as stack:
        if {"worker", "relay"} & set(roles):
            await stack.enter_async_context(_listening(settings, services, roles))
        if {"jobs", "scheduler"} & set(roles):
            # Celery, which no other role needs.
            from taxlien.run.job_worker import running_jobs
            from taxlien.run.jobs import jobs_of as marked_jobs

            await stack.enter_async_context(running_jobs(settings, marked_jobs(services), roles))
        yield


@asynccontextmanager
async def _listening(
    settings: KitSettings, services: Sequence[str], roles: Sequence[str]
) -> AsyncIterator[None]:
    stop = asyncio.Event()
    bus = connect_bus(settings.require("bus_url"))
    databases = {
        name: Database(settings.database_url_for(name), service=name)
        for name in services
        if registry.has_tables(name)
    }
    try:
        async with asyncio.TaskGroup() as group:
            for job in _jobs(databases, bus, roles, stop):
                group.create_task(job)
            group.create_task(keep_giving_back(stop))
            _log.info("working", services=list(services), roles=list(roles))
            try:
                yield
            finally:
                stop.set()
    finally:
        for database in databases.values():
            await database.close()
        await bus.close()


async def work(services: Sequence[str], roles: Sequence[str]) -> None:
    """Run ``roles`` of ``services`` in this process until SIGTERM or Ctrl-C."""
    settings = read_settings(KitSettings)
    configure_logs(settings)
    configure_traces(settings, process="-".join(roles))
    asked_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, asked_to_stop.set)
    async with jobs_of(settings, services, roles):
        await asked_to_stop.wait()


def _jobs(
    databases: dict[str, Database], bus: Bus, roles: Sequence[str], stop: asyncio.Event
) -> list[Coroutine[Any, Any, None]]:
    jobs: list[Coroutine[Any, Any, None]] = []
    turns = Turns()
    for name, database in databases.items():
        if "relay" in roles:
            jobs += [Relay(database, bus).run(stop), keep_house(database, stop)]
        if "worker" in roles:
            jobs += [
                Consumer(database, bus, handler, service=name, turns=turns).run(stop)
                for handler in registry.handlers(name)
            ]
            jobs += [job(database, stop) for job in registry.background_jobs(name)]
    return jobs
