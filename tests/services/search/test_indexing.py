"""From event to findable: once, in the newest version, whatever is delivered again."""

from __future__ import annotations

import asyncio
import random

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taxlien.interfaces.liens import Lien, LienChanged, LienCreated, LienStatusChanged
from taxlien.kit.bus import Outgoing, connect_bus
from taxlien.kit.consumer import Consumer
from taxlien.kit.events import Event, encode, wrap
from taxlien.services.search import events, service
from taxlien.services.search.adapters.tantivy_engine import TantivyEngine
from taxlien.services.search.logic.query import SearchQuery

DEADLINE = 30.0


def created(lien: Lien) -> Event:
    return LienCreated(lien=lien)


def moved(lien: Lien) -> Event:
    return LienStatusChanged(lien=lien, previous_status="sold")


def changed(lien: Lien) -> Event:
    return LienChanged(lien=lien, changed=("face_amount",))


def outgoing(event: Event) -> Outgoing:
    envelope = wrap(event, source="liens")
    return Outgoing(id=envelope.id, type=envelope.type, key=envelope.subject, body=encode(envelope))


async def found() -> dict[str, int]:
    """Return the version of every lien by id, as a search of this process sees them."""
    hits = await service.search(SearchQuery(limit=10_000, facets=False))
    items = [msgspec.json.decode(raw) for raw in hits.items]
    versions = {item["lien_id"]: item["version"] for item in items}
    assert len(versions) == len(items), "a lien was found twice"
    return versions


async def until_found(expected: dict[str, int]) -> None:
    async with asyncio.timeout(DEADLINE):
        for _ in range(int(DEADLINE * 100)):
            if await found() == expected:
                return
            await asyncio.sleep(0.01)
    assert await found() == expected


async def test_indexed_lien_is_found_by_its_address_and_carries_its_payoff(
    process_index, make_lien
) -> None:
    assert await service.index_liens([make_lien(7), make_lien(8, situs_address="1 OAK ST")]) == 2
    await until_found({str(make_lien(n).lien_id): 1 for n in (7, 8)})
    hits = await service.search(SearchQuery(text="armstrong av lakeland"))
    [item] = [msgspec.json.decode(raw) for raw in hits.items]
    assert item["payoff"]["holder_proceeds"] == "2688.00"
    assert item["parcel_id"] == make_lien(7).parcel_id


async def test_every_event_delivered_twice_has_one_effect(
    process_index, make_lien, database_for, bus_url
) -> None:
    database = await database_for("search")
    bus = connect_bus(bus_url)
    stop = asyncio.Event()
    consumer = Consumer(database, bus, events.index_liens, service="search")
    running = asyncio.create_task(consumer.run(stop))
    try:
        firsts = [created(make_lien(n)) for n in range(30)]
        seconds = [changed(make_lien(n, version=2)) for n in range(0, 30, 2)]
        thirds = [moved(make_lien(n, version=3, status="redeemed")) for n in range(0, 30, 3)]
        messages = [outgoing(event) for event in (*firsts, *seconds, *thirds)]
        await bus.publish(messages)
        # The same facts in new envelopes: what an outbox published again looks like to the inbox.
        await bus.publish([outgoing(event) for event in (*firsts, *seconds)])
        last = make_lien(999)
        await bus.publish([outgoing(created(last))])
        expected = {
            str(make_lien(n).lien_id): 3 if n % 3 == 0 else 2 if n % 2 == 0 else 1
            for n in range(30)
        }
        await until_found({**expected, str(last.lien_id): 1})
    finally:
        stop.set()
        await running
        await bus.close()


async def test_effect_survives_a_transaction_that_failed_after_it(
    process_index, make_lien, database_for
) -> None:
    """The index commits first. When PostgreSQL then fails, the events come again and change nothing."""
    database = await database_for("search")
    batch = [created(make_lien(n)) for n in range(5)]

    async def fail_after_the_effect() -> None:
        async with database.session() as session:
            await events.index_liens(session, batch)
            raise RuntimeError("the server went away before the commit")

    with pytest.raises(RuntimeError):
        await fail_after_the_effect()
    async with database.session() as session:
        await events.index_liens(session, batch)
    await until_found({str(make_lien(n).lien_id): 1 for n in range(5)})


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 10_000))
async def test_any_order_and_repetition_ends_at_the_newest_version(
    process_index, make_lien, seed
) -> None:
    chance = random.Random(seed)
    base = seed * 100 + 1_000_000
    newest = {base + n: chance.randrange(1, 5) for n in range(10)}
    deliveries = [make_lien(n, version=v) for n, top in newest.items() for v in range(1, top + 1)]
    deliveries += chance.sample(deliveries, len(deliveries) // 2)
    chance.shuffle(deliveries)
    while deliveries:
        cut = chance.randrange(1, len(deliveries) + 1)
        await service.index_liens(deliveries[:cut])
        deliveries = deliveries[cut:]
    expected = {make_lien(n).lien_id: version for n, version in newest.items()}
    assert await (await service.open_writer()).versions(expected) == expected


async def test_second_worker_waits_its_turn_and_loses_nothing(
    process_index, make_lien, database_for, bus_url
) -> None:
    """While another process writes the index, events wait; none becomes a dead letter."""
    other = TantivyEngine(process_index, heap_bytes=15_000_000, writer=True)
    database = await database_for("search")
    bus = connect_bus(bus_url)
    stop = asyncio.Event()
    consumer = Consumer(database, bus, events.index_liens, service="search", max_deliver=1)
    running = asyncio.create_task(consumer.run(stop))
    try:
        await bus.publish([outgoing(created(make_lien(n))) for n in range(3)])
        await asyncio.wait((running,), timeout=1.0)
        assert await found() == {}
        await other.close()
        await until_found({str(make_lien(n).lien_id): 1 for n in range(3)})
        assert await bus.dead_letters() == []
    finally:
        stop.set()
        await running
        await bus.close()
