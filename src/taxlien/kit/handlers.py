"""Marks on functions that listen to events. A mark only describes; ``run`` finds and runs it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from taxlien.kit.database import Database, Session
from taxlien.kit.events import Event

MARK = "__taxlien_on__"
BACKGROUND = "__taxlien_background__"

Handler = Callable[[Session, Any], Awaitable[None]]
Unless = Callable[[Session], Awaitable[bool]]
Job = Callable[[Database, asyncio.Event], Awaitable[None]]
H = TypeVar("H", bound=Handler)
B = TypeVar("B", bound=Job)


@dataclass(frozen=True, slots=True)
class HandlerMark:
    """What a marked function listens to.

    ``batch`` functions get ``list[Event]``: at most ``max_messages``, waiting at most ``max_wait``
    seconds for the first after the last batch. Others get one event each, still fetched together.
    ``unless`` tells that what is waiting means nothing to the listener: it is then acknowledged unread.
    A ``patient`` one gives way to the others of its process, for some seconds at most.
    """

    events: tuple[type[Event], ...]
    batch: bool
    max_messages: int
    max_wait: float
    unless: Unless | None = None
    patient: bool = False

    @property
    def types(self) -> tuple[str, ...]:
        """Return the wire names of the events."""
        return tuple(event.wire_type() for event in self.events)


def on(*events: type[Event]) -> Callable[[H], H]:
    """Mark ``async def handle(session, event)`` as a listener; each event has its own transaction."""
    return _mark(HandlerMark(_checked(events), batch=False, max_messages=100, max_wait=1.0))


def on_batch(
    *events: type[Event],
    max_messages: int = 500,
    max_wait: float = 0.2,
    unless: Unless | None = None,
    patient: bool = False,
) -> Callable[[H], H]:
    """Mark ``async def handle(session, events)`` as a listener; a list shares one transaction.

    The list keeps the order of each key. ``max_wait`` is seconds, ``max_messages`` a count. ``unless``
    is asked before a list is read: where it says true, nothing of it can matter to the listener.
    ``patient``: nobody looks for its effect within seconds, so the others of its process go first.
    """
    if max_messages < 1 or max_wait <= 0:
        raise ValueError("max_messages must be at least 1 and max_wait above 0 seconds")
    return _mark(HandlerMark(_checked(events), True, max_messages, max_wait, unless, patient))


def mark_of(handler: object) -> HandlerMark | None:
    """Return the mark of ``handler``, or None when it is not a listener."""
    mark = getattr(handler, MARK, None)
    return mark if isinstance(mark, HandlerMark) else None


def _checked(events: tuple[type[Event], ...]) -> tuple[type[Event], ...]:
    if not events:
        raise ValueError("name at least one event class")
    names = [event.wire_type() for event in events]
    if len(set(names)) != len(names):
        raise ValueError(f"an event is named twice: {', '.join(names)}")
    return events


def _mark(mark: HandlerMark) -> Callable[[H], H]:
    def apply(function: H) -> H:
        setattr(function, MARK, mark)
        return function

    return apply


def background(job: B) -> B:
    """Mark ``async def job(database, stop)`` in ``tasks.py`` as long-lived: every worker runs it."""
    setattr(job, BACKGROUND, True)
    return job
