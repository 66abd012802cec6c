"""Memory of the worker while it collects, publishes, records and indexes many pages, the whole way.

    python bench/collecting_memory.py [--pages 1000000] [--plot docs/collecting-memory.svg]

Starts a simulator with parcels enough for so many pages, and the product without demo data. Samples
the worker's memory (PSS, of it anonymous) against the pages it kept, until so many are kept or all
sources are published.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
from collecting import PROGRESS, one, simulator, start_workers
from memory_plot import drawn
from product_processes import start, stop

LOOK_SECONDS = 5.0
PARCELS_A_PAGE = 2.2

KEPT = """
SELECT n_tup_ins FROM pg_stat_user_tables WHERE schemaname = 'scraper' AND relname = 'raw_pages'
"""


def collect(pages: int, counties: int) -> Iterator[tuple[int, float, float]]:
    """Yield pages kept so far with the worker's PSS and what of it is anonymous, in MB."""
    parcels = int(pages * PARCELS_A_PAGE)
    with tempfile.TemporaryDirectory() as folder, simulator(counties, parcels) as url:
        home = Path(folder) / "home"
        settings = {"TAXLIEN_SCRAPER_SIMULATOR_URL": url, "TAXLIEN_SCRAPER_RUNS_AT_ONCE": "8"}
        _, up = start(home, "--no-demo", settings=settings)
        [worker] = start_workers(home, settings, 1)
        try:
            stack = json.loads((home / "stack.json").read_text())["environment"]
            owner = stack["TAXLIEN_DATABASE_URL"].replace("+psycopg", "")
            with psycopg.connect(owner, autocommit=True) as connection:
                yield from watch(connection, worker, pages)
        finally:
            stop(up)


def watch(
    connection: psycopg.Connection[tuple[int, ...]], worker: psutil.Process, pages: int
) -> Iterator[tuple[int, float, float]]:
    while worker.is_running():
        time.sleep(LOOK_SECONDS)
        [kept] = one(connection, KEPT)
        if kept:
            yield kept, *sizes(worker.pid)
        total, done, _ = one(connection, PROGRESS)
        if kept >= pages or (total and done == total):
            return


def sizes(pid: int) -> tuple[float, float]:
    """Return a process's proportional set size and its anonymous part, in MB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    found = {line.partition(":")[0]: int(line.split()[1]) / 1024 for line in lines}
    return found["Pss"], found["Pss_Anon"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pages", type=int, default=1_000_000)
    parser.add_argument("--counties", type=int, default=67)
    parser.add_argument("--plot", type=Path, default=None, help="where to draw memory, as SVG")
    parser.add_argument("--samples", type=Path, default=None, help="where to write every sample")
    chosen = parser.parse_args()
    began, samples = time.perf_counter(), []
    for sample in collect(chosen.pages, chosen.counties):
        samples.append(sample)
        if chosen.samples:
            with chosen.samples.open("a") as lines:
                lines.write(" ".join(f"{value:.0f}" for value in sample) + "\n")
        if chosen.plot:
            title = "Memory of the worker over pages collected, MB PSS"
            chosen.plot.write_text(drawn([(n, pss) for n, pss, _ in samples], title))
    seconds, last = time.perf_counter() - began, samples[-1][0]
    print(f"{last:,} pages kept in {seconds:,.0f} s: {last / seconds * 3600:,.0f} an hour")
    print(f"{'pages':>12}{'PSS, MB':>10}{'anonymous':>11}")
    for kept, pss, anonymous in [*samples[:: max(1, len(samples) // 20)], samples[-1]]:
        print(f"{kept:>12,}{pss:>10.0f}{anonymous:>11.0f}")


if __name__ == "__main__":
    main()
