"""Workers for tests that kill them: forks of one process that has imported everything before.

Most of a second of a worker's life is imports, and such a test takes a dozen workers. Until a fork nothing
but imports ran, so each is a whole process that shares nothing with another.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

SERVE = """
import asyncio, json, os, signal, sys
{program}
signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead are not waited for
begun = []
for line in sys.stdin:
    told = json.loads(line)
    if pid := os.fork():
        begun.append(pid)
        print(pid, flush=True)
        continue
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.close(0)
    os.dup2(2, 1)
    os.environ.clear()
    os.environ.update(told["environment"])
    asyncio.run(main(*told["arguments"]))
    os._exit(0)
for pid in begun:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
"""


class Worker(NamedTuple):
    """A running worker."""

    pid: int

    def kill(self) -> None:
        """Kill it by signal 9, and come back when it is gone; nothing happens where it is."""
        try:
            process = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return
        try:
            signal.pidfd_send_signal(process, signal.SIGKILL)
            select.select([process], [], [])
        except ProcessLookupError:
            pass
        finally:
            os.close(process)


class Workers:
    """Starts workers of one program."""

    def __init__(self, server: subprocess.Popen[str]) -> None:
        self._server = server

    def start(self, *arguments: str) -> Worker:
        """Start one with the environment as it is now; it is at work when this returns."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        told = {"environment": dict(os.environ), "arguments": arguments}
        self._server.stdin.write(json.dumps(told) + "\n")
        self._server.stdin.flush()
        return Worker(int(self._server.stdout.readline()))


@contextmanager
def workers_of(program: str) -> Iterator[Workers]:
    """Yield what starts workers of ``program``, whose ``async def main(...)`` takes their arguments."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVE.format(program=program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        yield Workers(server)
