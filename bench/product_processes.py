"""A product started for a benchmark, and what each of its parts uses."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

SERVERS = {
    "postgres": "PostgreSQL",
    "valkey-server": "Valkey",
    "nats-server": "NATS",
    "weed": "SeaweedFS",
    "envoy": "Envoy",
}

# The word on its command line that tells one program of ours from another.
PROGRAMS = {
    "worker,relay,jobs,scheduler": "worker",
    "jobs,scheduler": "further worker",
    "api": "API",
    "mailbox": "mailbox",
    "import": "import process",
    "simulate": "simulator",
    "taxlien.run.forks": "fork server",
}


def start(
    home: Path, *options: str, settings: dict[str, str] | None = None
) -> tuple[float, subprocess.Popen[bytes]]:
    """Run `taxlien up`; return the seconds until it says that the first search was answered."""
    path = home.parent / f"{home.name}.log"
    began = time.perf_counter()
    with path.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "taxlien.run", "up", "--any-port", *options],
            env={**environment(home), **(settings or {})},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    while b"is up" not in path.read_bytes():
        if process.poll() is not None:
            raise SystemExit(path.read_text())
        time.sleep(0.02)
    return time.perf_counter() - began, process


def environment(home: Path) -> dict[str, str]:
    """This process's environment, pointed at the product of ``home``."""
    kept = {name: v for name, v in os.environ.items() if not name.startswith("TAXLIEN_")}
    return {**kept, "TAXLIEN_HOME": str(home)}


def stop(process: subprocess.Popen[bytes]) -> None:
    """Stop it as Ctrl-C does."""
    process.send_signal(signal.SIGINT)
    process.wait(60)


def megabytes(supervisor: int) -> dict[str, float]:
    """Proportional set size (PSS) by part, the supervisor's included."""
    found: dict[str, float] = {}
    for process in family(supervisor):
        try:
            lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()
            name = label(process)
        except (OSError, psutil.Error):
            continue  # it ended meanwhile
        kilobytes = int(next(line for line in lines if line.startswith("Pss:")).split()[1])
        found[name] = found.get(name, 0.0) + kilobytes / 1024
    return found


def cpu_seconds(supervisor: int) -> dict[str, float]:
    """User and system time so far by part; of processes that still run."""
    found: dict[str, float] = {}
    for process in family(supervisor):
        try:
            times, name = process.cpu_times(), label(process)
        except psutil.Error:
            continue
        found[name] = found.get(name, 0.0) + times.user + times.system
    return found


def family(supervisor: int) -> list[psutil.Process]:
    """The supervisor and all it started."""
    parent = psutil.Process(supervisor)
    return [parent, *parent.children(recursive=True)]


def label(process: psutil.Process) -> str:
    """The part a process belongs to."""
    if process.name() in SERVERS:
        return SERVERS[process.name()]
    words = process.cmdline()
    if not words:  # a server's child, or a process that just ends
        return label(process.parent() or process)
    for word, part in PROGRAMS.items():
        if word in words:
            return part
    return "supervisor"
