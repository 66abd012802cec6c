"""Child processes: started so that they cannot outlive us, stopped step by step, recognised later."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import psutil

from taxlien.run.stack.accounts import Account

# In the environment of every child: by it a later run knows that a process is of this home.
HOME_MARK = "TAXLIEN_STACK_HOME"
PART_MARK = "TAXLIEN_STACK_PART"
ROOM = 24  # bytes that a part's name takes in it: a forked process writes its own over its server's
LAUNCHER = Path(__file__).with_name("launch.py")
POLL = 0.015  # seconds

StopSteps = Sequence[tuple[signal.Signals, float]]


class Process(Protocol):
    """What ``Child`` asks of a process: a part of what ``subprocess.Popen`` offers."""

    pid: int

    def poll(self) -> int | None:
        """Return the exit status, negative for a signal; None while it runs."""

    def send_signal(self, sig: int) -> None:
        """Send a signal, unless it has ended."""


class Forks(Protocol):
    """Makes processes of Python code that it has loaded already."""

    def fork(self, launch: Launch, output: int, marks: Mapping[str, str]) -> Process | None:
        """Make a process of ``launch``, our child; None where that cannot be."""


@dataclass(frozen=True)
class Launch:
    """How to start one process. ``death_signal`` is what it gets when its supervisor dies.

    ``stdin``: a file descriptor, closed here once it was handed over; nothing to read by default.
    ``forks``: tried first; its process is the same as one started from ``argv``.
    """

    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    account: Account | None = None
    death_signal: signal.Signals = signal.SIGTERM
    stdin: int = subprocess.DEVNULL
    forks: Forks | None = None


class Child:
    """A running process in a group of its own (a terminal's Ctrl-C does not reach it)."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._swept = False
        self.pid = process.pid

    @property
    def returncode(self) -> int | None:
        """Exit status, negative for a signal; None while it runs."""
        return self._process.poll()

    async def wait(self) -> int:
        """Wait for the end and return the exit status."""
        with contextlib.suppress(OSError, AttributeError, NotImplementedError):
            await _readable(os.pidfd_open(self.pid))
        while True:  # also the way where the system knows no pidfd
            if (status := self.returncode) is not None:
                return status
            await asyncio.sleep(POLL)

    async def stop(self, steps: StopSteps) -> None:
        """Send each signal of ``steps`` and wait its seconds; SIGKILL to the whole group at last."""
        for number, seconds in steps:
            if self.returncode is not None:
                break
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.wait(), seconds)
        if not self._swept:  # once only: later the number may be another group's
            self._swept = True
            kill_group(self.pid)
        await self.wait()


async def _readable(handle: int) -> None:
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()

    def finish() -> None:
        if not ended.done():
            ended.set_result(None)

    loop.add_reader(handle, finish)
    try:
        await ended
    finally:
        loop.remove_reader(handle)
        os.close(handle)


def kill_group(pid: int) -> None:
    """Kill what is left of the process group that ``pid`` led."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def spawn(launch: Launch, output: int, marks: Mapping[str, str]) -> Child:
    """Start ``launch``; its output goes to the file descriptor ``output``, which is closed here.

    The child gets its death signal when the *thread* that called this ends: call it in a thread
    that lives as long as the stack.
    """
    try:
        forked = launch.forks.fork(launch, output, marks) if launch.forks else None
        return Child(forked or _execute(launch, output, marks))
    finally:
        os.close(output)
        if launch.stdin >= 0:
            os.close(launch.stdin)


def _execute(launch: Launch, output: int, marks: Mapping[str, str]) -> Process:
    account = launch.account or Account(-1, -1)
    options = (os.getpid(), int(launch.death_signal), account.uid, account.gid, account.passage)
    argv = [sys.executable, "-I", "-S", str(LAUNCHER), *(str(int(o)) for o in options), "--"]
    return subprocess.Popen(
        [*argv, *launch.argv],
        env={**os.environ, **launch.environment, **marks},
        cwd=launch.folder or "/",
        stdin=launch.stdin,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


async def run(launch: Launch, output: int, marks: Mapping[str, str], seconds: float) -> int:
    """Run ``launch`` to its end and return its exit status; killed after ``seconds``."""
    child = spawn(launch, output, marks)
    try:
        return await asyncio.wait_for(child.wait(), seconds)
    except TimeoutError:
        return -int(signal.SIGKILL)
    finally:
        if child.returncode is None:
            await child.stop([])


def marks_of(home: Path, part: str) -> dict[str, str]:
    """Return the environment that marks a child as ``part`` of the stack in ``home``."""
    return {HOME_MARK: str(home), PART_MARK: part.ljust(ROOM)}


def processes_of(home: Path) -> Iterator[tuple[psutil.Process, str]]:
    """Yield every process that a supervisor of ``home`` has started, with its part's name.

    Known by the mark in its environment, or (PostgreSQL's children, which lose it) by running
    inside the home. This process and those it was started by are left out.
    """
    ours = {os.getpid(), *(p.pid for p in psutil.Process().parents())}
    for process in psutil.process_iter():
        if process.pid in ours:
            continue
        part = _part_of(process, home)
        if part is not None:
            yield process, part


def _part_of(process: psutil.Process, home: Path) -> str | None:
    with contextlib.suppress(psutil.Error, OSError):
        environment = process.environ()
        if environment.get(HOME_MARK) == str(home):
            return environment.get(PART_MARK, "unknown").strip()
    with contextlib.suppress(psutil.Error, OSError, ValueError):
        folder = Path(process.cwd()).relative_to(home)
        if process.name().startswith("postgres") and folder.parts:
            return folder.parts[0]
    return None


def stop_processes(
    processes: Sequence[psutil.Process], grace: float, first: signal.Signals = signal.SIGTERM
) -> None:
    """Ask ``processes`` to end, wait ``grace`` seconds, then kill the rest. Blocks.

    psutil checks the start time before it signals: a pid given to another process is not hit.
    """
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(first)
    _, alive = psutil.wait_procs(processes, timeout=grace)
    for process in alive:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=5)


def memory_of(pid: int) -> int | None:
    """Return the memory of ``pid`` and its descendants in bytes, shared pages counted in proportion
    (PSS); resident memory where the system has no PSS; None where it may not be read."""
    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
    except psutil.Error:
        return None
    found = [size for size in map(_size, family) if size is not None]
    return sum(found) if found else None


def memory_alone(pid: int) -> int | None:
    """Return the memory of ``pid`` without its children, as ``memory_of`` counts it."""
    try:
        return _size(psutil.Process(pid))
    except psutil.Error:
        return None


def _size(process: psutil.Process) -> int | None:
    try:
        with open(f"/proc/{process.pid}/smaps_rollup") as file:  # noqa: PTH123 - a kernel file
            for line in file:
                if line.startswith("Pss:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    with contextlib.suppress(psutil.Error):
        return int(process.memory_info().rss)
    return None
