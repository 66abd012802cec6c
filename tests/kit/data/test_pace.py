"""Who emits in bulk goes no faster than who listens, and never waits for one who is not there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from sqlalchemy import text

from taxlien.kit.bus import Bus, BusError, Outgoing
from taxlien.kit.database import Database
from taxlien.kit.events import Event
from taxlien.kit.ids import new_id
from taxlien.kit.outbox import Pace, Relay, emit_many

LISTENER = "reading.slowly"


class Counted(Event, frozen=True, kw_only=True):
    type: ClassVar[str] = "thing.counted"

    thing: str

    def key(self) -> str:
        return self.thing


async def publish(bus: Bus, count: int) -> None:
    await bus.publish([Outgoing(new_id(), "thing.counted", "k", b"{}") for _ in range(count)])


async def emit(database: Database, count: int) -> None:
    async with database.session() as session:
        await emit_many(session, [Counted(thing=f"key {n}") for n in range(count)])


async def test_the_next_waits_until_the_listener_has_room_for_it(
    database: Database, bus: Bus
) -> None:
    subscription = await bus.subscribe(LISTENER, ["thing.counted"])
    await publish(bus, 3000)
    pace = Pace(database, bus, LISTENER, ahead=1000)
    async with asyncio.timeout(30):
        fetched = await subscription.fetch(500, 5)
        waiting = asyncio.create_task(pace.wait(5000))
        handled = 0
        while handled < 3000:
            assert not waiting.done() or handled > 2000
            handled += len(fetched)
            await subscription.ack_all(fetched)
            fetched = await subscription.fetch(500, 0.5)
        await waiting


async def test_there_is_room_for_few_while_little_waits(database: Database, nats_bus: Bus) -> None:
    await nats_bus.subscribe(LISTENER, ["thing.counted"])
    await publish(nats_bus, 256)
    async with asyncio.timeout(5):
        await Pace(database, nats_bus, LISTENER, patience=60).wait(100)


async def test_nobody_who_listens_is_not_waited_for(database: Database, nats_bus: Bus) -> None:
    await publish(nats_bus, 3000)
    async with asyncio.timeout(5):
        await Pace(database, nats_bus, LISTENER, ahead=0, patience=60).wait(100)


async def test_a_listener_that_stands_still_is_given_up_until_it_moves(
    database: Database, nats_bus: Bus
) -> None:
    subscription = await nats_bus.subscribe(LISTENER, ["thing.counted"])
    await publish(nats_bus, 3000)
    pace = Pace(database, nats_bus, LISTENER, ahead=0, patience=0.2)
    async with asyncio.timeout(30):
        await pace.wait(1)
        pace._patience = 60
        await pace.wait(1)  # no second time
        fetched = await subscription.fetch(1000, 5)
        await subscription.ack_all(fetched)
        waiting = asyncio.create_task(pace.wait(1))
        while fetched := await subscription.fetch(1000, 0.5):
            assert not waiting.done()
            await subscription.ack_all(fetched)
        await waiting


async def test_what_is_committed_is_sent_also_beside_a_relay(
    database: Database, nats_bus: Bus
) -> None:
    subscription = await nats_bus.subscribe(LISTENER, ["thing.counted"])
    await emit(database, 5000)
    stop = asyncio.Event()
    relay = asyncio.create_task(Relay(database, nats_bus).run(stop))
    await Pace(database, nats_bus, LISTENER, patience=30).send()
    async with database.session() as session:
        assert await session.scalar(text("SELECT count(*) FROM liens.outbox")) == 0
    stop.set()
    await relay
    ids: set[bytes] = set()
    while fetched := await subscription.fetch(5000, 0.5):
        ids |= {delivery.body for delivery in fetched}
        await subscription.ack_all(fetched)
    assert len(ids) == 5000


async def test_a_bus_that_is_away_holds_nobody_up(database: Database) -> None:
    class Away:
        async def lag(self, group: str) -> int | None:
            raise BusError("away")

        async def publish(self, messages: Sequence[Outgoing]) -> None:
            raise BusError("away")

    await emit(database, 10)
    pace = Pace(database, Away(), LISTENER, ahead=0)  # type: ignore[arg-type]
    await pace.send()
    await pace.wait(1000)
    async with database.session() as session:
        assert await session.scalar(text("SELECT count(*) FROM liens.outbox")) == 10
