"""From `taxlien up` to the first answered search: cold with demo data, then warm; and memory in all.

    python bench/startup.py [--rounds 3]

The peer in the same run is the bare embedded stack (four servers, nothing of ours) on the same machine.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from product_processes import megabytes, start, stop

from taxlien.run.stack import Stack


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
            memory = megabytes(process.pid)
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
    for name, size in sorted(memory.items(), key=lambda item: -item[1]):
        print(f"  {name:<20}{size:>7.0f} MB")


if __name__ == "__main__":
    main()
