"""From `taxlien up` to the first answered search: cold with demo data, then warm; and memory in all.

    python bench/startup.py [--rounds 3]

The peer in the same run is the bare embedded stack (four servers, nothing of ours) on the same machine.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from taxlien.run.stack import Stack


def start(home: Path) -> tuple[float, subprocess.Popen[bytes]]:
    """Run `taxlien up`; return the seconds until it says that the first search was answered."""
    log = (home.parent / "up.log").open("wb")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TAXLIEN_")}
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "taxlien.run", "up"],
        env={**environment, "TAXLIEN_HOME": str(home)},
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    while b"is up" not in (home.parent / "up.log").read_bytes():
        if process.poll() is not None:
            raise SystemExit((home.parent / "up.log").read_text())
        time.sleep(0.02)
    return time.perf_counter() - began, process


def pss(pid: int) -> dict[str, float]:
    """Proportional set size in MB by part, for the supervisor and all it started."""
    parts: dict[str, float] = {}
    for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
        rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
        kilobytes = int(
            next(line for line in rollup.splitlines() if line.startswith("Pss:")).split()[1]
        )
        name = label(process)
        parts[name] = parts.get(name, 0.0) + kilobytes / 1024
    return parts


def label(process: psutil.Process) -> str:
    words = " ".join(process.cmdline())
    known = {
        "postgres": "PostgreSQL",
        "valkey": "Valkey",
        "nats-server": "NATS",
        "weed": "SeaweedFS",
        "envoy": "Envoy",
        "worker": "worker and relay",
        "api": "API",
    }
    first = Path(process.cmdline()[0]).name if process.cmdline() else process.name()
    for word in ("postgres", "valkey", "nats-server", "weed", "envoy"):
        if word in first or (word == "postgres" and process.name() == "postgres"):
            return known[word]
    if "--roles worker" in words:
        return known["worker"]
    if "--roles api" in words or "spawn_main" in words or "granian" in words:
        return known["api"]
    return "supervisor"


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    process.wait(60)


async def bare(home: Path) -> tuple[float, float]:
    """Seconds to start the four bare servers: cold, then warm."""
    times = []
    for _ in range(2):
        stack = Stack(home, settings={})
        began = time.perf_counter()
        await stack.start()
        times.append(time.perf_counter() - began)
        await stack.stop()
    return times[0], times[1]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    rows: dict[str, list[float]] = {
        name: [] for name in ("cold", "warm", "bare cold", "bare warm", "pss")
    }
    memory: dict[str, float] = {}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder) / "home"
            seconds, process = start(home)
            rows["cold"].append(seconds)
            stop(process)
            seconds, process = start(home)
            rows["warm"].append(seconds)
            memory = pss(process.pid)
            rows["pss"].append(sum(memory.values()))
            stop(process)
            cold, warm = asyncio.run(bare(Path(folder) / "bare"))
            rows["bare cold"].append(cold)
            rows["bare warm"].append(warm)
    middle = {name: statistics.median(values) for name, values in rows.items()}
    print(f"median of {rounds} rounds")
    print(f"{'':<34}{'seconds':>9}{'bare stack':>12}{'ratio':>7}")
    for name in ("cold", "warm"):
        peer = middle[f"bare {name}"]
        print(
            f"{'up to first search, ' + name:<34}{middle[name]:>9.2f}{peer:>12.2f}{middle[name] / peer:>7.1f}"
        )
    print(f"memory in all (PSS): {middle['pss']:.0f} MB")
    for name, megabytes in sorted(memory.items(), key=lambda item: -item[1]):
        print(f"  {name:<20}{megabytes:>7.0f} MB")


if __name__ == "__main__":
    main()
