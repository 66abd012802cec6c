"""The same liens and questions on PostgreSQL: full text, trigrams and what else careful people index."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterable, Sequence

import psycopg
from questions import Question

from taxlien.interfaces.liens import Lien
from taxlien.services.search.logic.document import document_of
from taxlien.services.search.logic.query import build_query

CONNECTIONS = 4
PAGE = 20
MOST = 10_001  # totals are exact up to ten thousand

TABLE = """
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE UNLOGGED TABLE bench_liens (
    words text, state text, fips text, price bigint, roi int, place point, item text
)
"""
INDEXES = """
ALTER TABLE bench_liens ADD found tsvector GENERATED ALWAYS AS (to_tsvector('simple', words)) STORED;
CREATE INDEX ON bench_liens USING gin (found);
CREATE INDEX ON bench_liens USING gin (words gin_trgm_ops);
CREATE INDEX ON bench_liens (state, roi DESC NULLS LAST);
CREATE INDEX ON bench_liens (state, price);
CREATE INDEX ON bench_liens (fips, price);
CREATE INDEX ON bench_liens (fips, roi DESC NULLS LAST);
CREATE INDEX ON bench_liens USING gist (place);
VACUUM ANALYZE bench_liens
"""


async def fill(url: str, liens: Iterable[Lien]) -> float:
    """Load ``liens`` and build the indexes, unless that was done; return the seconds it took."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        done = await connection.execute("SELECT to_regclass('bench_liens_full')")
        if (await done.fetchone()) != (None,):
            return 0.0
        started = time.perf_counter()
        await connection.execute("DROP TABLE IF EXISTS bench_liens")
        await connection.execute("SET maintenance_work_mem = '512MB'")
        for statement in TABLE.strip().split(";"):
            await connection.execute(statement)
        async with (
            connection.cursor() as cursor,
            cursor.copy("COPY bench_liens FROM STDIN") as copy,
        ):
            for lien in liens:
                d = document_of(lien)
                words = f"{d.address} {d.place} {d.numbers} {d.parcel_key}".lower()
                place = f"({lien.longitude},{lien.latitude})"
                row = (words, d.state, lien.county_fips, d.price, d.roi, place, d.item.decode())
                await copy.write_row(row)
        for statement in INDEXES.strip().split(";"):
            await connection.execute(statement)
        await connection.execute("CREATE TABLE bench_liens_full ()")
        return time.perf_counter() - started


async def ask(connection: psycopg.AsyncConnection, question: Question) -> int:
    """Ask as SQL would: a page, and the total up to ten thousand; by trigrams where nothing is found."""
    clauses, values, order = _clauses(question)
    rows = await _page(connection, clauses, values, order)
    text = build_query(q=str(question.get("q", ""))).text.lower()
    if not rows and text:
        await _page(connection, ["%s <%% words", *clauses[1:]], [text, *values[1:]], order)
    return len(rows)


async def _page(
    connection: psycopg.AsyncConnection,
    clauses: Sequence[str],
    values: Sequence[object],
    order: str,
) -> list[tuple[object, ...]]:
    where = f"FROM bench_liens WHERE {' AND '.join(clauses)}"
    total = f"SELECT count(*) FROM (SELECT 1 {where} LIMIT {MOST}) AS found"
    rows = await connection.execute(f"SELECT item {where} {order} LIMIT {PAGE}", values)
    found = await rows.fetchall()
    await (await connection.execute(total, values)).fetchall()
    return found


def _clauses(question: Question) -> tuple[list[str], list[object], str]:
    clauses: list[str] = []
    values: list[object] = []
    order = ""
    if words := str(question.get("q", "")).lower().replace("-", " ").replace("/", " ").split():
        clauses.append("found @@ to_tsquery('simple', %s)")
        values.append(" & ".join([*words[:-1], f"{words[-1]}:*"]))
    for name, clause in (("state", "state = %s"), ("county", "fips = %s")):
        if name in question:
            clauses.append(clause)
            values.append(question[name])
    if "price_max" in question:
        clauses.append("price <= %s")
        values.append(int(str(question["price_max"])) * 100)
    if "near" in question:
        lat, lon = map(float, str(question["near"]).split(","))
        clauses.append("place <@ circle(point(%s, %s), %s)")
        values += [lon, lat, float(str(question["radius"])) / 60]
        order = f"ORDER BY place <-> point({lon}, {lat})"
    if "box" in question:
        west, south, east, north = map(float, str(question["box"]).split(","))
        clauses.append("place <@ box(point(%s, %s), point(%s, %s))")
        values += [west, south, east, north]
    if question.get("sort") == "roi_desc":
        order = "ORDER BY roi DESC NULLS LAST"
    elif question.get("sort") == "price_asc":
        order = "ORDER BY price"
    return clauses, values, order


async def rate(
    url: str, questions: Sequence[Question], seconds: float
) -> tuple[float, list[float]]:
    """Return questions answered a second over four connections, and the milliseconds of each."""
    turns = itertools.cycle(questions)
    times: list[float] = []
    end = time.perf_counter() + seconds

    async def keep_asking() -> None:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            while time.perf_counter() < end:
                at = time.perf_counter()
                await ask(connection, next(turns))
                times.append((time.perf_counter() - at) * 1000)

    started = time.perf_counter()
    await asyncio.gather(*(keep_asking() for _ in range(CONNECTIONS)))
    return len(times) / (time.perf_counter() - started), times
