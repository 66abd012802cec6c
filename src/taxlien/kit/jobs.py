"""Marks on functions that are jobs: done once, later, by some worker. A mark only describes; ``run`` runs it.

A job is ``async def job(work, *arguments)`` in a service's ``tasks.py``; its arguments are ids as JSON. It is
delivered at least once and may be cut off anywhere, so it begins by asking the database what is left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from taxlien.kit.database import Database

MARK = "__taxlien_job__"
USUAL = "jobs"
"""The queue of jobs that name none."""

Argument = str | int | float | bool | None
J = TypeVar("J", bound=Callable[..., Awaitable[None]])


class Sender(Protocol):
    """Hands a job to the broker; returns when the broker has it. Raises ``BrokerAway``."""

    async def __call__(
        self,
        job: Callable[..., Awaitable[None]],
        *arguments: Argument,
        lane: str | None = None,
        priority: int | None = None,
    ) -> None: ...


class BrokerAway(Exception):
    """The broker does not take jobs now. What was to be done is still to be read from the database."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a job works with: its service's database, and a way to ask for further jobs.

    ``stop`` is set when the process is to end: a long job then leaves the rest to another.
    """

    database: Database
    send: Sender
    stop: asyncio.Event


@dataclass(frozen=True, slots=True)
class JobMark:
    """Where a job waits, how urgent it is (0 first, 9 last), and how often it comes by itself.

    ``lanes`` names the parts of the queue: a job sent with lane ``x`` waits in ``queue.x``.
    """

    queue: str = USUAL
    priority: int = 5
    lanes: Callable[[], Iterable[str]] | None = None
    every_seconds: float | None = None

    def queues(self) -> tuple[str, ...]:
        """Return every queue this job may wait in."""
        lanes = () if self.lanes is None else self.lanes()
        return (self.queue, *(f"{self.queue}.{lane}" for lane in lanes))


def job(
    *, queue: str = USUAL, priority: int = 5, lanes: Callable[[], Iterable[str]] | None = None
) -> Callable[[J], J]:
    """Mark ``async def job(work, *ids)`` as a job. Raises ``ValueError`` for a priority outside 0 to 9."""
    checked_priority(priority)

    def apply(function: J) -> J:
        known = mark_of(function) or JobMark()
        setattr(function, MARK, replace(known, queue=queue, priority=priority, lanes=lanes))
        return function

    return apply


def every(*, seconds: float) -> Callable[[J], J]:
    """Mark a job without arguments as one that comes by itself, every so many seconds."""
    if seconds <= 0:
        raise ValueError("seconds must be above 0")

    def apply(function: J) -> J:
        known = mark_of(function) or JobMark()
        setattr(function, MARK, replace(known, every_seconds=seconds))
        return function

    return apply


def mark_of(function: object) -> JobMark | None:
    """Return the mark of ``function``, or None when it is not a job."""
    mark: Any = getattr(function, MARK, None)
    return mark if isinstance(mark, JobMark) else None


def checked_priority(priority: int) -> int:
    """Return ``priority`` when it is one. Raises ``ValueError``."""
    if not 0 <= priority <= 9:
        raise ValueError(f"a priority is 0 to 9, 0 the most urgent: {priority}")
    return priority
