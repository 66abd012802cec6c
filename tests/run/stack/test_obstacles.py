"""Busy ports, stale locks, long paths, servers given by a URL: each is met, in words."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from taxlien.run.stack import EMBEDDED, PartFailed, Stack, StackError, State, Status
from taxlien.run.stack.ports import choose, is_free, occupants

pytestmark = pytest.mark.stack

MakeStack = Callable[..., Stack]
StatusOf = Callable[[Stack, str], Status]


@pytest.fixture
def busy_port() -> Iterator[int]:
    """A port on which this process listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A living process that has nothing to do with the product."""
    with subprocess.Popen(["sleep", "1000"]) as process:
        yield process
        process.kill()


async def test_busy_port_is_replaced_and_its_user_named(
    home: Path, make_stack: MakeStack, status_of: StatusOf, busy_port: int
) -> None:
    stack = make_stack(home, ["valkey"], ports={"valkey": busy_port})
    await stack.start()
    port = status_of(stack, "valkey").port
    assert port != busy_port
    assert f":{port}/" in stack.environment()["TAXLIEN_CACHE_URL"]
    assert any(str(busy_port) in notice and str(os.getpid()) in notice for notice in stack.notices)


def test_usual_port_comes_first_then_the_last_one_then_any(busy_port: int) -> None:
    free = choose(0, None)
    assert choose(free, busy_port) == free
    assert choose(busy_port, free) == free
    other = choose(busy_port, free, taken={free})
    assert other not in (busy_port, free)
    assert is_free(other)
    users = occupants([other, busy_port])
    assert list(users) == [busy_port]
    assert f"(pid {os.getpid()})" in users[busy_port]


async def test_same_ports_are_used_again(home: Path, make_stack: MakeStack) -> None:
    first = make_stack(home, ["valkey"])
    await first.start()
    before = first.environment()
    await first.stop()
    again = make_stack(home, ["valkey"])
    await again.start()
    assert again.environment() == before


async def test_stale_lock_of_postgres_naming_a_living_stranger_is_cleared_and_he_lives(
    home: Path, make_stack: MakeStack, stranger: subprocess.Popen[bytes]
) -> None:
    for folder in (home.parent, home):  # one that was made by hand, and that everybody may enter
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
    first = make_stack(home, ["postgres"])
    await first.start()
    await first.stop()
    lock = home / "postgres" / "cluster" / "postmaster.pid"
    lock.write_text(f"{stranger.pid}\n{lock.parent}\n1700000000\n5432\n\n127.0.0.1\n\n")
    again = make_stack(home, ["postgres"])
    await again.start()
    assert any("stale lock of PostgreSQL" in notice for notice in again.notices)
    assert stranger.poll() is None


async def test_postgres_is_durable_private_and_its_owner_no_superuser(
    home: Path, make_stack: MakeStack
) -> None:
    stack = make_stack(home, ["postgres"])
    await stack.start()
    url = stack.environment()["TAXLIEN_DATABASE_URL"]
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        names = ("synchronous_commit", "fsync", "listen_addresses", "jit", "is_superuser")
        query = f"SELECT {', '.join(f'current_setting({name!r})' for name in names)}"
        found = await (await connection.execute(query)).fetchone()
        assert found == ("on", "on", "127.0.0.1", "off", "off")
        await connection.execute("CREATE ROLE taxlien_liens LOGIN PASSWORD 'x'")
        await connection.execute("CREATE SCHEMA liens AUTHORIZATION taxlien_liens")
        await connection.execute("CREATE DATABASE another")
    with pytest.raises(psycopg.OperationalError, match="password"):
        await psycopg.AsyncConnection.connect(url.replace("taxlien:", "taxlien:not", 1))


async def test_home_with_a_path_too_long_for_sockets_works(make_stack: MakeStack) -> None:
    top = Path(tempfile.mkdtemp(prefix="tls-"))
    try:
        stack = make_stack(top / ("a-very-long-name-" * 6) / "home")
        await stack.start()
        assert {status.state for status in stack.status()} == {State.READY}
        await stack.stop()
        shutil.rmtree(stack.home.socket_folder("postgres"))
        shutil.rmtree(stack.home.socket_folder("objects"))
    finally:
        shutil.rmtree(top)


async def test_home_with_spaces_and_quotes_in_its_name_works(
    home: Path, make_stack: MakeStack
) -> None:
    stack = make_stack(home / 'Ana\'s "tax" folder {1}')
    await stack.start()
    assert {status.state for status in stack.status()} == {State.READY}


async def test_url_given_from_outside_replaces_each_part(
    home: Path, make_stack: MakeStack, status_of: StatusOf
) -> None:
    lender = make_stack(home / "lender")
    await lender.start()
    given = lender.environment()
    borrower = make_stack(home / "borrower", settings=given)
    await borrower.start()
    assert {status.state for status in borrower.status()} == {State.EXTERNAL}
    urls = {name: value for name, value in given.items() if name != "TAXLIEN_HOME"}
    assert borrower.environment() == urls | {"TAXLIEN_HOME": str(home / "borrower")}
    state = json.loads((home / "borrower" / "stack.json").read_text())
    assert state["parts"]["postgres"]["state"] == "external"


@pytest.mark.parametrize(
    ("parts", "name", "url"),
    [
        (("postgres",), "TAXLIEN_DATABASE_URL", "postgresql://x:hidden@127.0.0.1:{port}/taxlien"),
        (tuple(EMBEDDED), "TAXLIEN_CACHE_URL", "redis://:hidden@127.0.0.1:{port}/0"),
        (("nats",), "TAXLIEN_BUS_URL", "nats://taxlien:hidden@127.0.0.1:{port}"),
    ],
)
async def test_dead_url_is_refused_in_words_without_its_password(
    home: Path, make_stack: MakeStack, parts: tuple[str, ...], name: str, url: str
) -> None:
    dead = url.format(port=choose(0, None))
    stack = make_stack(home, parts, settings={name: dead})
    with pytest.raises(StackError, match=f"{name} is set, but its server") as caught:
        await stack.start()
    assert "hidden" not in str(caught.value)
    assert not (home / "stack.json").exists()


async def test_cluster_of_another_major_version_is_refused_in_words(
    home: Path, make_stack: MakeStack
) -> None:
    cluster = home / "postgres" / "cluster"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("15\n")
    with pytest.raises(PartFailed, match=r"written by version 15.*pg_dump"):
        await make_stack(home, ["postgres"]).start()


async def test_home_that_cannot_be_written_is_refused_in_words(make_stack: MakeStack) -> None:
    home = Path(__file__)
    with pytest.raises(StackError, match=r"cannot be written .*TAXLIEN_HOME"):
        await make_stack(home, ["valkey"]).start()
