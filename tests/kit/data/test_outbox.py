"""Events leave if, and only if, their transaction committed; in order; none lost."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

import psycopg
import pytest
from opentelemetry.sdk.trace import TracerProvider
from prometheus_client import REGISTRY
from sqlalchemy import URL, text

from taxlien.kit.bus import Bus, BusError, Outgoing, Subscription
from taxlien.kit.database import Database, connection_arguments
from taxlien.kit.events import Envelope, Event, decode
from taxlien.kit.outbox import MAX_BODY, Relay, emit, emit_many
from taxlien.kit.outbox.tables import LANES, lane_of


class Counted(Event):
    type: ClassVar[str] = "thing.counted"

    thing: str
    number: int
    note: str = ""

    def key(self) -> str:
        return self.thing


async def waiting(database: Database) -> list[Any]:
    async with database.session() as session:
        rows = await session.execute(
            text("SELECT seq, lane, id, type, key, body FROM liens.outbox ORDER BY seq")
        )
        return list(rows)


async def emit_numbers(database: Database, keys: int, each: int) -> None:
    """Write ``each`` events for every key, in commits that mix the keys."""
    for number in range(each):
        async with database.session() as session:
            await emit(
                session, *(Counted(thing=f"key {key}", number=number) for key in range(keys))
            )


class Memory:
    """A bus that only remembers. Where told, it fails, or holds publications back."""

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []
        self.failures = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.entered = asyncio.Event()

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        self.entered.set()
        await self.gate.wait()
        if self.failures:
            self.failures -= 1
            raise BusError("on purpose")
        self.sent += messages

    def numbers(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for message in self.sent:
            found[message.key].append(decode(message.body).event(Counted).number)
        return found


async def test_emitted_events_wait_as_cloudevents(database: Database) -> None:
    async with database.session() as session:
        await emit(session, Counted(thing="ä", number=1), Counted(thing="b", number=2))
    first, second = await waiting(database)
    envelope = decode(bytes(first.body))
    assert (first.id, first.type, first.key) == (envelope.id, "thing.counted", "ä")
    assert first.lane == lane_of("ä")
    assert (envelope.source, envelope.subject) == ("taxlien/liens", "ä")
    assert envelope.event(Counted) == Counted(thing="ä", number=1)
    assert (second.key, second.seq) == ("b", first.seq + 1)


async def test_emit_many_writes_the_same_as_emit(database: Database) -> None:
    events = [Counted(thing=f"ключ {n}", number=n, note="\0\n\\" * 5) for n in range(2500)]
    async with database.session() as session:
        assert await emit_many(session, iter(events)) == 2500
    rows = await waiting(database)
    envelopes: list[Envelope] = [decode(bytes(row.body)) for row in rows]
    assert [envelope.event(Counted) for envelope in envelopes] == events
    assert [(row.id, row.type, row.key, row.lane) for row in rows] == [
        (e.id, "thing.counted", e.subject, lane_of(e.subject)) for e in envelopes
    ]


@pytest.mark.parametrize("way", [emit, emit_many])
async def test_a_rolled_back_event_never_leaves(database: Database, way: Any) -> None:
    async def fail() -> None:
        async with database.session() as session:
            event = Counted(thing="a", number=1)
            await (way(session, event) if way is emit else way(session, [event]))
            raise KeyError("on purpose")

    with pytest.raises(KeyError):
        await fail()
    assert await waiting(database) == []


async def test_an_event_too_large_for_the_bus_is_refused_when_emitted(database: Database) -> None:
    large = Counted(thing="a", number=1, note="x" * MAX_BODY)
    for emitting in (lambda s: emit(s, large), lambda s: emit_many(s, [large])):
        with pytest.raises(ValueError, match="too large"):
            async with database.session() as session:
                await emitting(session)
    assert await waiting(database) == []


async def test_lanes_are_spread_over_keys() -> None:
    assert {lane_of(str(UUID(int=n))) for n in range(500)} == set(range(LANES))


async def test_the_current_trace_travels_with_the_event(database: Database) -> None:
    tracer = TracerProvider().get_tracer("test")
    with tracer.start_as_current_span("work") as span:
        async with database.session() as session:
            await emit(session, Counted(thing="a", number=1))
    async with database.session() as session:
        await emit(session, Counted(thing="a", number=2))
    traced, untraced = [decode(bytes(row.body)) for row in await waiting(database)]
    context = span.get_span_context()
    expected = f"00-{context.trace_id:032x}-{context.span_id:016x}-"
    assert (traced.traceparent or "").startswith(expected)
    assert untraced.traceparent is None


async def test_the_relay_empties_the_outbox_in_order(database: Database) -> None:
    await emit_numbers(database, keys=20, each=150)
    memory = Memory()
    relay = Relay(database, memory)  # type: ignore[arg-type]
    counts = []
    while sent := await relay.drain_once():
        counts.append(sent)
    assert sum(counts) == 3000
    assert memory.numbers() == {f"key {key}": list(range(150)) for key in range(20)}
    assert await waiting(database) == []


async def test_a_failed_publication_leaves_every_row(database: Database) -> None:
    await emit_numbers(database, keys=3, each=3)
    before = await waiting(database)
    memory = Memory()
    memory.failures = 1
    relay = Relay(database, memory)  # type: ignore[arg-type]
    with pytest.raises(BusError):
        await relay.drain_once()
    assert await waiting(database) == before
    assert await relay.drain_once() == 9


async def test_two_relays_never_hold_the_same_lane(database: Database) -> None:
    await emit_numbers(database, keys=40, each=5)
    slow, quick = Memory(), Memory()
    slow.gate.clear()
    holding = asyncio.create_task(Relay(database, slow).drain_once())  # type: ignore[arg-type]
    await slow.entered.wait()
    assert await Relay(database, quick).drain_once() == 0  # type: ignore[arg-type]
    await emit_numbers(database, keys=40, each=1)
    assert await Relay(database, quick).drain_once() == 0  # type: ignore[arg-type]
    slow.gate.set()
    assert await holding == 200


async def test_a_cancelled_relay_leaves_its_rows_to_others(database: Database) -> None:
    await emit_numbers(database, keys=5, each=5)
    stuck, other = Memory(), Memory()
    stuck.gate.clear()
    holding = asyncio.create_task(Relay(database, stuck).drain_once())  # type: ignore[arg-type]
    await stuck.entered.wait()
    holding.cancel()
    await asyncio.gather(holding, return_exceptions=True)
    assert await Relay(database, other).drain_once() == 25  # type: ignore[arg-type]


async def test_a_relay_with_few_lanes_leaves_the_rest_to_others(database: Database) -> None:
    await emit_numbers(database, keys=100, each=2)
    memory = Memory()
    relay = Relay(database, memory, lanes=4)  # type: ignore[arg-type]
    first = await relay.drain_once()
    assert 0 < first < 200
    while await relay.drain_once():
        pass
    assert memory.numbers() == {f"key {key}": [0, 1] for key in range(100)}


async def test_a_running_relay_sends_what_is_committed_later(
    database: Database, nats_bus: Bus, run_meanwhile: Any
) -> None:
    subscription = await nats_bus.subscribe("reading.later", ["thing.counted"])
    async with run_meanwhile(Relay(database, nats_bus)), asyncio.timeout(30):
        for number in range(5):
            await emit_numbers(database, keys=1, each=1)
            fetched = await subscription.fetch(10, 10)
            await subscription.ack_all(fetched)
            assert len(fetched) == 1, number


async def disturb(owner_url: URL, done: asyncio.Event) -> None:
    """Cut every busy connection of the service, again and again."""
    arguments = {**connection_arguments(owner_url), "autocommit": True}
    async with await psycopg.AsyncConnection.connect(**arguments) as connection:
        while not done.is_set():
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE usename = 'taxlien_liens' AND state <> 'idle' AND datname = current_database()"
            )
            await asyncio.sleep(0.15)


async def take_new(
    subscription: Subscription, found: dict[str, list[int]], seen: set[UUID]
) -> bool:
    """Fetch once and file what was not seen before, as the inbox does: a pack that is made anew
    after a crash holds other neighbours, and the server takes it for a new message."""
    fetched = await subscription.fetch(500, 0.5)
    for envelope in [decode(delivery.body) for delivery in fetched]:
        if envelope.id not in seen:
            seen.add(envelope.id)
            counted = envelope.event(Counted)
            found[counted.thing].append(counted.number)
    await subscription.ack_all(fetched)
    return bool(fetched)


async def test_several_relays_under_fire_lose_nothing_and_keep_order(
    schema: Any, nats_bus: Bus, run_meanwhile: Any
) -> None:
    database = schema.database
    await emit_numbers(database, keys=30, each=200)
    subscription = await nats_bus.subscribe("reading.fire", ["thing.counted"])
    found: dict[str, list[int]] = defaultdict(list)
    seen: set[UUID] = set()
    done = asyncio.Event()
    relays = [Relay(database, nats_bus, lanes=6) for _ in range(3)]
    async with run_meanwhile(*relays), asyncio.timeout(60):
        firing = asyncio.create_task(disturb(schema.owner_url, done))
        while sum(map(len, found.values())) < 6000:
            await take_new(subscription, found, seen)
        done.set()
        await firing
        while await waiting(database):  # noqa: ASYNC110 - rows have no event to wait on
            await asyncio.sleep(0.05)
        while await take_new(subscription, found, seen):
            pass
    assert found == {f"key {key}": list(range(200)) for key in range(30)}


def measured(name: str) -> float:
    return REGISTRY.get_sample_value(f"taxlien_outbox_{name}", {"service": "liens"}) or 0.0


async def test_the_relay_counts_what_it_sent_and_what_waits(
    database: Database, run_meanwhile: Any
) -> None:
    await emit_numbers(database, keys=7, each=3)
    memory = Memory()
    memory.failures = 1
    sent, failed = measured("published_total"), measured("failures_total")
    async with run_meanwhile(Relay(database, memory)), asyncio.timeout(20):  # type: ignore[arg-type]
        while measured("published_total") < sent + 21:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert measured("failures_total") == failed + 1
    assert measured("pending") == 21  # as counted when the relay began
    assert measured("oldest_seconds") > 0
