"""Kill -9 anything while a county's files come in: no lien lost, none doubled, no event lost.

The import runs again until it says that it is done, as a person or a scheduler would; everything else
has to come back by itself.
"""

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

pytestmark = pytest.mark.tough

ROWS = 6_000
COUNTIES = ("fl_polk", "fl_columbia", "fl_suwannee")
VICTIMS = ("postgres", "nats", "worker", "api", "valkey", "postgres")
TRIES = 12


@pytest.fixture
def product(tmp_path: Path) -> Iterator[RunningProduct]:
    with running_product(tmp_path / "home", "--no-demo") as running:
        yield running


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Results of three invented auctions, in the layout of a platform's result files."""
    rng = random.Random(7)
    written = []
    for county in COUNTIES:
        path = tmp_path / county / "2018_results.csv"
        path.parent.mkdir()
        lines = ["ADVNUM,CERTIFICATE NUMBER,PARCEL,WINNINGBID,FACE AMOUNT,BIDDER ID"]
        for number in range(1, ROWS + 1):
            parcel = f"{rng.randint(1, 36):02d}-{rng.randint(1, 40):02d}-{number:07d}"
            rate, face = rng.randrange(1, 73) * 0.25, rng.lognormvariate(7, 1) + 20
            lines.append(
                f"{number:06d},{number:07d},{parcel},{rate:06.2f},{face:.2f},{number % 97}"
            )
        path.write_text("\n".join(lines) + "\n")
        written.append(path)
    return written


def pid_of(product: RunningProduct, part: str) -> int | None:
    try:
        return json.loads((product.home / "stack.json").read_text())["parts"][part]["pid"]
    except (KeyError, json.JSONDecodeError):
        return None


def kill(product: RunningProduct, part: str) -> None:
    """Kill -9 the part, and wait until its supervisor has started another in its place."""
    before = pid_of(product, part)
    if before is None:
        product.wait_until(lambda: pid_of(product, part) is not None, f"{part} runs")
        before = pid_of(product, part)
    os.kill(int(before or 0), signal.SIGKILL)
    product.wait_until(lambda: pid_of(product, part) not in (None, before), f"{part} is back")


def start_import(product: RunningProduct, files: list[Path]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "taxlien.run", "import", *map(str, files)],
        env=product.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def owner(product: RunningProduct) -> psycopg.Connection[tuple[int, ...]]:
    settings = json.loads((product.home / "stack.json").read_text())["environment"]
    return psycopg.connect(settings["TAXLIEN_DATABASE_URL"].replace("+psycopg", ""))


def count(product: RunningProduct, query: str) -> int:
    with owner(product) as connection:
        [found] = connection.execute(query).fetchone() or (0,)
    return int(found)


def test_kill_nine_of_any_part_loses_and_doubles_nothing(
    product: RunningProduct, files: list[Path]
) -> None:
    victims = list(VICTIMS)
    importing = start_import(product, files)
    tries, rng = 1, random.Random(11)
    while victims or importing.poll() is None:
        if importing.poll() is not None and importing.returncode != 0:
            assert tries < TRIES, importing.communicate()[0]
            tries += 1
            importing = start_import(product, files)
        if victims:
            time.sleep(rng.uniform(0.2, 1.2))  # somewhere in the middle of the work
            kill(product, victims.pop(0))
        else:
            time.sleep(0.1)
    while importing.returncode != 0:
        assert tries < TRIES, importing.communicate()[0]
        tries += 1
        importing = start_import(product, files)
        importing.wait(120)

    wanted = ROWS * len(COUNTIES)
    product.wait_until(lambda: product.found() >= wanted, f"{wanted} liens are searchable")
    product.wait_until(
        lambda: count(product, "SELECT count(*) FROM liens.outbox") == 0, "the outbox is empty"
    )
    assert count(product, "SELECT count(*) FROM liens.liens") == wanted
    assert count(product, "SELECT count(*) FROM liens.observations") == wanted
    assert product.found() == wanted
    for county in ("Polk", "Columbia", "Suwannee"):
        assert product.found(county=county, state="FL") == ROWS
    # One event for each version of each lien, and each was handled once.
    emitted = count(product, "SELECT sum(version) FROM liens.liens")
    assert emitted == wanted
    heard = "SELECT count(*) FROM search.inbox WHERE consumer = 'search.index_liens'"
    assert count(product, heard) == emitted
