"""Kill -9 workers, Valkey and PostgreSQL while counties are collected: no page lost, nothing said twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from product_runner import RunningProduct, running_product
from simulated_counties import SimulatedCounties, simulated

pytestmark = pytest.mark.tough

VICTIMS = ("worker", "valkey", "postgres", "worker")


@pytest.fixture(scope="module")
def counties() -> Iterator[SimulatedCounties]:
    with simulated(counties=4, parcels=800) as found:
        yield found


@pytest.fixture
def product(tmp_path: Path, counties: SimulatedCounties) -> Iterator[RunningProduct]:
    settings = {
        "TAXLIEN_SCRAPER_SIMULATOR_URL": counties.url,
        "TAXLIEN_SCRAPER_LEASE_SECONDS": "5",
        "TAXLIEN_SCRAPER_BATCH_PAGES": "12",
        "TAXLIEN_SCRAPER_PUBLISH_PAGES": "20",
        "TAXLIEN_JOBS_VISIBILITY_TIMEOUT": "6",
    }
    with running_product(tmp_path / "home", "--no-demo", settings=settings) as running:
        running.environment.update(settings)
        yield running


def start_worker(product: RunningProduct) -> subprocess.Popen[bytes]:
    stack = json.loads((product.home / "stack.json").read_text())["environment"]
    return subprocess.Popen(
        [sys.executable, "-m", "taxlien.run", "run", "--services", "scraper",
         "--roles", "jobs,scheduler"],
        env={**product.environment, **stack},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip


def one(product: RunningProduct, query: str) -> tuple[int, ...]:
    settings = json.loads((product.home / "stack.json").read_text())["environment"]
    with psycopg.connect(settings["TAXLIEN_DATABASE_URL"].replace("+psycopg", "")) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return tuple(int(value or 0) for value in row)


def pages_read(product: RunningProduct) -> int:
    try:
        return one(product, "SELECT sum((figures ->> 'pages')::int) FROM scraper.runs")[0]
    except psycopg.Error:
        return 0  # just being killed


def kill_part(product: RunningProduct, part: str) -> None:
    """Kill -9 a server, and wait until its supervisor has started another in its place."""
    before = json.loads((product.home / "stack.json").read_text())["parts"][part]["pid"]
    os.kill(before, signal.SIGKILL)

    def is_back() -> bool:
        try:
            now = json.loads((product.home / "stack.json").read_text())["parts"][part]["pid"]
        except (KeyError, json.JSONDecodeError):
            return False
        return now not in (None, before)

    product.wait_until(is_back, f"{part} is back")


def test_kill_nine_of_workers_and_servers_loses_no_page_and_says_nothing_twice(
    product: RunningProduct,
) -> None:
    rng = random.Random(5)
    workers = [start_worker(product), start_worker(product)]
    in_the_middle: list[bool] = []
    try:
        for victim in VICTIMS:
            read = pages_read(product)
            product.wait_until(
                lambda read=read: pages_read(product) > read or finished(product),
                "pages are read",
            )
            time.sleep(rng.uniform(0.1, 0.6))
            in_the_middle.append(not finished(product))
            if victim == "worker":
                worker = workers.pop(0)
                worker.kill()
                worker.wait()
                workers.append(start_worker(product))
            else:
                kill_part(product, victim)
        product.wait_until(lambda: finished(product), "every source was collected")
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.wait(60)
    # On a quick machine the last of them may come too late.
    assert sum(in_the_middle) >= 2, "whoever dies must die in the middle of the work"
    again = "SELECT count(*) FROM (SELECT source FROM scraper.runs WHERE state IN ('published',"
    again += " 'quarantined') GROUP BY source HAVING count(*) > 1) AS twice"
    assert one(product, again) == (0,)
    changed, facts = one(
        product,
        "SELECT (SELECT sum(changed) FROM scraper.runs WHERE kind = 'collect'),"
        " (SELECT count(DISTINCT (source, kind, key, sha256)) FROM scraper.facts)",
    )
    assert changed >= facts > 0
    lists = one(product, "SELECT count(*) FROM scraper.sources WHERE platform = 'open_data'"
                " AND last_success_at IS NOT NULL")[0]  # fmt: skip
    assert changed <= facts + lists
    product.wait_until(
        lambda: one(product, "SELECT count(*) FROM scraper.outbox") == (0,), "the outbox is empty"
    )
    short = """
        SELECT count(*) FROM scraper.sources AS source WHERE platform = 'qpublic'
            AND last_success_at IS NOT NULL
            AND (site -> 'expected' ->> 'max_records')::int <> (SELECT count(DISTINCT key)
                FROM scraper.facts AS fact WHERE fact.source = source.name)
    """
    assert one(product, short) == (0,)


def finished(product: RunningProduct) -> bool:
    try:
        known, left = one(
            product,
            "SELECT count(*), count(*) FILTER (WHERE last_success_at IS NULL AND status = 'active')"
            " FROM scraper.sources WHERE NOT shipped AND status <> 'off'",
        )
    except psycopg.Error:
        return False
    return known > 0 and left == 0
