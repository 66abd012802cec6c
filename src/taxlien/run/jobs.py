"""One Celery app out of every service's jobs: which there are, where they wait, and what comes by itself.

Nobody registers: ``@job`` and ``@every`` marks are found in each service's ``tasks``. A job is delivered at
least once: it is acknowledged when done, and one whose worker died comes back after ``visibility_timeout``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import structlog
from celery import Celery
from celery.signals import setup_logging
from kombu import Exchange, Queue
from kombu.exceptions import OperationalError
from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from taxlien.kit.database import describe
from taxlien.kit.jobs import USUAL, Argument, BrokerAway, JobMark, checked_priority, mark_of
from taxlien.kit.settings import JobsSettings, KitSettings, read_settings
from taxlien.kit.telemetry.traces import traceparent
from taxlien.run import registry
from taxlien.run.job_loop import JobLoop

Job = Callable[..., Awaitable[None]]

_log = structlog.get_logger("taxlien.run.jobs")
_tracer = trace.get_tracer("taxlien.run.jobs")
_propagator = TraceContextTextMapPropagator()

_EXCHANGE = Exchange(USUAL, type="direct")
_TRANSPORT = {
    # Strict priorities over all queues: keys are asked by priority first, then in turn by queue, so
    # that among equally urgent ones no platform waits for ever behind another.
    "queue_order_strategy": "round_robin",
    "priority_steps": list(range(10)),
    "sep": ":",
    # How often messages of dead workers are looked for; 100 s where this is left to itself.
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 15,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
}


def compose(
    settings: KitSettings,
    jobs: Mapping[str, Job],
    loop: JobLoop | None = None,
    tuning: JobsSettings | None = None,
) -> Celery:
    """Return the app of ``jobs`` by name. With ``loop`` it can also do them.

    Raises ``SettingsError`` where no broker is named.
    """
    tuning = tuning or read_settings(JobsSettings)
    app = Celery("taxlien", broker=broker_url(settings), set_as_current=False)
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_store_errors_even_if_ignored=False,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_send_task_events=False,
        worker_enable_remote_control=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            **_TRANSPORT,
            "visibility_timeout": tuning.visibility_timeout,
            "global_keyprefix": f"{tuning.namespace}:",
        },
        task_default_queue=USUAL,
        task_create_missing_queues=True,
        task_default_exchange=_EXCHANGE.name,
        task_default_routing_key=USUAL,
        task_queues=[Queue(n, _EXCHANGE, routing_key=n) for n in queues_of(jobs.values())],
        beat_schedule=schedule_of(jobs),
        # What is due is read from the database; the clock itself has nothing to remember.
        beat_scheduler="celery.beat:Scheduler",
        beat_max_loop_interval=1,
        timezone="UTC",
        enable_utc=True,
    )
    if loop is not None:
        for name, job in jobs.items():
            _add(app, loop, name, job)
    return app


def jobs_of(services: Iterable[str]) -> dict[str, Job]:
    """Return the jobs of ``services`` by the names they have on the wire, ``service.function``."""
    return {f"{name}.{job.__name__}": job for name in services for job in registry.jobs(name)}


def queues_of(jobs: Iterable[Job]) -> list[str]:
    """Return every queue that ``jobs`` may wait in, sorted."""
    return sorted({USUAL} | {queue for job in jobs for queue in _mark(job).queues()})


def schedule_of(jobs: Mapping[str, Job]) -> dict[str, dict[str, Any]]:
    """Return what comes by itself, as beat reads it. A repetition nobody took expires with the next."""
    return {
        name: {
            "task": name,
            "schedule": mark.every_seconds,
            "options": {
                "queue": mark.queue,
                "priority": mark.priority,
                "expires": max(mark.every_seconds, 5.0),
            },
        }
        for name, job in jobs.items()
        if (mark := _mark(job)).every_seconds is not None
    }


def broker_url(settings: KitSettings) -> str:
    """Return the cache's address as the broker's. Raises ``SettingsError``."""
    url = settings.require("cache_url")
    if url.startswith("valkey"):
        return "redis" + url.removeprefix("valkey")
    return "redis+socket" + url.removeprefix("unix") if url.startswith("unix") else url


class CelerySender:
    """Hands jobs to the broker with the trace they belong to; the event loop goes on meanwhile."""

    def __init__(self, app: Celery, jobs: Mapping[str, Job]) -> None:
        self._app = app
        self._names = {job: name for name, job in jobs.items()}

    async def __call__(
        self,
        job: Job,
        *arguments: Argument,
        lane: str | None = None,
        priority: int | None = None,
    ) -> None:
        mark = _mark(job)
        parent = traceparent()
        try:
            await asyncio.to_thread(
                self._app.send_task,
                self._names[job],
                args=arguments,
                queue=f"{mark.queue}.{lane}" if lane else mark.queue,
                priority=checked_priority(mark.priority if priority is None else priority),
                headers={"traceparent": parent} if parent else None,
                retry=False,
            )
        except (OperationalError, OSError) as error:
            raise BrokerAway(describe(error)) from error


def _add(app: Celery, loop: JobLoop, name: str, job: Job) -> None:
    service = name.partition(".")[0]

    def run(task: Any, *arguments: Argument) -> None:
        parent = (task.request.headers or {}).get("traceparent") or ""
        context = _propagator.extract({"traceparent": parent}, context=otel_context.Context())
        with _tracer.start_as_current_span(f"job {name}", context=context):
            try:
                loop.run(service, job, arguments)
            except Exception as error:
                # The job is over: what it left undone is found in the database by the next one.
                _log.error("job_failed", job=name, error=describe(error))

    app.task(name=name, bind=True, shared=False, ignore_result=True)(run)


def _mark(job: Job) -> JobMark:
    mark = mark_of(job)
    if mark is None:
        raise TypeError(f"{job!r} is not a job: mark it with @job")
    return mark


@setup_logging.connect(weak=False)
def _keep_our_logging(**_: object) -> None:
    """Do nothing: that somebody listens keeps Celery from configuring the process's logs."""
