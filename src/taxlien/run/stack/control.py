"""Reaching a running stack from another process."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psutil

from taxlien.run.stack import processes
from taxlien.run.stack.errors import StackError
from taxlien.run.stack.home import StackHome, wait_until


def stop_running(home: Path, seconds: float = 90.0) -> bool:
    """Ask the supervisor of ``home`` to stop, and wait for it. Return whether one was running.

    Processes that a killed supervisor left are ended too. Blocks. Raises StackError where the
    supervisor belongs to another user, or does not end in ``seconds``.
    """
    place = StackHome(home)
    try:
        held = place.is_held()
    except PermissionError:
        raise StackError(f"{place.root} belongs to another user; stop it as that user") from None
    if not held:
        left = [process for process, _ in processes.processes_of(place.root)]
        processes.stop_processes(left, grace=15)
        place.state_file.unlink(missing_ok=True)
        return bool(left)
    pid = place.holder()
    if pid is None:
        raise StackError(f"{place.root} is in use, but not by a supervisor that can be recognised")
    if pid == os.getpid():
        raise StackError("this very process runs the stack; it cannot wait for its own end")
    try:
        supervisor = psutil.Process(pid)
        supervisor.send_signal(signal.SIGTERM)
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        raise StackError(f"process {pid} belongs to another user; stop it as that user") from None
    if not wait_until(lambda: not place.is_held(), seconds):
        raise StackError(
            f"process {pid} did not stop in {seconds:.0f} s; `kill -9 {pid}` ends it, "
            f"and its servers with it"
        )
    return True
