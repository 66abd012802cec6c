"""How fast liens are found: by the real application, asked by wrk, and on PostgreSQL with the same rows.

    python bench/search.py [--liens 100000] [--seed 1] [--seconds 6] [--home FOLDER] [--no-postgres]
                           [--only radius]

The documented run is ``--liens 1000000``. Liens are drawn with the skew of published ones (``million/``).
Index and tables stay in the home folder (.taxlien/bench), so that a second run begins at once. Needs wrk.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import structlog
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).with_name("million")))

import postgres
from generate import Generator
from questions import Question, Questions, address
from serving import Measured, ask, serving

from taxlien.kit.settings import KitSettings, read_settings
from taxlien.run.schema import prepare
from taxlien.run.stack import Stack
from taxlien.services.search.adapters.tantivy_engine import TantivyEngine
from taxlien.services.search.adapters.tantivy_schema import LAYOUT
from taxlien.services.search.logic.document import document_of
from taxlien.services.search.logic.query import build_query

POOL = 3_000
STREAM = 200_000
CONNECTIONS = 32
PLACES = ("radius", "map box")


def built_index(folder: Path, liens: int, seed: int) -> dict[str, float]:
    """Return what building the index took; build it where it is not there yet."""
    said = folder.with_suffix(".json")
    if not said.exists():
        shutil.rmtree(folder, ignore_errors=True)
        program = str(Path(__file__).with_name("million") / "rebuild.py")
        command = [sys.executable, program, str(folder), str(liens), str(seed)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        said.write_text(done.stdout)
    found: dict[str, float] = json.loads(said.read_text())
    return found


def geo_questions(questions: Questions) -> dict[str, list[Question]]:
    """Return questions about places that this version can be asked."""
    kinds = {"radius": questions.near(2_000), "map box": questions.boxes(2_000)}
    found = {}
    for name, asked in kinds.items():
        try:
            build_query(**{key: str(value) for key, value in asked[0].items()})  # type: ignore[arg-type]
        except TypeError:
            continue
        found[name] = asked
    return found


def addresses(questions: Sequence[Question], **more: str) -> list[str]:
    return [address({**question, **more}) for question in questions]


class Bench:
    """Rows of the table: rate and percentiles of the application, the rate of PostgreSQL, the aim."""

    def __init__(self, folder: Path, seconds: float) -> None:
        self._folder = folder
        self._seconds = seconds
        self.table = Table(title="wrk -t2, the application in 2 processes, answers of 20 liens")
        for name in (
            "asked",
            "requests/s",
            "p50 ms",
            "p95 ms",
            "p99 ms",
            "not 200",
            "postgres/s",
            "ratio",
            "aim",
        ):
            self.table.add_column(name, justify="left" if name in ("asked", "aim") else "right")

    def ask(
        self, name: str, url: str, asked: Sequence[str], aim: str = "",
        *, rate: float = 0, peer: float = 0, connections: int = CONNECTIONS, quiet: bool = False,
    ) -> Measured:  # fmt: skip
        found = ask(
            url, asked, self._folder, seconds=self._seconds, connections=connections, rate=rate
        )
        against = (f"{peer:,.0f}", f"{found.rate / peer:.1f}x") if peer else ("", "")
        figures = (f"{found.rate:,.0f}", f"{found.p50:.2f}", f"{found.p95:.2f}", f"{found.p99:.2f}")
        if not quiet:
            self.table.add_row(name, *figures, str(found.errors), *against, aim)
        return found


def hit_rate(url: str) -> str:
    """Return the share of answers from memory, as one of the two processes counted it."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    counts = {
        source: float(line.rsplit(" ", 1)[1])
        for line in lines
        for source in ("memory", "found")
        if line.startswith(f'taxlien_search_answers_total{{source="{source}"')
    }
    return f"{counts.get('memory', 0) / max(1, sum(counts.values())):.1%}"


async def update_seen(index: Path, settings: dict[str, str], log: Path) -> list[float]:
    """Return seconds from a changed lien handed to the writer until the application answers with it."""
    seen = []
    lien = next(Generator(99).liens(1))
    with serving(settings, log) as url:
        engine = TantivyEngine(index, heap_bytes=64_000_000, writer=True)
        for n in range(8):
            word = f"seen{time.time_ns()}x{n}"
            changed = lien.__class__(
                **{**_fields(lien), "situs_address": word, "version": n + time.time_ns()}
            )
            started = time.perf_counter()
            await engine.upsert([document_of(changed)])
            await engine.commit()
            while True:
                if await asyncio.to_thread(total_of, url, word):
                    break
                await asyncio.sleep(0.005)
            seen.append(time.perf_counter() - started)
        await engine.delete([lien.lien_id])
        await engine.commit()
        await engine.close()
    return sorted(seen)


def total_of(url: str, word: str) -> int:
    with urllib.request.urlopen(f"{url}/v1/search?q={word}&facets=false", timeout=5) as answer:
        return int(json.load(answer)["total"])


def _fields(lien: object) -> dict[str, object]:
    return {name: getattr(lien, name) for name in lien.__struct_fields__}  # type: ignore[attr-defined]


async def run(options: argparse.Namespace) -> None:
    console = Console(width=150)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    home: Path = options.home
    index = home / f"liens-{options.liens}-{options.seed}-{LAYOUT}"
    built = built_index(index, options.liens, options.seed)
    own = built["all"] - built["drawing"]
    console.print(
        f"{built['liens']:,} liens indexed by a rebuild in {own:.1f} s ({built['pricing']:.1f} s of it "
        f"pricing; drawing them took {built['drawing']:.1f} s more), {built['peak_mb']:,.0f} MB at most "
        "with what draws; aim for 1,000,000: 90 s, 1,500 MB"
    )
    if options.only_build:
        return
    stack = Stack(home / f"parts-{options.liens}-{options.seed}", parts=("postgres", "valkey"))
    await stack.start()
    try:
        settings = stack.environment()
        os.environ.update(settings)
        await prepare(read_settings(KitSettings))
        settings |= {"TAXLIEN_SEARCH_INDEX_PATH": str(index)}
        await measure(console, options, home, index, settings)
    finally:
        await stack.stop()


async def measure(
    console: Console, options: argparse.Namespace, home: Path, index: Path, settings: dict[str, str]
) -> None:
    questions = Questions(Generator(options.seed), options.seed)
    pool, geo = questions.mixed(POOL), geo_questions(questions)
    mixed = questions.mixed(STREAM // 4)
    typed = questions.beginnings(5_000)
    stream = questions.repeated(pool, STREAM)
    peers: dict[str, float] = {}
    if not options.no_postgres:
        url = settings["TAXLIEN_DATABASE_URL"]
        took = await postgres.fill(url, Generator(options.seed).liens(options.liens))
        if took:
            console.print(f"PostgreSQL loaded and indexed the same liens in {took:.0f} s")
        kinds = {"mixed": mixed, **{name: questions.near(500) for name in ("radius",)}}
        kinds["map box"] = questions.boxes(500)
        for name, asked in kinds.items():
            if options.only in (None, name):
                peers[name], _ = await postgres.rate(url, asked, options.seconds)
    bench, log = Bench(home, options.seconds), home / "application.log"
    off = {"TAXLIEN_SEARCH_ANSWER_SECONDS": "0"}
    if options.only:
        with serving({**settings, **off}, log) as url:
            place_questions(bench, url, {options.only: geo[options.only]}, peers)
        console.print(bench.table)
        return
    with serving({**settings, **off}, log) as url:
        plain = addresses(mixed, facets="false")
        most = bench.ask(
            "nothing kept: mixed", url, plain, "3,000/s", peer=peers.get("mixed", 0), connections=16
        )
        bench.ask(
            "the same at half of it", url, plain, "p95 15 ms", rate=most.rate / 2, connections=16
        )
        bench.ask("nothing kept: mixed, with facets", url, addresses(mixed), connections=16)
        place_questions(bench, url, geo, peers)
        completing = [address(question, "/v1/search/autocomplete") for question in typed]
        bench.ask("nothing kept: autocomplete", url, completing, "10 ms", connections=16)
    with serving(settings, log) as url:
        repeated = addresses(stream)
        for name in ("warming up", "and again"):
            bench.ask(name, url, repeated, quiet=True)
        most = bench.ask("repeated: mixed, with facets", url, repeated, "20,000/s")
        bench.ask("the same at half of 20,000", url, repeated, "p95 10 ms", rate=10_000)
        console.print(
            f"repeated: {POOL:,} questions by Zipf's law (exponent 1), {hit_rate(url)} of answers from memory"
        )
    console.print(bench.table)
    seen = await update_seen(index, settings, log)
    console.print(
        f"a change is seen after {seen[len(seen) // 2]:.2f} s, {seen[-1]:.2f} s at most; aim 1 s"
    )


def place_questions(
    bench: Bench, url: str, geo: dict[str, list[Question]], peers: dict[str, float]
) -> None:
    for name, asked in geo.items():
        near = addresses(asked, facets="false")
        peer = peers.get(name, 0)
        bench.ask(f"nothing kept: {name}", url, near, "1,500/s", peer=peer, connections=16)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--liens", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=6, help="of every measurement")
    parser.add_argument("--home", type=Path, default=Path(".taxlien/bench"))
    parser.add_argument("--no-postgres", action="store_true")
    parser.add_argument("--only-build", action="store_true", help="build the index and stop")
    if shutil.which("wrk") is None:
        print(
            "SKIPPED: wrk is not installed, and without it nothing is measured (apt-get install wrk)"
        )
        return
    parser.add_argument("--only", choices=PLACES, help="measure these questions alone")
    options = parser.parse_args()
    options.home = options.home.absolute()
    options.home.mkdir(parents=True, exist_ok=True)
    asyncio.run(run(options))


if __name__ == "__main__":
    main()
