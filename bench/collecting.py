"""County sites to searchable liens: properties an hour from the simulator, by number of workers.

    python bench/collecting.py [--counties 12] [--parcels 12000] [--workers 1,2,4]

Starts a simulator and the product with so many collecting processes for each round (the first is the
product's own), and waits until every played
source was published and every lien of it is found. Politeness is lifted, as it is for the simulator.
Memory (PSS of one worker) is shown at every tenth of the way.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx2
import psutil
import psycopg
from product_processes import environment, start, stop
from rich.console import Console
from rich.table import Table

LOOK_SECONDS = 0.5
LIMIT_SECONDS = 3600.0


class Round(NamedTuple):
    """What one round took. ``published`` and ``searchable`` are seconds from the product's start."""

    workers: int
    sources: int
    pages: int
    properties: int
    liens: int
    published: float
    searchable: float
    cpu_seconds: float
    memory: list[float]


@contextmanager
def simulator(counties: int, parcels: int) -> Iterator[str]:
    """Yield the address of a simulator that runs meanwhile."""
    options = ["--port", "0", "--counties", str(counties), "--parcels", str(parcels)]
    command = [sys.executable, "-m", "taxlien.run", "simulate", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            if found is None:
                raise SystemExit("the simulator did not start")
            yield found[0]
        finally:
            process.terminate()
            process.wait(10)


def start_workers(home: Path, settings: dict[str, str], count: int) -> list[psutil.Process]:
    """Return the product's own collector, and ``count`` - 1 further processes like it."""
    stack = json.loads((home / "stack.json").read_text())["environment"]
    found = [
        psutil.Process(part["pid"])
        for part in json.loads((home / "stack.json").read_text())["parts"].values()
        if part["pid"] and "jobs,scheduler" in " ".join(psutil.Process(part["pid"]).cmdline())
    ]
    command = [sys.executable, "-m", "taxlien.run", "run", "--roles", "jobs"]
    for number in range(count - 1):
        log = (home.parent / f"worker-{number}.log").open("wb")
        env = {**environment(home), **stack, **settings}
        found.append(psutil.Popen(command, env=env, stdout=log, stderr=log))
    return found


def measure(counties: int, parcels: int, workers: int) -> Round:
    with tempfile.TemporaryDirectory() as folder, simulator(counties, parcels) as url:
        home = Path(folder) / "home"
        settings = {
            "TAXLIEN_SCRAPER_SIMULATOR_URL": url,
            "TAXLIEN_SCRAPER_RUNS_AT_ONCE": str(max(8, 4 * workers)),
        }
        _, up = start(home, "--no-demo", settings=settings)
        processes = start_workers(home, settings, workers)
        try:
            stack = json.loads((home / "stack.json").read_text())["environment"]
            owner = stack["TAXLIEN_DATABASE_URL"].replace("+psycopg", "")
            with psycopg.connect(owner, autocommit=True) as connection:
                return watch(connection, stack["TAXLIEN_GATEWAY_URL"], processes)
        finally:
            for process in processes[1:]:
                process.terminate()
                process.wait(60)
            stop(up)


def watch(
    connection: psycopg.Connection[tuple[int, ...]],
    gateway: str,
    processes: list[psutil.Process],
) -> Round:
    """Look on until everything is published, then until everything is found."""
    began = time.perf_counter()
    seen: list[tuple[int, float]] = []
    while True:
        time.sleep(LOOK_SECONDS)
        spent = time.perf_counter() - began
        total, done, rows = one(connection, PROGRESS)
        seen.append((rows, processes[0].memory_full_info().pss / 1e6))
        if total and done == total:
            break
        if spent > LIMIT_SECONDS or not processes[0].is_running():
            raise SystemExit(f"{done} of {total} sources after {spent:.0f} s")
    published = time.perf_counter() - began
    pages, rows = one(connection, OUTCOME)
    with httpx2.Client(timeout=30) as client:
        while True:
            waiting, liens = one(connection, WAITING)
            # A search counts exactly only up to 10,000; every lien is in one state.
            states = client.get(f"{gateway}/v1/search/filters").json()["filters"]["state"]
            found = sum(state["count"] for state in states)
            if waiting == 0 and found == liens:
                break
            if time.perf_counter() - began > LIMIT_SECONDS:
                raise SystemExit(f"{waiting} events wait, {found} of {liens} liens")
            time.sleep(LOOK_SECONDS)
    searchable = time.perf_counter() - began
    cpu = sum(sum(process.cpu_times()[:2]) for process in processes)
    tenths = [seen[len(seen) * n // 10][1] for n in range(10)] + [seen[-1][1]]
    return Round(len(processes), total, pages, rows, liens, published, searchable, cpu, tenths)


PROGRESS = """
SELECT count(*), count(*) FILTER (WHERE last_success_at IS NOT NULL OR status = 'quarantined'),
    coalesce(sum(rows), 0)
FROM scraper.sources WHERE NOT shipped AND status <> 'off'
"""
OUTCOME = """
SELECT (SELECT sum((figures ->> 'pages')::int) FROM scraper.runs WHERE state = 'published'),
    (SELECT sum(rows) FROM scraper.sources)
"""
WAITING = """
SELECT (SELECT count(*) FROM scraper.outbox) + (SELECT count(*) FROM liens.outbox),
    (SELECT count(*) FROM liens.liens)
"""


def one(connection: psycopg.Connection[tuple[int, ...]], query: str) -> tuple[int, ...]:
    """Return the only row of a query."""
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return tuple(int(value or 0) for value in row)


def show(rounds: list[Round]) -> None:
    table = Table(title="From county sites to searchable liens")
    for title in ("workers", "sources", "pages", "records", "liens", "published s", "searchable s",
                  "records/hour", "times one worker", "worker CPU s", "pages/CPU s"):  # fmt: skip
        table.add_column(title, justify="right")
    first = rounds[0]
    for one_round in rounds:
        ratio = first.searchable / one_round.searchable
        table.add_row(
            str(one_round.workers),
            str(one_round.sources),
            f"{one_round.pages:,}",
            f"{one_round.properties:,}",
            f"{one_round.liens:,}",
            f"{one_round.published:.1f}",
            f"{one_round.searchable:.1f}",
            f"{one_round.properties / one_round.searchable * 3600:,.0f}",
            f"{ratio:.2f}",
            f"{one_round.cpu_seconds:.1f}",
            f"{one_round.pages / max(one_round.cpu_seconds, 0.1):.0f}",
        )
    console = Console(width=150)
    console.print(table)
    for one_round in rounds:
        megabytes = ", ".join(f"{value:.0f}" for value in one_round.memory)
        console.print(f"memory of a worker, MB PSS by tenths of the way: {megabytes}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--counties", type=int, default=12)
    parser.add_argument("--parcels", type=int, default=12_000)
    parser.add_argument("--workers", default="1,2,4")
    chosen = parser.parse_args()
    counts = [int(count) for count in chosen.workers.split(",")]
    show([measure(chosen.counties, chosen.parcels, count) for count in counts])


if __name__ == "__main__":
    main()
