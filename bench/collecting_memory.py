"""Memory of the worker while it collects, publishes, records and indexes many pages, the whole way.

    python bench/collecting_memory.py [--pages 1000000] [--plot docs/collecting-memory.svg]

Starts a simulator with parcels enough for so many pages, and the product without demo data. Samples
the worker's memory (PSS, of it anonymous) against the pages it kept, and now and then that of every
other part, until so many are kept or all sources are published. A few counties of few parcels
(``--counties 10 --parcels 20000``) publish in waves within minutes.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import NamedTuple

import psutil
import psycopg
from collecting import PROGRESS, one, simulator, start_workers
from memory_plot import drawn
from product_processes import megabytes, start, stop

LOOK_SECONDS = 5.0
LOOKS_A_PART = 12  # the memory of all parts is asked for once a minute: it costs more
PARCELS_A_PAGE = 2.2

KEPT = """
SELECT n_tup_ins FROM pg_stat_user_tables WHERE schemaname = 'scraper' AND relname = 'raw_pages'
"""
STAGES = """
SELECT count(*) FILTER (WHERE stage = 'pages'), count(*) FILTER (WHERE stage = 'publishing')
FROM scraper.runs WHERE state = 'open'
"""


class Sample(NamedTuple):
    """Pages kept so far, the worker's MB then, sources under way; now and then MB PSS by part."""

    pages: int
    pss: float
    anonymous: float
    fetching: int
    publishing: int
    parts: dict[str, float]


def collect(pages: int, counties: int, parcels: int) -> Iterator[Sample]:
    """Yield what the worker and the others use, from the first page on."""
    with tempfile.TemporaryDirectory() as folder, simulator(counties, parcels) as url:
        home = Path(folder) / "home"
        settings = {"TAXLIEN_SCRAPER_SIMULATOR_URL": url, "TAXLIEN_SCRAPER_RUNS_AT_ONCE": "8"}
        _, up = start(home, "--no-demo", settings=settings)
        [worker] = start_workers(home, settings, 1)
        try:
            stack = json.loads((home / "stack.json").read_text())["environment"]
            owner = stack["TAXLIEN_DATABASE_URL"].replace("+psycopg", "")
            with psycopg.connect(owner, autocommit=True) as connection:
                yield from watch(connection, up.pid, worker, pages)
        finally:
            stop(up)


def watch(
    connection: psycopg.Connection[tuple[int, ...]],
    supervisor: int,
    worker: psutil.Process,
    pages: int,
) -> Iterator[Sample]:
    for look in count():
        if not worker.is_running():
            return
        time.sleep(LOOK_SECONDS)
        [kept] = one(connection, KEPT)
        if kept:
            parts = megabytes(supervisor) if look % LOOKS_A_PART == 0 else {}
            (pss, anonymous), (fetching, publishing) = sizes(worker.pid), one(connection, STAGES)
            yield Sample(kept, pss, anonymous, fetching, publishing, parts)
        total, done, _ = one(connection, PROGRESS)
        if kept >= pages or (total and done == total):
            return


def sizes(pid: int) -> tuple[float, float]:
    """Return a process's proportional set size and its anonymous part, in MB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    found = {line.partition(":")[0]: int(line.split()[1]) / 1024 for line in lines}
    return found["Pss"], found["Pss_Anon"]


def show(samples: Sequence[Sample], seconds: float) -> None:
    """Print the worker's way in twenty steps, and all parts at four of them."""
    last = samples[-1].pages
    print(f"{last:,} pages kept in {seconds:,.0f} s: {last / seconds * 3600:,.0f} an hour")
    print(f"{'pages':>12}{'PSS, MB':>10}{'anonymous':>11}{'fetching':>10}{'publishing':>12}")
    for sample in [*samples[:: max(1, len(samples) // 20)], samples[-1]]:
        kept, pss, anonymous, fetching, publishing, _ = sample
        print(f"{kept:>12,}{pss:>10.0f}{anonymous:>11.0f}{fetching:>10}{publishing:>12}")
    with_parts = [sample for sample in samples if sample.parts]
    for sample in with_parts[:: max(1, len(with_parts) // 4)]:
        parts = ", ".join(f"{name} {size:.0f}" for name, size in sorted(sample.parts.items()))
        print(f"{sample.pages:>12,} pages, MB PSS: {parts}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pages", type=int, default=1_000_000)
    parser.add_argument("--counties", type=int, default=67)
    parser.add_argument("--parcels", type=int, default=None, help="of all counties together")
    parser.add_argument("--plot", type=Path, default=None, help="where to draw memory, as SVG")
    parser.add_argument("--samples", type=Path, default=None, help="where to write every sample")
    chosen = parser.parse_args()
    began = time.perf_counter()
    samples: list[Sample] = []
    parcels = chosen.parcels or int(chosen.pages * PARCELS_A_PAGE)
    for sample in collect(chosen.pages, chosen.counties, parcels):
        samples.append(sample)
        if chosen.samples:
            with chosen.samples.open("a") as lines:
                lines.write(json.dumps(sample._asdict()) + "\n")
        if chosen.plot:
            title = "Memory of the worker over pages collected, MB PSS"
            chosen.plot.write_text(drawn([(n, pss) for n, pss, *_ in samples], title))
    show(samples, time.perf_counter() - began)


if __name__ == "__main__":
    main()
