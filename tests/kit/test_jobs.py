"""Marks of jobs, and the jobs themselves on a real Valkey: order, trace, repetition, an end in time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from opentelemetry import trace

from taxlien.kit.ids import new_id
from taxlien.kit.jobs import BrokerAway, Work, every, job, mark_of
from taxlien.kit.settings import KitSettings
from taxlien.kit.telemetry.traces import current_trace_id
from taxlien.run.job_worker import running_jobs
from taxlien.run.jobs import CelerySender, compose, queues_of, schedule_of


def lanes() -> list[str]:
    return ["a", "b"]


class Notes:
    """Jobs that write down that they were done, and an event for whoever waits."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.traces: list[str | None] = []
        self._changed = asyncio.Event()
        self._loop = asyncio.get_running_loop()

        @job(queue="collect", lanes=lanes)
        async def note(work: Work, word: str) -> None:
            self.add(word)

        @every(seconds=0.2)
        @job()
        async def tick(work: Work) -> None:
            self.add("tick")

        @job()
        async def chain(work: Work, word: str) -> None:
            await work.send(note, word, lane="b")

        @job()
        async def wait_for_the_end(work: Work) -> None:
            self.add("begun")
            await work.stop.wait()
            self.add("stopped")

        @job()
        async def fail(work: Work) -> None:
            raise ValueError("as planned")

        self.jobs: dict[str, Any] = {
            f"probe.{function.__name__}": function
            for function in (note, tick, chain, wait_for_the_end, fail)
        }

    def add(self, word: str) -> None:
        self.done.append(word)
        self.traces.append(current_trace_id())
        self._loop.call_soon_threadsafe(self._changed.set)

    async def until(self, word: str, times: int = 1) -> None:
        async with asyncio.timeout(20):
            while self.done.count(word) < times:
                self._changed.clear()
                await self._changed.wait()

    def sender(self, settings: KitSettings) -> CelerySender:
        return CelerySender(compose(settings, self.jobs), self.jobs)


@pytest.fixture(autouse=True)
def namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAXLIEN_JOBS_NAMESPACE", new_id().hex)
    monkeypatch.setenv("TAXLIEN_JOBS_AT_ONCE", "1")


def test_marks_add_up_in_either_order() -> None:
    async def collect(work: Work) -> None: ...

    marked = every(seconds=3)(job(queue="q", priority=7, lanes=lanes)(collect))
    mark = mark_of(marked)
    assert mark is not None
    assert (mark.queue, mark.priority, mark.every_seconds) == ("q", 7, 3)
    assert mark.queues() == ("q", "q.a", "q.b")
    assert mark_of(len) is None


@pytest.mark.parametrize("priority", [-1, 10])
def test_a_priority_outside_0_to_9_is_refused(priority: int) -> None:
    with pytest.raises(ValueError, match="0 to 9"):
        job(priority=priority)


async def test_queues_and_schedule_come_from_the_marks() -> None:
    notes = Notes()
    assert queues_of(notes.jobs.values()) == ["collect", "collect.a", "collect.b", "jobs"]
    assert list(schedule_of(notes.jobs)) == ["probe.tick"]


async def test_the_more_urgent_job_goes_first_whatever_queue_it_waits_in(
    kit_settings: KitSettings,
) -> None:
    notes = Notes()
    send, note = notes.sender(kit_settings), notes.jobs["probe.note"]
    await send(note, "whenever", lane="a", priority=9)
    await send(note, "soon", lane="b", priority=5)
    await send(note, "now", lane="a", priority=0)
    await send(note, "next", priority=1)
    async with running_jobs(kit_settings, notes.jobs, ["jobs"]):
        await notes.until("whenever")
    assert notes.done == ["now", "next", "soon", "whenever"]


async def test_a_job_that_asks_for_another_hands_its_trace_on(kit_settings: KitSettings) -> None:
    notes = Notes()
    parent = trace.SpanContext(
        trace_id=0xABC, span_id=0xDEF, is_remote=False, trace_flags=trace.TraceFlags(1)
    )
    with trace.use_span(trace.NonRecordingSpan(parent)):
        await notes.sender(kit_settings)(notes.jobs["probe.chain"], "end")
    async with running_jobs(kit_settings, notes.jobs, ["jobs"]):
        await notes.until("end")
    assert notes.traces == [f"{0xABC:032x}"]


async def test_what_comes_by_itself_comes_again_and_a_failure_stops_nothing(
    kit_settings: KitSettings,
) -> None:
    notes = Notes()
    await notes.sender(kit_settings)(notes.jobs["probe.fail"])
    async with running_jobs(kit_settings, notes.jobs, ["jobs", "scheduler"]):
        await notes.until("tick", times=3)


async def test_a_long_job_is_told_when_the_process_is_to_end(kit_settings: KitSettings) -> None:
    notes = Notes()
    await notes.sender(kit_settings)(notes.jobs["probe.wait_for_the_end"])
    async with running_jobs(kit_settings, notes.jobs, ["jobs"]):
        await notes.until("begun")
    assert notes.done == ["begun", "stopped"]


async def test_a_broker_that_is_away_is_said_in_words() -> None:
    notes = Notes()
    settings = KitSettings(cache_url="redis://127.0.0.1:9/0")
    with pytest.raises(BrokerAway):
        await notes.sender(settings)(notes.jobs["probe.note"], "never")
