"""The process that has our code loaded and becomes each of our programs by forking: they share its pages."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from taxlien.run.stack.errors import PartFailed
from taxlien.run.stack.parts.part import Site
from taxlien.run.stack.processes import Launch, StopSteps

PR_SET_CHILD_SUBREAPER = 36
READY = b"ready"
LARGEST = 256 * 1024  # bytes of a request: a command, an environment
FORK_SECONDS = 10.0
BLANK = " " * 160  # room on the command line for the words of a forked program, as `ps` shows them


class Wish(msgspec.Struct):
    """What a forked process shall become. ``parent``: the pid it must belong to; its end is its own."""

    arguments: Sequence[str]
    environment: dict[str, str]
    folder: str
    parent: int
    death_signal: int


class Adopted:
    """A process whose parent we are although another started it: what ``Popen`` offers of one."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._status: int | None = None

    def poll(self) -> int | None:
        """Return the exit status, negative for a signal; None while it runs."""
        if self._status is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:  # somebody else has asked for the status
                self._status = 0
            else:
                self._status = os.waitstatus_to_exitcode(status) if pid else None
        return self._status

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended: its pid may be another's by now."""
        if self.poll() is None:
            os.kill(self.pid, number)


class ForkServer:
    """Started with the servers, asked by ``Program``, and ended once all programs run.

    A program that has to be started again later is started anew, without its help.
    """

    name = "programs"
    title = "our code, loaded once"
    usual_ports: Mapping[str, int] = {}
    replaced_by: str | None = None
    start_seconds = 60.0
    stop_steps: StopSteps = ((signal.SIGTERM, 5.0),)

    def __init__(self, module: str) -> None:
        self._module = module
        self._door: socket.socket | None = None

    def program(self) -> Path:
        """Return the interpreter."""
        return Path(sys.executable)

    def clear(self, site: Site) -> list[str]:
        """Hang up; it keeps nothing on disk."""
        self._hang_up()
        return []

    async def prepare(self, site: Site) -> Launch:
        """Make the pair of sockets through which it is asked."""
        self._door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._door.setblocking(False)
        return Launch(
            [sys.executable, "-m", self._module, BLANK],
            environment={"MALLOC_ARENA_MAX": "2"},
            folder=Path.cwd(),
            stdin=theirs.detach(),
        )

    async def probe(self, site: Site) -> str:
        """Wait for the word that all is loaded."""
        if self._door is None:
            raise PartFailed(self.title, "it was not started", site.home.log(self.name))
        word = await asyncio.get_running_loop().sock_recv(self._door, len(READY))
        if word != READY:
            raise PartFailed(self.title, "it hung up", site.home.log(self.name))
        self._door.settimeout(FORK_SECONDS)
        return ""

    async def provision(self, site: Site) -> None:
        """Nothing."""

    def environment(self, site: Site) -> dict[str, str]:
        """Nothing: only the supervisor talks to it."""
        return {}

    def fork(self, launch: Launch, output: int, marks: Mapping[str, str]) -> Adopted | None:
        """Make a process of ``launch`` and become its parent; None where there is no server (any more).

        Blocks for the few milliseconds of a fork.
        """
        if self._door is None or self._door.gettimeout() == 0:
            return None
        wish = Wish(
            arguments=list(launch.argv[launch.argv.index("-m") + 2 :]),
            environment={**os.environ, **launch.environment, **marks},
            folder=str(launch.folder or "/"),
            parent=os.getpid(),
            death_signal=int(launch.death_signal),
        )
        try:
            with _heir_of_orphans():
                socket.send_fds(self._door, [msgspec.json.encode(wish)], [output])
                pid = int(self._door.recv(20))
        except (
            OSError,
            ValueError,
        ):  # it died; a process that it still made ends at this closed door
            self._hang_up()
            return None
        return Adopted(pid)

    def _hang_up(self) -> None:
        if self._door is not None:
            self._door.close()
            self._door = None


@contextmanager
def _heir_of_orphans() -> Iterator[None]:
    """Become the parent of whoever among our descendants loses its own, while this lasts."""
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
