"""Programs made by forking are as much the supervisor's own as those started anew."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx2
import psutil
import pytest

from taxlien.run.stack import Program, Stack, State, Status
from taxlien.run.stack.parts.fork_server import HANDED, READY, Door, ForkServer
from taxlien.run.stack.processes import processes_of

pytestmark = [
    pytest.mark.stack,
    pytest.mark.tough,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands a process over"),
]

Until = Callable[[Callable[[], object]], Awaitable[None]]
MakeStack = Callable[..., Stack]
StatusOf = Callable[[Stack, str], Status]


def mail_program(forks: ForkServer, name: str = "mail", *, small: bool = True) -> Program:
    command = [sys.executable, "-m", "taxlien.run", "mailbox"]
    return Program(
        name,
        [*command, "--smtp-port", "{port}", "--http-port", f"{{port of {name}-http}}"],
        usual_port=0,
        further_ports={f"{name}-http": 0},
        ready_port=f"{name}-http",
        forks=forks.small if small else forks.whole,
    )


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[tuple[Stack, ForkServer]]:
    """A stack whose one program was made by forking, and its server, for all who stop neither."""
    forks = ForkServer("taxlien.run.forks")
    folder = Path(tempfile.mkdtemp(prefix="tls-"))
    stack = Stack(folder / "home", [forks], [mail_program(forks)], settings={})
    await stack.start()
    yield stack, forks
    await stack.stop()
    shutil.rmtree(folder)


@pytest.fixture
def forked(server: tuple[Stack, ForkServer]) -> Stack:
    return server[0]


def shared_kilobytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("Shared_Dirty:")).split()[1])


async def test_forked_program_is_ours_and_shares_its_pages(
    forked: Stack, status_of: StatusOf
) -> None:
    process = psutil.Process(status_of(forked, "mail").pid)
    assert process.ppid() == os.getpid()
    assert shared_kilobytes(process.pid) > 15_000


async def test_forked_program_is_known_by_its_own_name_and_command(
    forked: Stack, status_of: StatusOf
) -> None:
    pid = status_of(forked, "mail").pid
    assert {p.pid: part for p, part in processes_of(forked.home.root)}[pid] == "mail"
    assert psutil.Process(pid).cmdline()[:2] == ["taxlien", "mailbox"]


async def test_forked_program_outlives_the_server_of_which_nothing_is_left_and_comes_back_without_it(
    home: Path, make_stack: MakeStack, status_of: StatusOf, until: Until
) -> None:
    forks = ForkServer("taxlien.run.forks")
    stack = make_stack(home, [forks], [mail_program(forks)])
    await stack.start()
    pid = status_of(stack, "programs").pid
    assert pid is not None
    images = [psutil.Process(pid), *psutil.Process(pid).children()]
    assert len(images) == 2
    await stack.stop_part("programs")
    psutil.wait_procs(images, timeout=10)
    assert not any(image.is_running() for image in images)
    before = status_of(stack, "mail")
    assert before.pid is not None
    assert before.state is State.READY
    os.kill(before.pid, signal.SIGKILL)
    await until(lambda: status_of(stack, "mail").restarts == 1)
    await until(lambda: status_of(stack, "mail").state is State.READY)
    assert "taxlien.run" in psutil.Process(status_of(stack, "mail").pid).cmdline()


async def test_program_starts_although_the_server_was_killed(
    home: Path, make_stack: MakeStack, status_of: StatusOf
) -> None:
    forks = ForkServer("taxlien.run.forks")
    stack = make_stack(home, [forks])
    await stack.start()
    pid = status_of(stack, "programs").pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await stack.start_program(mail_program(forks))
    assert status_of(stack, "mail").state is State.READY


async def test_forked_program_ends_when_asked_and_writes_to_its_own_log(
    server: tuple[Stack, ForkServer], status_of: StatusOf
) -> None:
    stack, forks = server
    await stack.start_program(mail_program(forks, "letters"))
    status = status_of(stack, "letters")
    async with httpx2.AsyncClient() as client:
        port = stack._upstreams()["letters-http"]
        assert (await client.get(f"http://127.0.0.1:{port}/ready")).status_code == 200
    await stack.stop_part("letters")
    assert status.pid is not None
    assert not psutil.pid_exists(status.pid)
    assert stack.home.log("letters").exists()


async def test_whole_image_has_what_the_small_one_lacks(
    server: tuple[Stack, ForkServer], status_of: StatusOf
) -> None:
    stack, forks = server
    await stack.start_program(mail_program(forks, "whole", small=False))
    from_small, from_whole = status_of(stack, "mail").pid, status_of(stack, "whole").pid
    assert from_small is not None
    assert from_whole is not None
    assert shared_kilobytes(from_whole) > max(30_000, shared_kilobytes(from_small))


def test_server_ends_when_the_whole_image_cannot_be_loaded() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    door, closed = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    socket.send_fds(ours, [HANDED], [closed.fileno()])
    closed.close()
    door.close()  # what loads everything can tell nobody, which ends it
    command = [sys.executable, "-m", "taxlien.run.forks"]
    with subprocess.Popen(command, stdin=theirs.detach(), stderr=subprocess.DEVNULL) as server:
        assert server.wait(60) == 1
    ours.close()


async def test_a_door_that_is_ready_is_ready_however_often_it_is_asked() -> None:
    door = Door()
    theirs = door.open()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(door.ready(), 0.01)
    theirs.send(READY)
    assert await door.ready()
    assert await asyncio.wait_for(door.ready(), 1)
    door.hang_up()
    assert not await door.ready()
    theirs.close()
