"""Real servers for the tests: one embedded stack for the whole run, shared by all workers.

The first test that needs a server starts the stack, in a process of its own; the run's controller stops
it. Every test that needs a database gets an empty one: cloned from a migrated template, or used before
and emptied.
"""

from __future__ import annotations

import fcntl
import gc
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import httpcore2
import psycopg
import pytest
from psycopg import sql

from order_of_files import FilesTogether, rank
from recycled_databases import Original, clone, drop, emptied, original, renewed, superuser_url
from taxlien.kit.database import Database
from taxlien.kit.ids import new_id
from taxlien.kit.migrations import prepare_service, upgrade
from taxlien.kit.settings import KitSettings
from taxlien.kit.telemetry.logs import configure_logs
from taxlien.run.stack import stop_running

HOME_VARIABLE = "TAXLIEN_TEST_HOME"
START_SECONDS = 60.0
SERVE = """
import asyncio, sys
from pathlib import Path
from taxlien.run.stack import Stack
stack = Stack(Path(sys.argv[1]), settings={})
async def begin():
    await stack.start()
    (Path(sys.argv[1]) / "all-up").touch()
asyncio.run(stack.serve(begin))
"""

DatabaseFactory = Callable[..., Awaitable[Database]]


def pytest_configure(config: pytest.Config) -> None:
    """Choose where this run's servers live; workers inherit it from the controller."""
    if not hasattr(config, "workerinput"):
        for name in [
            n
            for n in os.environ
            if n.startswith("TAXLIEN_")
            and not n.startswith(("TAXLIEN_SHARED_", "TAXLIEN_TEST_MONGODB_"))
        ]:
            del os.environ[name]  # a test must not reach the developer's own servers
        os.environ[HOME_VARIABLE] = tempfile.mkdtemp(prefix="taxlien-tests-")
    configure_logs(KitSettings(log_level="warning"), process="tests")
    # Every HTTP client reads the system's 150 authorities, which takes 20 ms; tests make thousands of them.
    httpcore2.default_ssl_context = cache(httpcore2.default_ssl_context)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no cycles in what collecting makes, and never again among the tests and modules it made.

    None of it is garbage, and to walk it again and again took two fifths of the time of collecting.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of the longest files first."""
    items.sort(key=lambda item: rank(item.path))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FilesTogether | None:
    """Keep files that ask one product together, where each file is given to one worker."""
    return FilesTogether(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the run's servers and forget their data."""
    home = os.environ.get(HOME_VARIABLE)
    if home and not hasattr(config, "workerinput"):
        stop_running(Path(home))
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real county files; tests that need it are skipped, visibly, where it is absent."""
    default = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("TAXLIEN_SHARED_DATA", default))
    if not folder.is_dir():
        pytest.skip("no county files beside the project (TAXLIEN_SHARED_DATA names their folder)")
    return folder


@pytest.fixture(scope="session")
def shared_pages() -> Path:
    """The folder of real county pages; tests that need it are skipped, visibly, where it is absent."""
    default = Path(__file__).parents[2] / "shared" / "pages"
    folder = Path(os.environ.get("TAXLIEN_SHARED_PAGES", default))
    if not folder.is_dir():
        pytest.skip("no county pages beside the project (TAXLIEN_SHARED_PAGES names their folder)")
    return folder


@contextmanager
def locked(name: str) -> Iterator[Path]:
    """Hold a lock that all workers of this run share. Yields the run's folder."""
    home = Path(os.environ[HOME_VARIABLE])
    with (home / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield home


@pytest.fixture(scope="session")
def stack_environment() -> dict[str, str]:
    """``TAXLIEN_*`` settings of running PostgreSQL, Valkey, NATS and S3 servers."""
    with locked("stack") as home:
        if not (home / "all-up").exists():
            with (home / "stack.log").open("w") as log:
                process = subprocess.Popen(
                    [sys.executable, "-c", SERVE, str(home)],
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            deadline = time.monotonic() + START_SECONDS
            while not (home / "all-up").exists():
                if process.poll() is not None or time.monotonic() > deadline:
                    pytest.fail(f"the servers did not start: {(home / 'stack.log').read_text()}")
                time.sleep(0.02)
            _hurry(home)
        found = json.loads((home / "stack.json").read_text())
    return dict(found["environment"])


def _hurry(home: Path) -> None:
    """Let the run's PostgreSQL not wait for the disk: what it holds need not outlive the machine.

    Nor does it hash each password 4,096 times: that took most of connecting, which every test does.
    Tests that cut servers down start their own, as they are shipped.
    """
    environment = json.loads((home / "stack.json").read_text())["environment"]
    url = urlsplit(environment["TAXLIEN_DATABASE_URL"])
    password = json.loads((home / "secrets.json").read_text())["postgres_superuser"]
    with psycopg.connect(
        host=url.hostname,
        port=url.port,
        user="postgres",
        password=password,
        dbname="postgres",
        autocommit=True,
    ) as superuser:
        superuser.execute("ALTER SYSTEM SET fsync = off")
        superuser.execute("ALTER SYSTEM SET scram_iterations = 1")
        superuser.execute("SELECT pg_reload_conf()")
        superuser.execute("SET scram_iterations = 1")
        known = {"postgres": password, unquote(url.username or ""): unquote(url.password or "")}
        for role, secret in known.items():
            change = sql.SQL("ALTER ROLE {} PASSWORD {}")
            superuser.execute(change.format(sql.Identifier(role), sql.Literal(secret)))


@pytest.fixture(scope="session")
def kit_settings(stack_environment: dict[str, str]) -> KitSettings:
    """The same, as settings."""
    fields = {name.removeprefix("TAXLIEN_").lower(): v for name, v in stack_environment.items()}
    return KitSettings(**{n: v for n, v in fields.items() if n in KitSettings.model_fields})


def with_database(url: str, name: str) -> str:
    """Return ``url`` with another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


async def _template(owner_url: str, settings: KitSettings, service: str) -> str:
    """Return the name of a database where ``service`` is migrated, made by whoever asks first."""
    name = f"template_{service}"
    with locked(name) as home:
        done = home / f"{name}.done"
        if not done.exists():
            async with await psycopg.AsyncConnection.connect(owner_url, autocommit=True) as owner:
                await owner.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            url = with_database(owner_url, name)
            await prepare_service(url, service, settings.database_password_for(service))
            await upgrade(with_database(settings.database_url_for(service), name), service)
            done.touch()
    return name


# Databases that earlier tests of this process used, as empty as they were found, and their closed pools:
# a pool that is opened again knows its server and the statements it has compiled, a fifth of a test's time.
_free: dict[str, list[str]] = defaultdict(list)
_pools: dict[tuple[str, tuple[tuple[str, int], ...]], Database] = {}
_originals: dict[str, Original] = {}


@pytest.fixture
async def database_for(kit_settings: KitSettings) -> AsyncIterator[DatabaseFactory]:
    """``await database_for("liens")``: an empty, migrated database of a service, as the service's role."""
    owner_url = kit_settings.require("database_url").replace("+psycopg", "")
    secrets = json.loads((Path(os.environ[HOME_VARIABLE]) / "secrets.json").read_text())
    password = secrets["postgres_superuser"]
    opened: list[tuple[Database, str]] = []

    async def open_database(service: str, **options: int) -> Database:
        if _free[service]:
            name = _free[service].pop()
        else:
            name = f"test_{new_id().hex}"
            await clone(owner_url, name, await _template(owner_url, kit_settings, service))
        if service not in _originals:
            url = superuser_url(owner_url, password, name)
            _originals[service] = await original(url, service)
        which = (name, tuple(options.items()))
        if which not in _pools:
            url = with_database(kit_settings.database_url_for(service), name)
            _pools[which] = Database(url, service=service, **options)
        database = renewed(_pools[which])
        opened.append((database, name))
        return database

    yield open_database
    for database, _ in opened:
        await database.close()
    for database, name in opened:
        url = superuser_url(owner_url, password, name)
        if await emptied(url, database.service, _originals[database.service]):
            _free[database.service].append(name)
        else:
            for which in [which for which in _pools if which[0] == name]:
                del _pools[which]
            await drop(owner_url, name)


@pytest.fixture
def bus_url(kit_settings: KitSettings) -> str:
    """A NATS address with a name space of its own, so that no test hears another's events."""
    return f"{kit_settings.require('bus_url')}/{new_id().hex}"
