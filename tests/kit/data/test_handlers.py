"""A mark describes a listener, and changes nothing about the function."""

from __future__ import annotations

from typing import ClassVar

import pytest

from taxlien.kit.bus import Bus
from taxlien.kit.consumer import Consumer
from taxlien.kit.database import Database, Session
from taxlien.kit.events import Event
from taxlien.kit.handlers import mark_of, on, on_batch


class Made(Event):
    type: ClassVar[str] = "thing.made"


class MadeAgain(Event):
    type: ClassVar[str] = "thing.made"
    version: ClassVar[int] = 2


async def plain(session: Session, event: Made) -> None: ...


def test_a_mark_names_the_events_as_they_are_on_the_wire() -> None:
    handler = on(Made, MadeAgain)(plain)
    mark = mark_of(handler)
    assert handler is plain
    assert mark is not None
    assert mark.types == ("thing.made", "thing.made.v2")
    assert not mark.batch


def test_a_batch_mark_keeps_its_settings() -> None:
    @on_batch(Made, max_messages=7, max_wait=0.5)
    async def handle(session: Session, events: list[Event]) -> None: ...

    mark = mark_of(handle)
    assert mark is not None
    assert (mark.batch, mark.max_messages, mark.max_wait) == (True, 7, 0.5)


def test_what_is_not_marked_has_no_mark() -> None:
    async def handle(session: Session, event: Made) -> None: ...

    assert mark_of(handle) is None
    assert mark_of(42) is None


def test_a_mark_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        on()
    with pytest.raises(ValueError, match="named twice"):
        on(Made, Made)
    with pytest.raises(ValueError, match="max_messages"):
        on_batch(Made, max_messages=0)


async def test_a_consumer_needs_a_marked_handler(database: Database, nats_bus: Bus) -> None:
    async def handle(session: Session, event: Made) -> None: ...

    with pytest.raises(TypeError, match="mark it"):
        Consumer(database, nats_bus, handle, service="liens")
