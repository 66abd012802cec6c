"""How fast liens are indexed and found, and how much faster than PostgreSQL on the same rows.

    python bench/search.py [--liens 200000] [--seed 1] [--seconds 1.5] [--no-postgres]

Prints a table; every figure comes from this run. PostgreSQL is the one at TAXLIEN_DATABASE_URL, or an
embedded server that lives for the run; its indexes are the usual good ones (pg_trgm, btree).
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from uuid import UUID

import psycopg
from rich.console import Console
from rich.table import Table

from taxlien.interfaces.liens import Lien, LienKind
from taxlien.run.stack import Stack
from taxlien.services.search.adapters.tantivy_engine import TantivyEngine
from taxlien.services.search.logic.document import LienDocument, document_of
from taxlien.services.search.logic.query import SearchQuery, build_query

PLACES: tuple[tuple[str, str, str, str, LienKind, str | None], ...] = (
    ("MD", "24510", "Baltimore city", "BALTIMORE", "certificate", None),
    ("FL", "12105", "Polk", "LAKELAND", "certificate", "bid"),
    ("FL", "12086", "Miami-Dade", "MIAMI", "certificate", "bid"),
    ("AZ", "04021", "Pinal", "CASA GRANDE", "certificate", "bid"),
    ("CO", "08069", "Larimer", "FORT COLLINS", "certificate", None),
    ("IA", "19153", "Polk", "DES MOINES", "certificate", None),
    ("GA", "13121", "Fulton", "ATLANTA", "deed_sale", None),
)
ENDINGS = ("ST", "AV", "RD", "DR", "CT", "LN", "BLVD", "WAY")
CHUNK = 500
COMMIT_EVERY = 25_000


def streets(chance: random.Random, count: int = 3000) -> list[str]:
    """Return made-up street names, few of them common, as real ones are."""
    first = ("ARM", "OAK", "HILL", "WASH", "PARK", "GREEN", "BROAD", "LIN", "MADI", "JEFF", "CEDAR")
    last = (
        "STRONG",
        "WOOD",
        "SIDE",
        "INGTON",
        "DALE",
        "FIELD",
        "WAY",
        "DEN",
        "SON",
        "ERSON",
        "TON",
    )
    return [
        f"{chance.choice(('', '', 'N ', 'S ', 'E ', 'W '))}{chance.choice(first)}"
        f"{chance.choice(last)}{chance.choice(('', '', 'ETT', 'FORD', 'HAM', 'BURY'))} "
        f"{chance.choice(ENDINGS)}"
        for _ in range(count)
    ]


def liens(count: int, seed: int) -> Iterator[Lien]:
    """Yield synthetic liens, the same for the same seed."""
    chance = random.Random(seed)
    names = streets(chance)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    for n in range(count):
        state, fips, county, city, kind, bid = PLACES[min(int(chance.expovariate(0.5)), 6)]
        parcel = f"{chance.randrange(10**4):04d}-{chance.randrange(10**4):04d}-{n % 1000:03d}"
        face = Decimal(round(chance.lognormvariate(7, 1) * 100)).scaleb(-2)
        name = names[min(int(chance.paretovariate(0.7)) - 1, len(names) - 1)]
        year = chance.randrange(2012, 2025)
        yield Lien(
            lien_id=UUID(int=chance.getrandbits(128)),
            version=1,
            kind=kind,
            status=chance.choice(("sold", "sold", "redeemed", "unsold")),
            state=state,
            county_fips=fips,
            county=county,
            parcel_id=parcel,
            parcel_key=parcel.replace("-", ""),
            source="bench",
            first_seen_at=now,
            last_changed_at=now,
            tax_year=year,
            certificate_number=f"{year}-{n:07d}",
            sale_date=date(year + 1, 6, 1) + timedelta(days=chance.randrange(4)),
            face_amount=face,
            bid_rate_pct=Decimal(chance.randrange(1, 64)) / 4 if bid else None,
            premium=Decimal(0) if kind == "certificate" else None,
            winning_bid=face * 3 if kind == "deed_sale" else None,
            situs_address=f"{chance.randrange(1, 9999)} {name}",
            city=city,
            zip_code=f"{chance.randrange(10000, 99999)}",
            property_type=chance.choice(("residential", "vacant land", "commercial", None)),
            synthetic=True,
        )


def questions(count: int, seed: int) -> dict[str, list[dict[str, object]]]:
    """Return questions by kind, drawn from the same streets and places as the liens."""
    chance = random.Random(seed)
    names = streets(chance)[:400]

    def street() -> str:
        return names[min(int(chance.paretovariate(0.9)) - 1, 399)]

    def state() -> list[str]:
        return [chance.choice(PLACES)[0]]

    def typo(text: str) -> str:
        word = max(text.split(), key=len)
        at = chance.randrange(1, len(word))
        return text.replace(word, word[:at] + word[at + 1 :])

    made: dict[str, Callable[[], dict[str, object]]] = {
        "filter + range + sort": lambda: {
            "state": state(),
            "price_max": str(chance.randrange(300, 9000)),
            "sort": chance.choice(("roi_desc", "price_asc", "auction_date_desc")),
        },
        "street": lambda: {"q": street()},
        "street + state + price, by roi": lambda: {
            "q": street(),
            "state": state(),
            "price_max": "2500",
            "sort": "roi_desc",
        },
        "number + street begun": lambda: {"q": f"{chance.randrange(1, 9999)} {street()[:6]}"},
        "street with a typo": lambda: {"q": typo(street())},
        "parcel id": lambda: {"q": f"{chance.randrange(10**4):04d}-{chance.randrange(10**4):04d}"},
    }
    return {name: [make() for _ in range(count)] for name, make in made.items()}


async def index(engine: TantivyEngine, rows: list[Lien]) -> dict[str, float]:
    """Index all ``rows`` as a bulk load does; return seconds for documents and for everything."""
    pricing = 0.0
    started, spent = time.perf_counter(), time.process_time()
    since = 0
    for start in range(0, len(rows), CHUNK):
        before = time.perf_counter()
        documents: list[LienDocument] = [document_of(lien) for lien in rows[start : start + CHUNK]]
        pricing += time.perf_counter() - before
        await engine.upsert(documents)
        since += len(documents)
        if since >= COMMIT_EVERY:
            await engine.commit()
            since = 0
    await engine.commit()
    return {
        "documents": pricing,
        "all": time.perf_counter() - started,
        "cpu": time.process_time() - spent,
    }


async def timed(ask: Callable[[], Awaitable[int]], seconds: list[float]) -> int:
    started = time.perf_counter()
    found = await ask()
    seconds.append(time.perf_counter() - started)
    return found


def bytes_in(folder: Path) -> int:
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())


def percentile(values: list[float], share: float) -> float:
    """Milliseconds."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] * 1000


async def measure(
    asked: dict[str, list[dict[str, object]]],
    ask: Callable[[SearchQuery], Awaitable[int]],
    seconds: float,
) -> dict[str, list[float]]:
    """Ask the questions of every kind in turn for at most ``seconds`` a kind."""
    found: dict[str, list[float]] = {}
    for name, parameters in asked.items():
        queries = [build_query(**p, facets=False) for p in parameters]  # type: ignore[arg-type]
        times: list[float] = []
        deadline = time.perf_counter() + seconds
        for query in queries:
            await timed(partial(ask, query), times)
            if time.perf_counter() > deadline:
                break
        found[name] = times
    return found


TABLE = """
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE TABLE bench_liens (
    lien_id uuid, words text, state text, kind text, status text, year int, price bigint,
    rate int, roi int, auction_day int, item text
)
"""
INDEXES = """
CREATE INDEX ON bench_liens USING gin (words gin_trgm_ops);
CREATE INDEX ON bench_liens (state, roi DESC NULLS LAST);
CREATE INDEX ON bench_liens (state, price);
CREATE INDEX ON bench_liens (state, auction_day DESC NULLS LAST);
CREATE INDEX ON bench_liens (roi DESC NULLS LAST);
ANALYZE bench_liens
"""


async def fill_postgres(connection: psycopg.AsyncConnection, rows: list[Lien]) -> None:
    """Load the same documents and build the indexes."""
    await connection.execute("DROP TABLE IF EXISTS bench_liens")
    for statement in TABLE.strip().split(";"):
        await connection.execute(statement)
    async with connection.cursor() as cursor, cursor.copy("COPY bench_liens FROM STDIN") as copy:
        for lien in rows:
            d = document_of(lien)
            words = f"{d.address} {d.place} {d.numbers} {d.parcel_key}".lower()
            values = (d.lien_id, words, d.state, d.kind, d.status, d.year, d.price, d.rate, d.roi)
            await copy.write_row((*values, d.auction_day, d.item.decode()))
    for statement in INDEXES.strip().split(";"):
        await connection.execute(statement)


async def ask_postgres(connection: psycopg.AsyncConnection, query: SearchQuery) -> int:
    """Ask the same as SQL would: every word by ILIKE, a similar word where none is found."""
    clauses: list[str] = ["true"]
    values: list[object] = []
    for word in query.text.split():
        clauses.append("words ILIKE %s")
        values.append(f"%{word.lower()}%")
    filters = query.filters
    if filters.states:
        clauses.append("state = ANY(%s)")
        values.append(list(filters.states))
    if filters.price and filters.price.high is not None:
        clauses.append("price <= %s")
        values.append(filters.price.high)
    orders = {
        "roi_desc": "ORDER BY roi DESC NULLS LAST",
        "price_asc": "ORDER BY price",
        "auction_date_desc": "ORDER BY auction_day DESC NULLS LAST",
    }
    order = orders.get(query.sort, "")
    sql = f"SELECT item, count(*) OVER () FROM bench_liens WHERE {{}} {order} LIMIT 20"
    rows = await (await connection.execute(sql.format(" AND ".join(clauses)), values)).fetchall()
    if not rows and query.text:
        values[0] = query.text.lower()
        near = ["%s <%% words", *clauses[1 + len(query.text.split()) :]]
        kept = [values[0], *values[len(query.text.split()) :]]
        rows = await (await connection.execute(sql.format(" AND ".join(near)), kept)).fetchall()
    return len(rows)


def show(
    console: Console, ours: dict[str, list[float]], theirs: dict[str, list[float]] | None
) -> None:
    table = Table(title="one question at a time, 20 liens with their total, milliseconds")
    for column in ("question", "n", "p50", "p95", "pg n", "pg p50", "pg p95", "ratio p50"):
        table.add_column(column, justify="left" if column == "question" else "right")
    for name, times in ours.items():
        row = [
            name,
            f"{len(times)}",
            f"{percentile(times, 0.5):.2f}",
            f"{percentile(times, 0.95):.2f}",
        ]
        if theirs:
            peer = theirs[name]
            ratio = statistics.median(peer) / statistics.median(times)
            row += [f"{len(peer)}", f"{percentile(peer, 0.5):.2f}", f"{percentile(peer, 0.95):.2f}"]
            row.append(f"{ratio:.1f}x")
        table.add_row(*row)
    console.print(table)


async def run(options: argparse.Namespace) -> None:
    console = Console()
    rows = list(liens(options.liens, options.seed))
    gc.freeze()  # the rows are this program's, not the product's: keep the collector off them
    asked = questions(2000, options.seed)
    with tempfile.TemporaryDirectory() as folder:
        engine = TantivyEngine(Path(folder) / "index", heap_bytes=64_000_000, writer=True)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        took = await index(engine, rows)
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        size = bytes_in(Path(folder))
        console.print(
            f"{len(rows):,} liens indexed in {took['all']:.1f} s: {len(rows) / took['all']:,.0f} a "
            f"second (pricing and writing the JSON took {took['documents']:.1f} s of it; {took['cpu']:.1f} s "
            f"of processor time in all threads); "
            f"{size / 1e6:.0f} MB on disk, {(after - before) / 1024:.0f} MB more resident"
        )

        async def ask(query: SearchQuery) -> int:
            return len((await engine.search(query)).items)

        async def suggest(text: str) -> int:
            return len(await engine.suggest(text, 10))

        ours = await measure(asked, ask, options.seconds)
        beginnings = [str(p["q"])[:n] for p in asked["street"][:500] for n in (3, 5)]
        times: list[float] = []
        for text in beginnings:
            await timed(partial(suggest, text), times)
        facets: list[float] = []
        for parameters in asked["filter + range + sort"][:100]:
            query = build_query(**parameters)  # type: ignore[arg-type]
            await timed(partial(ask, query), facets)
        theirs = None
        if not options.no_postgres:
            theirs = await postgres_side(rows, asked, options.seconds, Path(folder) / "postgres")
        show(console, ours, theirs)
        console.print(
            f"autocomplete p50 {percentile(times, 0.5):.2f} p95 {percentile(times, 0.95):.2f}; "
            f"filter + sort with facets p50 {percentile(facets, 0.5):.2f} "
            f"p95 {percentile(facets, 0.95):.2f}"
        )
        await engine.close()


async def postgres_side(
    rows: list[Lien], asked: dict[str, list[dict[str, object]]], seconds: float, home: Path
) -> dict[str, list[float]]:
    stack = Stack(home, parts=("postgres",))
    await stack.start()
    try:
        url = stack.environment()["TAXLIEN_DATABASE_URL"]
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            await fill_postgres(connection, rows)
            return await measure(asked, lambda q: ask_postgres(connection, q), seconds)
    finally:
        await stack.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--liens", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1.5, help="at most, per kind of question")
    parser.add_argument("--no-postgres", action="store_true")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
