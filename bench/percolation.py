"""How fast a change of a lien meets a hundred thousand saved searches, and how fast trying each would.

    python bench/percolation.py [--searches 100000] [--liens 20000] [--no-database]

Liens and searches are made from a seed, spread over all counties as populations are skewed: few have
most. First matching alone, on one core; then the whole step as the worker does it, with PostgreSQL (an
embedded server that lives for the run): matches recorded and events put into the outbox.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import random
import tempfile
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import accumulate
from pathlib import Path
from uuid import UUID

import msgspec
import psutil
from rich.console import Console
from rich.table import Table
from sqlalchemy import make_url, text

from taxlien.interfaces.liens import Lien, LienChanged, LienCreated, LienStatusChanged
from taxlien.interfaces.search import SearchMatched
from taxlien.kit.database import Database, copy_rows
from taxlien.kit.ids import new_id
from taxlien.kit.migrations import prepare_service, role_of, upgrade
from taxlien.kit.reference import reference_text
from taxlien.run.stack import Stack
from taxlien.services.search import service
from taxlien.services.search.logic.facts import LienFacts
from taxlien.services.search.logic.meaning import conditions_of
from taxlien.services.search.logic.percolation import QueryIndex
from taxlien.services.search.logic.saved import canonical, query_of

Parameters = dict[str, list[str]]
BATCH = 500


class World:
    """Counties and streets, few of them common."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        lines = reference_text("counties.csv").splitlines()
        names = lines[0].split(",")
        rows = [dict(zip(names, line.split(","), strict=False)) for line in lines[1:]]
        self.counties = [(r["state"], r["fips"], r["name"]) for r in rows]
        self.chance.shuffle(self.counties)
        first = ("ARM", "OAK", "HILL", "WASH", "PARK", "GREEN", "BROAD", "LIN", "MADI", "CEDAR")
        last = ("STRONG", "WOOD", "SIDE", "INGTON", "DALE", "FIELD", "WAY", "DEN", "SON", "RIDGE")
        ends = ("ST", "AV", "RD", "DR", "CT", "LN", "BLVD", "WAY")
        self.streets = [
            f"{self.chance.choice(first)}{self.chance.choice(last)}"
            f"{self.chance.choice(('', 'ETT', 'FORD', 'HAM'))} {self.chance.choice(ends)}"
            for _ in range(3000)
        ]
        # The first county has about 2 of a hundred liens, the first street 1: Zipf's law, flattened.
        self.county_weights = list(accumulate(1 / (rank + 10) for rank in range(len(rows))))
        self.street_weights = list(accumulate(1 / (rank + 20) for rank in range(3000)))

    def county(self) -> tuple[str, str, str]:
        return self.chance.choices(self.counties, cum_weights=self.county_weights)[0]

    def street(self) -> str:
        return self.chance.choices(self.streets, cum_weights=self.street_weights)[0]

    def lien(self, n: int) -> Lien:
        chance = self.chance
        state, fips, county = self.county()
        now = datetime(2026, 1, 1, tzinfo=UTC)
        parcel = f"{chance.randrange(10**4):04d}-{chance.randrange(10**4):04d}-{n % 1000:03d}"
        year = chance.randrange(2018, 2026)
        return Lien(
            lien_id=UUID(int=chance.getrandbits(128)),
            version=1,
            kind="certificate",
            status=chance.choice(("sold", "advertised", "advertised", "redeemed")),
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
            sale_date=date(year + 1, 6, 1),
            face_amount=Decimal(round(chance.lognormvariate(7, 1) * 100)).scaleb(-2),
            bid_rate_pct=Decimal(chance.randrange(1, 72)) / 4,
            premium=Decimal(0),
            situs_address=f"{chance.randrange(1, 9999)} {self.street()}",
            city=county.upper(),
            zip_code=f"{chance.randrange(10000, 99999)}",
            property_type=chance.choice(("residential", "vacant land", "commercial", None)),
            synthetic=True,
        )

    def search(self) -> Parameters:
        """A search as people save them: mostly of a county, a street, or a state with bounds."""
        chance = self.chance
        state, fips, county = self.county()
        low = chance.randrange(100, 8000, 50)
        price = {"price_min": [str(low)], "price_max": [str(low + chance.choice((100, 300, 1000)))]}
        rate = {"rate_min": [str(chance.choice((8, 12, 15, 16, 18)))]}
        kind = chance.random()
        if kind < 0.35:
            return {"county": [fips], **price, **chance.choice((rate, {}))}
        if kind < 0.50:
            return {"state": [state], **price, **rate, "status": ["advertised"]}
        if kind < 0.65:
            return {"q": [self.street().lower()], "state": [state]}
        if kind < 0.75:
            return {"q": [f"{county.split()[0].lower()} {self.street().split()[0][:6].lower()}"]}
        if kind < 0.80:
            return {"q": [f"{chance.randrange(1, 9999)} {self.street().lower()}"]}
        if kind < 0.90:
            return {
                "county": [fips],
                "type": ["vacant land"],
                "year": [str(chance.randrange(2018, 2026))],
            }
        if kind < 0.95:
            return {"q": [f"{chance.randrange(10000, 99999)}"]}
        high = str(low + 5)
        return {"price_min": [str(low)], "price_max": [high], **rate, "type": ["residential"]}


def resident() -> float:
    """Megabytes that this process holds."""
    gc.collect()
    return float(psutil.Process().memory_info().rss) / 1e6


def filled(searches: list[Parameters]) -> tuple[QueryIndex, float, float]:
    """Return an index of ``searches``, seconds to fill it and megabytes it took."""
    before, started = resident(), time.perf_counter()
    index = QueryIndex()
    for number, parameters in enumerate(searches):
        index.put(number, conditions_of(query_of(parameters)))
    return index, time.perf_counter() - started, resident() - before


def matched(index: QueryIndex, liens: list[Lien]) -> tuple[float, int]:
    """Return liens a second of processor time, and pairs found."""
    for lien in liens[:200]:
        index.match(LienFacts.of_lien(lien))
    started, pairs = time.process_time(), 0
    for lien in liens:
        pairs += len(index.match(LienFacts.of_lien(lien)))
    return len(liens) / (time.process_time() - started), pairs


def tried(searches: list[Parameters], liens: list[Lien]) -> float:
    """Return liens a second where every search is tried."""
    conditions = [conditions_of(query_of(parameters)) for parameters in searches]
    started = time.process_time()
    for lien in liens:
        facts = LienFacts.of_lien(lien)
        sum(condition.holds(facts) for condition in conditions)
    return len(liens) / (time.process_time() - started)


def alone(console: Console, world: World, searches: list[Parameters], liens: list[Lien]) -> None:
    table = Table(title="matching alone, one core")
    for name in (
        "searches",
        "filled in s",
        "MB",
        "liens/s",
        "matches a lien",
        "trying each, liens/s",
    ):
        table.add_column(name, justify="right")
    for count in (0, 100, 10_000, len(searches)):
        index, seconds, megabytes = filled(searches[:count])
        rate, pairs = matched(index, liens)
        each = tried(searches[:count], liens[: max(3, 200_000 // max(count, 100))])
        table.add_row(
            f"{count:,}",
            f"{seconds:.1f}",
            f"{megabytes:.0f}",
            f"{rate:,.0f}",
            f"{pairs / len(liens):.2f}",
            f"{each:,.0f}",
        )
    console.print(table)


async def prepare(database: Database, searches: list[Parameters]) -> None:
    """Save ``searches``, ten to a person."""
    async with database.session() as session:
        people = [new_id() for _ in range(len(searches) // 10 + 1)]
        await copy_rows(session, "owners", ("user_id", "tier"), ((p, "enterprise") for p in people))
        await copy_rows(
            session,
            "saved_searches",
            ("search_id", "user_id", "name", "parameters", "pace", "changed"),
            (
                (new_id(), people[n // 10], "bench", canonical(parameters), "instant", 1)
                for n, parameters in enumerate(searches)
            ),
        )
        await session.execute(text("UPDATE search.query_set SET version = 1"))


async def whole(
    console: Console, database: Database, searches: list[Parameters], liens: list[Lien]
) -> None:
    """Time the step of the worker, for liens that are new and for their later changes."""
    await prepare(database, searches)
    started, before = time.perf_counter(), resident()
    async with database.session() as session:
        await service.match_liens(session, [LienCreated(lien=liens[0])])
    console.print(
        f"first batch of a worker reads {len(searches):,} searches: "
        f"{time.perf_counter() - started:.1f} s, {resident() - before:.0f} MB"
    )
    created = [LienCreated(lien=lien) for lien in liens]
    later = [
        LienChanged(
            lien=msgspec.structs.replace(lien, version=2, market_value=Decimal(n)),
            changed=("market_value",),
        )
        if n % 4
        else LienStatusChanged(
            lien=msgspec.structs.replace(lien, version=2, status="redeemed"),
            previous_status=lien.status,
        )
        for n, lien in enumerate(liens)
    ]
    table = Table(title=f"the whole step in batches of {BATCH}, {len(searches):,} searches")
    for name in ("", "liens/s", "of this process's core", "announced"):
        table.add_column(name, justify="right")
    for name, events in (("new", created), ("again", created), ("changed", later)):
        started, spent, announced = time.perf_counter(), time.process_time(), 0
        for start in range(0, len(events), BATCH):
            async with database.session() as session:
                announced += await service.match_liens(session, events[start : start + BATCH])
        seconds = time.perf_counter() - started
        share = (time.process_time() - spent) / seconds
        table.add_row(name, f"{len(events) / seconds:,.0f}", f"{share:.0%}", f"{announced:,}")
    console.print(table)
    console.print(f"one event is {len(msgspec.json.encode(await _one(database))):,} bytes")


async def _one(database: Database) -> bytes:
    async with database.session() as session:
        body = await session.scalar(
            text("SELECT body FROM search.outbox WHERE type = :type LIMIT 1"),
            {"type": SearchMatched.wire_type()},
        )
    return bytes(body or b"")


async def with_postgres(console: Console, searches: list[Parameters], liens: list[Lien]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder), parts=("postgres",))
        await stack.start()
        try:
            owner_url = stack.environment()["TAXLIEN_DATABASE_URL"]
            await prepare_service(owner_url, "search", "bench")
            parts = make_url(owner_url)
            url = parts.set(username=role_of("search"), password="bench")
            await upgrade(url, "search")
            database = Database(url.render_as_string(hide_password=False), service="search")
            await whole(console, database, searches, liens)
            await database.close()
        finally:
            await stack.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--searches", type=int, default=100_000)
    parser.add_argument("--liens", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-database", action="store_true")
    asked = parser.parse_args()
    console = Console(width=110)
    world = World(asked.seed)
    searches = [canonical(world.search()) for _ in range(asked.searches)]
    liens = [world.lien(n) for n in range(asked.liens)]
    console.print(f"{os.cpu_count()} cores, {len(searches):,} searches, {len(liens):,} liens")
    alone(console, world, searches, liens)
    if not asked.no_database:
        asyncio.run(with_postgres(console, searches, liens))


if __name__ == "__main__":
    main()
