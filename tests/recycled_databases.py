"""Databases for tests: cloned once from a migrated template, emptied after each test, and used again.

Cloning costs hundreds of files, emptying a few statements. A database that a test left large, or with
another schema than its template's, is thrown away.
"""

from __future__ import annotations

import asyncio
import json
from copy import copy
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql
from sqlalchemy.ext.asyncio import async_sessionmaker

from taxlien.kit.database import Database

LARGE = 4 * 1024 * 1024  # bytes of one table beyond which cloning anew is quicker than deleting

_SHAPE = """
SELECT md5(string_agg(line, ';' ORDER BY line)) FROM (
    SELECT format('%%s %%s %%s', c.oid::regclass, c.relkind, c.reloptions) AS line
    FROM pg_class c WHERE c.relnamespace = %(schema)s::regnamespace
  UNION ALL
    SELECT format('%%s %%s %%s %%s', a.attrelid::regclass, a.attname, a.atttypid::regtype, a.attnotnull)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = %(schema)s::regnamespace AND a.attnum > 0
  UNION ALL
    SELECT format('%%s %%s %%s', t.tgrelid::regclass, t.tgname, t.tgenabled)
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE c.relnamespace = %(schema)s::regnamespace AND NOT t.tgisinternal
  UNION ALL
    SELECT format('%%s %%s', k.conrelid::regclass, pg_get_constraintdef(k.oid))
    FROM pg_constraint k WHERE k.connamespace = %(schema)s::regnamespace
  UNION ALL
    SELECT format('%%s %%s', p.oid::regprocedure, md5(p.prosrc))
    FROM pg_proc p WHERE p.pronamespace = %(schema)s::regnamespace
  UNION ALL
    SELECT format('%%s %%s', n.nspname, n.nspacl) FROM pg_namespace n WHERE n.nspname !~ '^pg_'
) AS shape
"""

_TABLES = """
SELECT c.oid::regclass::text, pg_table_size(c.oid) FROM pg_class c
WHERE c.relnamespace = %s::regnamespace AND c.relkind = 'r' ORDER BY 1
"""

_RESTART = """
SELECT setval(c.oid::regclass, s.seqstart, false) FROM pg_class c JOIN pg_sequence s ON s.seqrelid = c.oid
WHERE c.relnamespace = %s::regnamespace
"""

_END_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


class Original(NamedTuple):
    """What a fresh database of a service looks like: its shape, and the rows its migrations wrote."""

    shape: str
    rows: dict[str, list[Any]]


def superuser_url(owner_url: str, password: str, database: str) -> str:
    """Return the address of ``database`` for the server's superuser."""
    parts = urlsplit(owner_url)
    address = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"postgres:{password}@{address}", path=f"/{database}"))


async def original(url: str, schema: str) -> Original:
    """Read a fresh database, as its superuser."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        rows: dict[str, list[Any]] = {}
        for table, _ in await _tables(connection, schema):
            found = await connection.execute(f"SELECT to_jsonb(t) FROM {table} AS t")  # type: ignore[arg-type]
            rows[table] = [row for (row,) in await found.fetchall()]
        return Original(await _shape(connection, schema), rows)


async def emptied(url: str, schema: str, before: Original) -> bool:
    """Bring a used database back to ``before``, as its superuser. False: it has to be thrown away."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(_END_OTHERS)
        tables = await _tables(connection, schema)
        if any(size > LARGE for _, size in tables):
            return False
        if await _shape(connection, schema) != before.shape:
            return False
        async with connection.transaction():
            # Triggers rest: an append-only table may be emptied here, and nowhere else.
            await connection.execute("SET LOCAL session_replication_role = replica")
            for table, _ in tables:
                await connection.execute(f"DELETE FROM {table}")  # type: ignore[arg-type]
            for table, rows in before.rows.items():
                for row in rows:
                    await connection.execute(
                        f"INSERT INTO {table} OVERRIDING SYSTEM VALUE "  # type: ignore[arg-type]
                        f"SELECT * FROM jsonb_populate_record(NULL::{table}, %s)",
                        [json.dumps(row)],
                    )
            await connection.execute(_RESTART, [schema])
    return True


def renewed(database: Database) -> Database:
    """Return another database over the same closed pool, which knows its server and compiled statements.

    What a process remembers of a database goes by its engine: this one is new to everybody.
    """
    fresh = copy(database)
    fresh.engine = database.engine.execution_options()
    fresh._sessions = async_sessionmaker(
        fresh.engine, expire_on_commit=False, info={"service": database.service}
    )
    return fresh


async def clone(owner_url: str, name: str, template: str) -> None:
    """Create database ``name`` as a copy of ``template``."""
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
    async with await psycopg.AsyncConnection.connect(owner_url, autocommit=True) as owner:
        await owner.execute(statement.format(*map(sql.Identifier, (name, template))))


async def drop(owner_url: str, name: str) -> None:
    """Drop a database. The owner may not end a vacuum that the server runs there: try until it is over."""
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    async with await psycopg.AsyncConnection.connect(owner_url, autocommit=True) as owner:
        for pause in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0):
            try:
                await owner.execute(statement)
                return
            except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectInUse):
                await asyncio.sleep(pause)
        await owner.execute(statement)


async def _tables(connection: psycopg.AsyncConnection[Any], schema: str) -> list[tuple[str, int]]:
    found = await connection.execute(_TABLES, [schema])
    return [(table, size) for table, size in await found.fetchall()]


async def _shape(connection: psycopg.AsyncConnection[Any], schema: str) -> str:
    found = await connection.execute(_SHAPE, {"schema": schema})
    [(shape,)] = await found.fetchall()
    return str(shape)
