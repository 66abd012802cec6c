"""One supervisor per home; whatever ends it, its servers end with it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import psutil
import pytest

from taxlien.run.stack import (
    AlreadyRunning,
    PartFailed,
    Program,
    Stack,
    StackError,
    State,
    Status,
    stop_running,
)
from taxlien.run.stack.processes import processes_of

pytestmark = [pytest.mark.stack, pytest.mark.tough]

Until = Callable[[Callable[[], object]], Awaitable[None]]
MakeStack = Callable[..., Stack]
StatusOf = Callable[[Stack, str], Status]

SUPERVISOR = """
import asyncio, json, sys
from pathlib import Path
from taxlien.run.stack import Display, Stack
home, parts, ports = json.loads(sys.argv[1])
stack = Stack(Path(home), parts, ports=ports, settings={})
with Display() as display:
    asyncio.run(stack.serve(lambda: stack.start(display)))
"""
LIGHT = ("postgres", "valkey", "nats")
ANY = dict.fromkeys(("postgres", "valkey", "nats"), 0)
WEB = (sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "{port}")


@pytest.fixture
async def supervisor(home: Path, until: Until) -> AsyncIterator[subprocess.Popen[bytes]]:
    """A supervisor in a process of its own, with every server up."""
    arguments = json.dumps([str(home), LIGHT, ANY])
    process = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", SUPERVISOR, arguments]
    )

    def is_up() -> bool:
        assert process.poll() is None
        return parts_of(home) == set(LIGHT)

    await until(is_up)
    yield process
    process.kill()
    process.wait()
    await until(lambda: not list(processes_of(home)))


def parts_of(home: Path) -> set[str]:
    try:
        found = json.loads((home / "stack.json").read_text())["parts"]
    except FileNotFoundError:
        return set()
    return {name for name, part in found.items() if part["state"] == "ready"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_signal_to_the_supervisor_stops_every_child(
    supervisor: subprocess.Popen[bytes], home: Path, number: signal.Signals
) -> None:
    children = psutil.Process(supervisor.pid).children(recursive=True)
    assert len(children) >= len(LIGHT)
    supervisor.send_signal(number)
    assert await asyncio.to_thread(supervisor.wait, 60) == 0
    assert not any(child.is_running() for child in children)
    assert not (home / "stack.json").exists()
    assert not (home / "postgres" / "cluster" / "postmaster.pid").exists()


async def test_children_end_when_their_supervisor_is_killed_and_the_next_one_starts(
    supervisor: subprocess.Popen[bytes], home: Path, make_stack: MakeStack, until: Until
) -> None:
    children = psutil.Process(supervisor.pid).children(recursive=True)
    supervisor.kill()
    await asyncio.to_thread(supervisor.wait)
    await until(lambda: not any(child.is_running() for child in children))
    stack = make_stack(home, LIGHT)
    await stack.start()
    assert [status.state for status in stack.status()] == [State.READY] * len(LIGHT)
    assert any("left its lock behind" in notice for notice in stack.notices)


async def test_second_supervisor_of_a_home_is_refused_in_words(
    supervisor: subprocess.Popen[bytes], home: Path, make_stack: MakeStack
) -> None:
    with pytest.raises(AlreadyRunning, match=rf"process {supervisor.pid}.*taxlien down"):
        await make_stack(home, LIGHT).start()
    assert parts_of(home) == set(LIGHT)


async def test_stop_running_ends_the_supervisor_of_another_process(
    supervisor: subprocess.Popen[bytes], home: Path
) -> None:
    assert await asyncio.to_thread(stop_running, home)
    assert not list(processes_of(home))
    assert await asyncio.to_thread(stop_running, home) is False


async def test_stop_running_refuses_to_wait_for_itself(home: Path, make_stack: MakeStack) -> None:
    await make_stack(home, ["valkey"]).start()
    with pytest.raises(StackError, match="this very process"):
        stop_running(home)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_passwords_and_state_are_for_the_owner_alone(
    home: Path, make_stack: MakeStack
) -> None:
    stack = make_stack(home, ["valkey"])
    await stack.start()
    for name in ("secrets.json", "stack.json", "lock", "valkey/valkey.conf", "logs/valkey.log"):
        assert mode(home / name) == 0o600, name
    assert mode(home) == 0o700
    password = json.loads((home / "secrets.json").read_text())["cache"]
    seen = [" ".join(process.cmdline()) for process, _ in processes_of(home)]
    assert seen
    assert not any(password in line for line in seen)


async def test_program_finds_the_servers_and_is_restarted_with_them_up(
    home: Path,
    make_stack: MakeStack,
    status_of: StatusOf,
    kill: Callable[[Stack, str], Awaitable[None]],
) -> None:
    stack = make_stack(home, ["valkey"])
    await stack.start()
    offers = {"TAXLIEN_WEB_URL": "http://127.0.0.1:{port}"}
    web = Program("web", WEB, usual_port=0, ready_path="/", offers=offers)
    await stack.start_program(web)
    port = status_of(stack, "web").port
    assert stack.environment()["TAXLIEN_WEB_URL"] == f"http://127.0.0.1:{port}"
    pid = status_of(stack, "web").pid
    settings = psutil.Process(pid).environ()
    assert settings["TAXLIEN_CACHE_URL"] == stack.environment()["TAXLIEN_CACHE_URL"]
    await kill(stack, "web")
    assert status_of(stack, "web").port == port


async def test_program_that_cannot_start_is_reported_with_its_last_words(
    home: Path, make_stack: MakeStack
) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no licence found')"]
    stack = make_stack(home, ["valkey"], [Program("broken", command, usual_port=0)])
    with pytest.raises(PartFailed, match=r"(?s)ended with status 1.*no licence found"):
        await stack.start()
    assert not list(processes_of(home))
    assert not stack.home.is_held()


async def test_part_that_keeps_dying_is_given_up_in_words(
    home: Path, make_stack: MakeStack
) -> None:
    stack = make_stack(home, ["valkey"])
    mortal = Program("mortal", [sys.executable, "-c", "raise SystemExit('as always')"])

    async def begin() -> None:
        await stack.start()
        await stack.start_program(mortal)

    with pytest.raises(PartFailed, match=r"(?s)mortal: .*not restarted again.*as always"):
        await stack.serve(begin)
    assert not list(processes_of(home))


async def test_children_of_a_program_end_with_it(
    home: Path, make_stack: MakeStack, until: Until
) -> None:
    family = Program("family", ["/bin/sh", "-c", "sleep 1000 & wait"])
    stack = make_stack(home, ["valkey"])
    await stack.start()
    await stack.start_program(family)
    pid = next(status.pid for status in stack.status() if status.name == "family")
    await until(lambda: psutil.Process(pid).children())
    children = psutil.Process(pid).children()
    await stack.stop_part("family")
    await until(lambda: not any(child.is_running() for child in children))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a process as another user")
def test_whole_stack_runs_as_an_ordinary_user(home: Path) -> None:
    code = (
        "import asyncio, json, os, sys\n"
        "from pathlib import Path\n"
        "from taxlien.run.stack import Stack\n"
        "async def main():\n"
        "    stack = Stack(Path(sys.argv[1]), ports=json.loads(sys.argv[2]), settings={})\n"
        "    await stack.start()\n"
        "    print(os.geteuid(), *(status.state for status in stack.status()))\n"
        "    await stack.stop()\n"
        "asyncio.run(main())\n"
    )
    interpreter = reachable_interpreter()
    home.mkdir()
    home.parent.chmod(0o755)
    os.chown(home, NOBODY, NOBODY)
    found = subprocess.run(
        [interpreter, "-c", code, str(home), json.dumps(ANY)],
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PATH": os.environ["PATH"]},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert found.stdout.split() == [str(NOBODY), *["ready"] * 4], found.stderr


NOBODY = 65534


def reachable_interpreter() -> str:
    """Return an interpreter of this version that an ordinary user may run."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (sys.executable, f"/usr/bin/{name}", f"/usr/local/bin/{name}"):
        try:
            subprocess.run([candidate, "-c", ""], user=NOBODY, cwd="/", check=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        return candidate
    pytest.skip("the only interpreter is in a folder closed to other users")


async def test_program_that_runs_once_is_a_part_until_it_ends(
    home: Path, make_stack: MakeStack, until: Until
) -> None:
    seen: list[Status] = []
    stack = make_stack(home, ())
    await stack.start(seen.append)
    for ending, state in ((0, State.STOPPED), (3, State.FAILED)):
        waits = f"import os, sys; os.read(0, 1); sys.exit({ending})"
        await stack.run_once(Program(f"errand-{ending}", [sys.executable, "-c", waits]))
        await until(lambda: stack.status() == [])
        assert seen[-1].state is state
    assert not any(layer for layer in stack._layers)
    assert json.loads((home / "stack.json").read_text())["parts"] == {}
