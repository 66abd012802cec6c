"""The roles ``jobs`` and ``scheduler``: doing what waits at the broker, and sending what comes by itself.

In one process the jobs run in threads that only wait for an event loop; with ``TAXLIEN_JOBS_PROCESSES``
they are spread over forked processes, as in a cluster.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import structlog
from celery import Celery
from celery.app.trace import setup_worker_optimizations
from celery.beat import Scheduler
from celery.beat import Service as Beat
from celery.signals import worker_process_shutdown, worker_ready
from celery.worker import WorkController, state

from taxlien.kit.settings import JobsSettings, KitSettings, read_settings
from taxlien.run.job_loop import JobLoop
from taxlien.run.jobs import CelerySender, Job, compose, queues_of

_log = structlog.get_logger("taxlien.run.jobs")
# Celery says of every job that it came and went; what jobs do they say themselves.
for _chatty in ("celery.worker.strategy", "celery.app.trace", "celery.beat"):
    logging.getLogger(_chatty).setLevel(logging.WARNING)
_STOP_SECONDS = 30.0


@asynccontextmanager
async def running_jobs(
    settings: KitSettings, jobs: Mapping[str, Job], roles: Sequence[str]
) -> AsyncIterator[None]:
    """Take jobs and keep the schedule (as ``roles`` say) beside what happens inside the block."""
    loop = JobLoop(settings, lambda: sender)
    app = compose(settings, jobs, loop)
    sender = CelerySender(app, jobs)
    beat = _Clock(app) if "scheduler" in roles else None
    taking = _Taking(app, queues_of(jobs.values())) if "jobs" in roles else None
    _log.info("jobs_wait", roles=[r for r in roles if r in ("jobs", "scheduler")], jobs=len(jobs))
    try:
        yield
    finally:
        loop.stop()
        # Each looks up from its sleep within a second, and need not wait for the other to do so.
        parts = [part for part in (beat, taking) if part is not None]
        await asyncio.gather(*(asyncio.to_thread(part.stop) for part in parts))
        await asyncio.to_thread(loop.close)
        await asyncio.to_thread(app.close)


class _Taking:
    """Celery's worker in a thread. It takes as many jobs as may be under way, and no more."""

    def __init__(self, app: Celery, queues: Sequence[str]) -> None:
        at_once = read_settings(JobsSettings).at_once
        state.should_stop = None  # another worker of this process may have stopped before
        name = worker_name()
        self._worker = WorkController(
            app=app,
            pool_cls="threads",
            concurrency=at_once,
            queues=list(queues),
            hostname=name,
            loglevel="WARNING",
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        setup_worker_optimizations(app, name)  # what makes this app do its tasks
        self._thread = threading.Thread(target=self._worker.start, name="celery", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take nothing more and let what is under way end."""
        state.should_stop = os.EX_OK  # type: ignore[assignment]
        self._thread.join(_STOP_SECONDS)


class _Clock:
    """Celery's beat in a thread. Any number may run: what comes twice is done once."""

    def __init__(self, app: Celery) -> None:
        self._beat = Beat(app, max_interval=1, scheduler_cls=Scheduler)
        self._thread = threading.Thread(
            target=self._beat.start, kwargs={"embedded_process": False}, name="beat", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Send nothing more."""
        self._beat.stop(wait=True)
        self._thread.join(_STOP_SECONDS)


def work_in_processes(settings: KitSettings, jobs: Mapping[str, Job], roles: Sequence[str]) -> None:
    """Do jobs in forked processes, in the foreground, until SIGTERM; each has an event loop of its own."""
    loop = JobLoop(settings, lambda: sender)
    app = compose(settings, jobs, loop)
    sender = CelerySender(app, jobs)
    clocks: list[_Clock] = []

    def start_clock(**_: Any) -> None:
        """Start it once the processes are forked: a fork must not copy a thread's locks."""
        if "scheduler" in roles:
            clocks.append(_Clock(app))

    def close(**_: Any) -> None:
        loop.stop()
        loop.close()

    worker_ready.connect(start_clock, weak=False)
    worker_process_shutdown.connect(close, weak=False)
    worker = app.Worker(
        pool="prefork",
        concurrency=read_settings(JobsSettings).processes,
        queues=queues_of(jobs.values()),
        hostname=worker_name(),
        loglevel="WARNING",
        optimization="fair",
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,
    )
    worker.start()
    for clock in clocks:
        clock.stop()


def worker_name() -> str:
    """Return this process's name among the workers."""
    return f"jobs-{os.getpid()}@{socket.gethostname()}"
