"""The role and schema of a service: rights there, and nowhere else in the database."""

from __future__ import annotations

import asyncio
import re

import psycopg
from psycopg import sql
from sqlalchemy import URL

from taxlien.kit.backoff import Backoff
from taxlien.kit.database import checked_service, connection_arguments

_ATTEMPTS = 8
_TUPLE_RACE = re.compile("tuple concurrently (updated|deleted)")


def role_of(service: str) -> str:
    """Return the name of the role that owns the schema of ``service``."""
    return f"taxlien_{checked_service(service)}"


async def prepare_service(owner_url: str | URL, service: str, password: str) -> None:
    """Create or correct the role and schema of ``service``; safe to repeat, also at the same time.

    ``owner_url`` names the database and a role that may create roles and schemas there. Afterwards
    the public may neither connect to that database nor use its schema ``public``.
    """
    address = connection_arguments(owner_url)
    backoff = Backoff(first=0.05, longest=1.0)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            async with await psycopg.AsyncConnection.connect(**address) as connection:
                await _prepare(connection, service, password)
            return
        except psycopg.Error as error:
            # Roles belong to the whole server: another database's preparation may touch the same row.
            if attempt == _ATTEMPTS or not _is_race(error):
                raise
        await asyncio.sleep(backoff.next())


async def _prepare(connection: psycopg.AsyncConnection, service: str, password: str) -> None:
    role, schema = sql.Identifier(role_of(service)), sql.Identifier(service)
    database = sql.Identifier(connection.info.dbname)
    found = await connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [role_of(service)])
    verb = sql.SQL("CREATE" if await found.fetchone() is None else "ALTER")
    statements: list[sql.Composed] = [
        sql.SQL("{} ROLE {} LOGIN NOCREATEDB NOCREATEROLE PASSWORD {}").format(
            verb, role, sql.Literal(password)
        ),
        # An owner that is no superuser must belong to the role before it can give it a schema.
        sql.SQL("GRANT {} TO CURRENT_USER").format(role),
        sql.SQL("CREATE SCHEMA IF NOT EXISTS {} AUTHORIZATION {}").format(schema, role),
        sql.SQL("REVOKE ALL ON SCHEMA {} FROM PUBLIC").format(schema),
        sql.SQL("REVOKE ALL ON SCHEMA {} FROM PUBLIC").format(sql.Identifier("public")),
        sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database),
        sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(database, role),
        sql.SQL("ALTER ROLE {} IN DATABASE {} SET search_path = {}").format(role, database, schema),
        sql.SQL("ALTER ROLE {} IN DATABASE {} SET timezone = 'UTC'").format(role, database),
    ]
    for statement in statements:
        await connection.execute(statement)


def _is_race(error: psycopg.Error) -> bool:
    return isinstance(
        error,
        (
            psycopg.errors.UniqueViolation,
            psycopg.errors.DuplicateObject,
            psycopg.errors.DuplicateSchema,
            psycopg.errors.DeadlockDetected,
        ),
    ) or bool(_TUPLE_RACE.search(str(error)))
