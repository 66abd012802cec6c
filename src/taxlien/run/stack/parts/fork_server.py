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
HANDED = b"handed"
LARGEST = 256 * 1024  # bytes of a request: a command, an environment
FORK_SECONDS = 10.0
# glibc: few arenas, and large buffers given back at once (it would learn to keep them): 17 MB of a worker.
MALLOC = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": "262144"}
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


class Door:
    """The supervisor's end of the sockets through which one image of our code is asked to fork."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None

    def open(self) -> socket.socket:
        """Make the pair; return the end of whoever forks."""
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.setblocking(False)
        return theirs

    def hand_over(self, other: socket.socket) -> None:
        """Send another socket through this one, which nobody reads yet."""
        assert self._socket is not None
        socket.send_fds(self._socket, [HANDED], [other.fileno()])
        other.close()

    async def ready(self) -> bool:
        """Wait for the word that all is loaded; False where the other end hung up.

        May be asked again, after an answer or after it was cancelled: the word comes once.
        """
        if self._socket is None:
            return False
        if self._socket.gettimeout() != 0:
            return True
        word = await asyncio.get_running_loop().sock_recv(self._socket, len(READY))
        if word == READY:
            self._socket.settimeout(FORK_SECONDS)
        return word == READY

    def fork(self, launch: Launch, output: int, marks: Mapping[str, str]) -> Adopted | None:
        """Make a process of ``launch`` and become its parent; None where there is no server (any more).

        Blocks for the few milliseconds of a fork.
        """
        if self._socket is None or self._socket.gettimeout() == 0:
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
                socket.send_fds(self._socket, [msgspec.json.encode(wish)], [output])
                pid = int(self._socket.recv(20))
        except (
            OSError,
            ValueError,
        ):  # it died; a process that it still made ends at this closed door
            self.hang_up()
            return None
        return Adopted(pid)

    def hang_up(self) -> None:
        """Ask for nothing more: whoever forks ends."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class ForkServer:
    """Started with the servers, asked by ``Program``, and ended once all programs run.

    ``small`` forks what needs little of our code, ``whole`` the rest: the second is a fork of the first
    that went on loading. A program that has to be started again later is started anew, without them.
    """

    name = "programs"
    title = "our code, loaded once"
    usual_ports: Mapping[str, int] = {}
    replaced_by: str | None = None
    start_seconds = 60.0
    stop_steps: StopSteps = ((signal.SIGTERM, 5.0),)

    def __init__(self, module: str) -> None:
        self._module = module
        self.small, self.whole = Door(), Door()

    def program(self) -> Path:
        """Return the interpreter."""
        return Path(sys.executable)

    def clear(self, site: Site) -> list[str]:
        """Hang up; it keeps nothing on disk."""
        self.small.hang_up()
        self.whole.hang_up()
        return []

    async def prepare(self, site: Site) -> Launch:
        """Make the sockets through which it is asked; the second goes through the first."""
        theirs = self.small.open()
        self.small.hand_over(self.whole.open())
        return Launch(
            [sys.executable, "-m", self._module, BLANK],
            environment=MALLOC,
            folder=Path.cwd(),
            stdin=theirs.detach(),
        )

    async def probe(self, site: Site) -> str:
        """Wait for the word that all is loaded."""
        if not (await self.small.ready() and await self.whole.ready()):
            raise PartFailed(self.title, "it hung up", site.home.log(self.name))
        return ""

    async def provision(self, site: Site) -> None:
        """Nothing."""

    def environment(self, site: Site) -> dict[str, str]:
        """Nothing: only the supervisor talks to it."""
        return {}


@contextmanager
def _heir_of_orphans() -> Iterator[None]:
    """Become the parent of whoever among our descendants loses its own, while this lasts."""
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
