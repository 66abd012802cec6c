"""What a risk score costs where saved searches ask for scores: none of them, a hundred, ten thousand.

    python bench/saved_scores.py [--liens 20000] [--searches 0 100 10000]

Liens and searches are those of ``bench/percolation.py``; half of the searches also have a highest score.
First all liens are scored, then again by another champion, each time 2,000 in a batch as the worker takes
them: kept, written into the index, and noted where they come into a search. PostgreSQL is an embedded
server that lives for the run; CPU is this process's own.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from percolation import World, prepare
from rich.console import Console
from rich.table import Table
from sqlalchemy import make_url, text

from taxlien.interfaces.liens import Lien
from taxlien.interfaces.ml import LienScored, RiskScore
from taxlien.kit.database import Database
from taxlien.kit.migrations import prepare_service, role_of, upgrade
from taxlien.run.stack import Stack
from taxlien.services.search import events, service
from taxlien.services.search.adapters import current
from taxlien.services.search.logic.saved import canonical

BATCH = 2_000
PACK = 500
AT_ONCE = 100


def said(liens: list[Lien], appointment: int, chance: random.Random) -> list[LienScored]:
    """Scores of all liens, in packs; the second champion moves each by some points."""
    scores = [
        RiskScore(lien_id=lien.lien_id, version=1, score=chance.randrange(1, 101)) for lien in liens
    ]
    return [
        LienScored(
            county_fips="00000", model_version=1, appointment=appointment, synthetic=True,
            scores=tuple(scores[start : start + PACK]), at=datetime.now(UTC),
        )
        for start in range(0, len(scores), PACK)
    ]  # fmt: skip


async def measure(database: Database, liens: list[Lien], searches: int, table: Table) -> None:
    """Score all liens twice, then announce what waits."""
    chance, world = random.Random(searches), World(2)
    asked = [
        canonical({**world.search(), **({"score_max": [str(chance.randrange(5, 95))]} if n % 2 else {})})
        for n in range(searches)
    ]  # fmt: skip
    await prepare(database, asked)
    async with database.session() as session:
        await service.index_arrived(session, liens)
        await service.match_liens(session, [])
    for champion in (1, 2):
        packs, spent = said(liens, champion, chance), time.process_time()
        for start in range(0, len(packs), BATCH // PACK):
            async with database.session() as session:
                await events.keep_scores(session, packs[start : start + BATCH // PACK])
        spent = time.process_time() - spent
        async with database.session() as session:
            waiting = int(await session.scalar(text("SELECT count(*) FROM search.moves")) or 0)
        announcing, told = await announced(database, {lien.lien_id: lien for lien in liens})
        table.add_row(
            f"{searches:,}", "first" if champion == 1 else "another", f"{spent / len(liens) * 1e6:,.0f}",
            f"{waiting:,}", f"{told:,}", f"{announcing / waiting * 1e6:,.0f}" if waiting else "-",
        )  # fmt: skip


async def announced(database: Database, liens: dict) -> tuple[float, int]:
    """Announce what waits, the catalogue's answers at hand; returns seconds of CPU and how many pairs."""
    spent = time.process_time()
    while True:
        async with database.session() as session:
            waiting = await service.waiting_moves(session)
            if not waiting:
                break
            await service.announce_moves(session, waiting, [liens[i] for i in waiting])
    spent = time.process_time() - spent
    async with database.session() as session:
        told = await session.scalar(text("SELECT count(*) FROM search.outbox"))
        await session.execute(text("DELETE FROM search.outbox"))
    return spent, int(told or 0)


async def work(console: Console, liens: list[Lien], each: list[int]) -> None:
    table = Table(title=f"{len(liens):,} liens scored twice, batches of {BATCH:,}")
    for name in (
        "searches",
        "champion",
        "us CPU a score",
        "liens noted",
        "told",
        "us CPU to tell one",
    ):
        table.add_column(name, justify="right")
    for searches in each:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["TAXLIEN_SEARCH_INDEX_PATH"] = f"{folder}/index"
            stack = Stack(Path(folder), parts=("postgres",))
            await stack.start()
            try:
                owner_url = stack.environment()["TAXLIEN_DATABASE_URL"]
                await prepare_service(owner_url, "search", "bench")
                url = make_url(owner_url).set(username=role_of("search"), password="bench")
                await upgrade(url, "search")
                database = Database(url.render_as_string(hide_password=False), service="search")
                await measure(database, liens, searches, table)
                await database.close()
            finally:
                await current.close()
                await stack.stop()
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--liens", type=int, default=20_000)
    parser.add_argument("--searches", type=int, nargs="*", default=[0, 100, 10_000])
    asked = parser.parse_args()
    world = World(1)
    liens = [world.lien(n) for n in range(asked.liens)]
    asyncio.run(work(Console(width=110), liens, asked.searches))


if __name__ == "__main__":
    main()
