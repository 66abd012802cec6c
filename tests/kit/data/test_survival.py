"""Servers and processes are killed while events travel: none is lost, none doubled, order holds."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any, ClassVar
from uuid import uuid4

import nats
import pytest
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from taxlien.kit.bus import Bus, BusError, Outgoing, connect_bus
from taxlien.kit.bus.nats import durable_of
from taxlien.kit.bus.nats_subscription import unpin
from taxlien.kit.consumer import Consumer
from taxlien.kit.database import Database, Session
from taxlien.kit.events import Event
from taxlien.kit.handlers import on_batch
from taxlien.kit.ids import new_id
from taxlien.kit.migrations import prepare_service, role_of, upgrade
from taxlien.kit.outbox import Relay, emit

pytestmark = pytest.mark.tough

KEYS = 10


class Counted(Event):
    type: ClassVar[str] = "thing.counted"

    thing: str
    number: int

    def key(self) -> str:
        return self.thing


@pytest.fixture
async def own_database(own_postgres: Any, migrations_folder: Any) -> Any:
    owner = URL.create(
        "postgresql",
        username="postgres",
        host="127.0.0.1",
        port=own_postgres.port,
        database="postgres",
    )
    await until_it_works(prepare_service, owner, "liens", "secret")
    url = owner.set(username=role_of("liens"), password="secret")
    await upgrade(url, "liens", directory=migrations_folder)
    database = Database(url.render_as_string(hide_password=False), service="liens")
    yield database
    await database.close()


async def until_it_works(function: Any, *arguments: Any) -> Any:
    """Repeat ``function`` while a server is away, for at most a minute."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await function(*arguments)
            except (DBAPIError, BusError, OSError):
                await asyncio.sleep(0.05)
            except Exception as error:
                if "starting up" not in str(error):
                    raise
                await asyncio.sleep(0.05)


async def emit_all(database: Database, each: int, halfway: asyncio.Event) -> None:
    """Emit numbers for every key. A commit that fails leaves nothing, so it is made again."""

    async def emit_one(number: int) -> None:
        async with database.session() as session:
            await emit(session, *(Counted(thing=f"k{key}", number=number) for key in range(KEYS)))

    for number in range(each):
        await until_it_works(emit_one, number)
        if number == each // 3:
            halfway.set()


def listener(ledger: Any) -> Any:
    @on_batch(Counted, max_messages=50)
    async def write_down(session: Session, events: list[Counted]) -> None:
        for event in events:
            await ledger.add(session, event.thing, event.number)

    return write_down


async def journey(
    database: Database, ledger_of: Any, bus: Bus, run_meanwhile: Any, server: Any, each: int
) -> dict[str, list[int]]:
    """Send ``each`` events of every key, and kill ``server`` and start it again on the way."""
    ledger = ledger_of(database)
    await ledger.create()
    consumers = [Consumer(database, bus, listener(ledger), service="liens") for _ in range(2)]
    relays = [Relay(database, bus, lanes=8) for _ in range(2)]
    halfway = asyncio.Event()
    async with run_meanwhile(*relays, *consumers), asyncio.timeout(120):
        emitting = asyncio.create_task(emit_all(database, each, halfway))
        await halfway.wait()
        for _ in range(2):
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
            await ledger.reaches(await until_it_works(ledger.count) + KEYS)
        await emitting
        await ledger.reaches(KEYS * each)
    found: dict[str, list[int]] = await ledger.by_key()
    return found


async def test_killing_postgresql_loses_and_doubles_nothing(
    own_database: Database, own_postgres: Any, ledger_of: Any, nats_bus: Bus, run_meanwhile: Any
) -> None:
    found = await journey(own_database, ledger_of, nats_bus, run_meanwhile, own_postgres, 150)
    # A commit whose answer was lost was made again by the test: its events are others then.
    assert {key: sorted(set(numbers)) for key, numbers in found.items()} == {
        f"k{key}": list(range(150)) for key in range(KEYS)
    }
    assert all(numbers == sorted(numbers) for numbers in found.values())
    assert len({tuple(numbers) for numbers in found.values()}) == 1


async def test_killing_nats_loses_and_doubles_nothing(
    database: Database, own_nats: Any, ledger_of: Any, run_meanwhile: Any
) -> None:
    bus = connect_bus(f"nats://127.0.0.1:{own_nats.port}/own")
    found = await journey(database, ledger_of, bus, run_meanwhile, own_nats, 300)
    assert found == {f"k{key}": list(range(300)) for key in range(KEYS)}
    await bus.close()


READER = """
import asyncio, sys
from taxlien.kit.bus import connect_bus

async def main():
    subscription = await connect_bus(sys.argv[1]).subscribe("reading.killed", ["thing.counted"])
    found = []
    while len(found) < 10:
        found += await subscription.fetch(10, 5)
    await subscription.ack_all(found[:3])
    await subscription.fetch(10, 0.1)
    print("read", flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


async def killed_reader(url: str) -> None:
    """Let another process read ten messages, acknowledge three of them, and be killed."""
    reader = await asyncio.create_subprocess_exec(
        sys.executable, "-c", READER, url, stdout=subprocess.PIPE
    )
    assert reader.stdout is not None
    async with asyncio.timeout(60):
        assert await reader.stdout.readline() == b"read\n"
    reader.kill()
    await reader.wait()


def numbered(start: int, end: int) -> list[Outgoing]:
    return [
        Outgoing(new_id(), "thing.counted", "k", b"%d" % number) for number in range(start, end)
    ]


@pytest.mark.parametrize("standing_by", [False, True], ids=["started after", "standing by"])
async def test_what_a_killed_member_had_comes_again_before_anything_newer(
    nats_server: Any, standing_by: bool
) -> None:
    url = f"nats://127.0.0.1:{nats_server.port}/killed-{uuid4().hex}"
    bus = connect_bus(url)
    await bus.publish(numbered(0, 10))
    reading = asyncio.create_task(killed_reader(url))
    if standing_by:
        async with asyncio.timeout(60):
            while await bus.lag("reading.killed") != 7:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        subscription = await bus.subscribe("reading.killed", ["thing.counted"])
        await reading
    else:
        await reading
        subscription = await bus.subscribe("reading.killed", ["thing.counted"])
    await bus.publish(numbered(10, 20))
    found: list[int] = []
    async with asyncio.timeout(60):
        while len(found) < 17:
            fetched = await subscription.fetch(5, 1)
            await subscription.ack_all(fetched)
            found += [int(delivery.body) for delivery in fetched]
    assert found == list(range(3, 20))
    await bus.close()


async def test_a_member_that_loses_its_pin_skips_nothing(nats_server: Any) -> None:
    server, prefix = f"nats://127.0.0.1:{nats_server.port}", f"pin-{uuid4().hex}"
    bus = connect_bus(f"{server}/{prefix}")
    await bus.publish(numbered(0, 100))
    subscription = await bus.subscribe("reading.pinned", ["thing.counted"])
    outside = await nats.connect(server)
    found: list[int] = []
    async with asyncio.timeout(60):
        while len(found) < 100:
            fetched = await subscription.fetch(4, 1)  # and four more wait behind these
            await subscription.ack_all(fetched)
            found += [int(delivery.body) for delivery in fetched]
            if len(found) % 20 == 0:
                await unpin(outside, f"{prefix}.{durable_of('reading.pinned')}")
    assert found == list(range(100))
    await outside.close()
    await bus.close()
