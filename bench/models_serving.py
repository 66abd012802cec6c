"""How fast a single case is answered: by the models, by bare trees, and by the real application over HTTP.

    python bench/models_serving.py [--data FOLDER] [--home FOLDER] [--seconds 6] [--no-http]

Models are taught by the county files beside the project (kept in the home folder, .taxlien/bench) and put
in office of a product of their own; granian runs in one process and wrk asks it: as fast as it answers, at
half of that rate, and one question after another on one connection. "a core" is what the processes' own
CPU would allow, whoever else works. "first" is the first answer of a process, which loads the model.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import psutil
import structlog
import treelite
import xgboost
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).with_name("million")))

import models
import models_auction
from serving import Measured, ask, launched

from taxlien.kit.blobs import Blobs
from taxlien.kit.database import Database
from taxlien.kit.ids import new_id
from taxlien.kit.settings import KitSettings, read_settings
from taxlien.run.schema import prepare
from taxlien.run.stack import Stack
from taxlien.services.ml.adapters import (
    artifacts,
    auction_model,
    auction_trainer,
    redemption_model,
    tree_calls,
)
from taxlien.services.ml.adapters.family import FAMILIES, Model
from taxlien.services.ml.logic.case import read_case
from taxlien.services.ml.logic.redemption.baseline import FAR, NEAR
from taxlien.services.ml.models import Appointment

SECRET = "a word that only the bench and its application know"
SALES = [("realtaxlien_fl", "realtaxlien_results/fl_*/*201[3-6]*"),
         ("baltimore_md_results", "baltimore_md/certificate_sale_results_201[3-6]*")]  # fmt: skip
PATHS = {"redemption": "predict/redemption", "price": "predict/auction-price", "risk": "score/risk"}
CASES = 2_000
TOGETHER = (1, 2, 4, 8, 24)
CONNECTIONS = 16
Files = dict[str, bytes]


@dataclass(frozen=True)
class Asked:
    """Bodies of requests to one model."""

    name: str
    model: str
    bodies: list[bytes]


def taught(folder: Path, data: Path) -> dict[str, Files]:
    """Return the artifacts of all models; teach them where they are not kept yet."""
    found: dict[str, Files] = {}
    for name in PATHS:
        place = folder / name
        if not place.exists():
            part = folder / f".{name}"
            part.mkdir(parents=True, exist_ok=True)
            for file, content in _teach(name, data).items():
                (part / file).write_bytes(content)
            part.rename(place)
        found[name] = {file.name: file.read_bytes() for file in place.iterdir()}
    return found


def _teach(name: str, data: Path) -> Files:
    if name == "price":
        return auction_model.dump(auction_trainer.train(models_auction.frame(data, SALES)))
    table = models.frame(data)
    return FAMILIES[name].training().train(table, table, 7)


def questions(redemption: redemption_model.RedemptionModel) -> list[Asked]:
    """Return cases of sales to come, of sales that were seen, and of both ways to bid."""
    made = np.random.default_rng(1)
    parcels = made.choice(redemption.history.counties[b"08069"].parcel, CASES)
    faces = np.round(np.exp(made.normal(6.8, 1, CASES)), 2).tolist()

    def bodies(parcel: Callable[[int], str], **facts: Any) -> list[bytes]:
        rows = ({"id": n, **facts, "face_amount": faces[n], "parcel_id": parcel(n)}
                for n in range(CASES))  # fmt: skip
        return [msgspec.json.encode(row) for row in rows]

    def larimer(n: int) -> str:
        return f"{parcels[n]:.0f}"

    colorado = {"state": "CO", "county_fips": "08069"}
    coming, seen = colorado | {"sale_date": "2016-11-17"}, colorado | {"sale_date": "2009-11-18"}
    florida = {"state": "FL", "county_fips": "12105", "sale_date": "2017-06-01"}
    maryland = {"state": "MD", "county_fips": "24510", "sale_date": "2017-05-15"}
    return [
        Asked("redemption, sale to come", "redemption", bodies(larimer, **coming, reasons=False)),
        Asked("the same with reasons", "redemption", bodies(larimer, **coming)),
        Asked("redemption, sale seen", "redemption", bodies(larimer, **seen, reasons=False)),
        Asked("the same with reasons", "redemption", bodies(larimer, **seen)),
        Asked("price, rate in Florida", "price", bodies(lambda n: f"2327{n * 7919:014d}", **florida)),
        Asked("price, bid in Baltimore", "price",
              bodies(lambda n: f"{n % 900:04d}{n % 89:03d}", **maryland, assessed_value=120_000)),
        Asked("risk, sale to come", "risk", bodies(larimer, **coming, market_value=150_000)),
    ]  # fmt: skip


def cpu_of(work: Callable[[int], object], times: int) -> list[float]:
    """Return microseconds of CPU of each of ``times`` calls."""
    work(0)
    taken = []
    for n in range(times):
        began = time.process_time()
        work(n)
        taken.append((time.process_time() - began) * 1e6)
    return taken


def alone(table: Table, model: Model, asked: Asked) -> None:
    """Add what one case costs from bytes to bytes, and what each of several does."""

    def answer(count: int) -> Callable[[int], object]:
        def work(n: int) -> bytes:
            contents = [msgspec.json.decode(asked.bodies[(n + k) % CASES]) for k in range(count)]
            explain = contents[0].get("reasons", True)
            told = model.predict([read_case(content) for content in contents], explain)
            return msgspec.json.encode({"predictions": told})

        return work

    row: list[str] = []
    for count in TOGETHER:
        taken = np.array(cpu_of(answer(count), 60 if "reasons" in asked.name else 300)) / count
        row.append(f"{np.median(taken):,.0f}")
        if count == 1:
            row += [f"{np.percentile(taken, 99):,.0f}", f"{1e6 / np.mean(taken):,.0f}"]
    table.add_row(asked.name, *row)


def bare(console: Console, files: Files) -> None:
    """Print what the same trees cost for one case by the engine's Python, past it, and by treelite."""
    model = redemption_model.load(files)
    rows = np.random.default_rng(1).normal(0, 3, (9, 27)).astype(np.float32)
    margin = np.zeros(9, np.float32)

    def told(ways: dict[str, Callable[[int], object]], times: int) -> str:
        return ", ".join(
            f"{way} {np.median(cpu_of(work, times)):.0f}" for way, work in ways.items()
        )

    for name, trees, which in (("near", model.near, NEAR), ("far", model.far, FAR)):
        held = model.explained[which]
        converted = treelite.frontend.from_xgboost(trees)
        said = told({
            "asked as the service does": lambda _: tree_calls.ask(trees, rows, margin),  # noqa: B023
            "xgboost's inplace_predict": lambda _: trees.inplace_predict(rows, base_margin=margin),  # noqa: B023
            "treelite's GTIL": lambda _: treelite.gtil.predict(converted, rows, nthread=1),  # noqa: B023
        }, 400)  # fmt: skip
        console.print(f"{name} trees, 9 intervals of one case, microseconds of CPU: {said}")
        said = told({
            "from tables": lambda _: held.shares(rows[:1, :-1]),  # noqa: B023
            "eight together": lambda _: held.shares(rows[:8, :-1]),  # noqa: B023
            "xgboost's pred_contribs of all intervals": lambda _: trees.predict(  # noqa: B023
                xgboost.DMatrix(rows[:1], nthread=1), pred_contribs=True),
        }, 100)  # fmt: skip
        console.print(f"    reasons of one case: {said}")


async def appoint(settings: KitSettings, found: dict[str, Files]) -> None:
    """Keep the artifacts in the objects, and make them champions."""
    blobs = Blobs.from_settings(settings)
    database = Database(settings.database_url_for("ml"), service="ml", pool_size=1)
    for name, files in found.items():
        artifact = await artifacts.store(blobs, files)
        async with database.session() as session:
            session.add(
                Appointment(name=name, alias="champion", version=1, run_id="bench",
                            artifact=artifact, reason="first", synthetic=False)
            )  # fmt: skip
    await database.close()


async def over_http(console: Console, options: argparse.Namespace, found: dict[str, Files],
                    asked: Sequence[Asked]) -> None:  # fmt: skip
    home: Path = options.home / "models-product"
    shutil.rmtree(home, ignore_errors=True)
    stack = Stack(home, parts=("postgres", "valkey", "objects"))
    await stack.start()
    try:
        settings = stack.environment() | {"TAXLIEN_GATEWAY_SECRET": SECRET}
        os.environ.update(settings)
        kit = read_settings(KitSettings)
        await prepare(kit)
        await appoint(kit, found)
        log = options.home / "models.log"
        with launched(settings, log, "ml", "/health", 1) as (url, pid):
            await asyncio.to_thread(by_wrk, console, options, url, pid, asked)
    finally:
        await stack.stop()
        shutil.rmtree(home, ignore_errors=True)


def by_wrk(
    console: Console, options: argparse.Namespace, url: str, pid: int, asked: Sequence[Asked]
) -> None:
    table = Table(title=f"one case a request over HTTP, one process, {CONNECTIONS} connections")
    for name in ("", "a second", "a second and core", "p50 ms", "p99 ms", "half of it: p50 ms",
                 "p99 ms", "one alone: p50 ms", "p99 ms", "first ms", "errors"):  # fmt: skip
        table.add_column(name, justify="right" if name else "left")
    head = (f"x-gateway-secret: {SECRET}|x-user-id: {new_id()}|x-roles: investor"
            "|Content-Type: application/json")  # fmt: skip
    for one in asked:
        lines = [f"POST {head}", *(body.decode() for body in one.bodies)]
        address = f"{url}/v1/ml/{PATHS[one.model]}"

        def wrk(rate: float = 0, connections: int = CONNECTIONS) -> Measured:
            return ask(address, lines, options.home, seconds=options.seconds,  # noqa: B023
                       connections=connections, rate=rate)  # fmt: skip

        first = load_model(address, one.bodies[0], head)
        before, began = cpu_seconds(pid), time.perf_counter()
        most = wrk()
        used = cpu_seconds(pid) - before
        took = time.perf_counter() - began
        half, single = wrk(most.rate / 2), wrk(connections=1)
        table.add_row(
            one.name, f"{most.rate:,.0f}", f"{most.rate * took / used:,.0f}", f"{most.p50:.2f}",
            f"{most.p99:.2f}", f"{half.p50:.2f}", f"{half.p99:.2f}", f"{single.p50:.2f}",
            f"{single.p99:.2f}", f"{first:,.0f}", str(most.errors + half.errors + single.errors),
        )  # fmt: skip
    console.print(table)


def load_model(address: str, body: bytes, head: str) -> float:
    """Ask once, however long the answer takes; return its milliseconds."""
    headers = dict(line.split(": ", 1) for line in head.split("|"))
    request = urllib.request.Request(address, body, headers)
    began = time.perf_counter()
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()
    return (time.perf_counter() - began) * 1000


def cpu_seconds(pid: int) -> float:
    """Return the CPU that a process and those it started have used."""
    process = psutil.Process(pid)
    times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return sum(one.user + one.system for one in times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    beside_project = Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=beside_project)
    parser.add_argument("--home", type=Path, default=Path(".taxlien/bench"))
    parser.add_argument("--seconds", type=float, default=6, help="of every measurement by wrk")
    parser.add_argument("--no-http", action="store_true")
    parser.add_argument("--only", choices=PATHS, help="one model alone")
    options = parser.parse_args()
    options.home = options.home.absolute()
    if not options.data.exists():
        print("SKIPPED: no county files to teach models with (--data FOLDER)")
        return
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    console = Console(width=180)
    found = taught(options.home / "models", options.data)
    loaded = {name: FAMILIES[name].load(files, "1") for name, files in found.items()}
    redemption = loaded["redemption"]
    assert isinstance(redemption, redemption_model.RedemptionModel)
    asked = [one for one in questions(redemption) if options.only in (None, one.model)]
    table = Table(title="microseconds of CPU a case, from bytes to bytes, so many asked together")
    table.add_column("")
    for name in ("1", "1: p99", "a second and core", *map(str, TOGETHER[1:])):
        table.add_column(name, justify="right")
    for one in asked:
        alone(table, loaded[one.model], one)
    console.print(table)
    bare(console, found["redemption"])
    if options.no_http:
        return
    if shutil.which("wrk") is None:
        print("SKIPPED: wrk is not installed (apt-get install wrk)")
        return
    asyncio.run(over_http(console, options, found, asked))


if __name__ == "__main__":
    main()
