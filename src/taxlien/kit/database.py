"""PostgreSQL for one service: sessions that are transactions, bulk COPY, and notifications."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from typing import Any, cast

import psycopg
import structlog
from psycopg import sql
from sqlalchemy import URL, MetaData, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from taxlien.kit.backoff import Backoff
from taxlien.kit.copy_text import encode_rows

Session = AsyncSession

_log = structlog.get_logger("taxlien.kit.database")
_SERVICE = re.compile(r"[a-z][a-z0-9_]{0,40}")
_ROWS_PER_WRITE = 1000
# SQLSTATEs: connection exceptions, shutdown or start under way, too many connections, a standby.
_AWAY = ("08", "57P", "53300", "25006")

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def checked_service(service: str) -> str:
    """Return ``service`` when it can name a schema. Raises ``ValueError`` otherwise."""
    if not _SERVICE.fullmatch(service):
        raise ValueError(f"not a service name: {service!r}")
    return service


def metadata_for(service: str) -> MetaData:
    """Return the metadata of a service's models: its schema, and names for every constraint."""
    return MetaData(schema=checked_service(service), naming_convention=NAMING_CONVENTION)


def driver_url(url: str | URL) -> URL:
    """Return ``url`` (postgres:// or postgresql://) with the psycopg 3 driver named."""
    parsed = make_url(url)
    if parsed.get_backend_name() not in {"postgresql", "postgres"}:
        raise ValueError(f"not a PostgreSQL address: {parsed.render_as_string()}")
    return parsed.set(drivername="postgresql+psycopg")


def connection_arguments(url: str | URL) -> dict[str, Any]:
    """Return ``url`` as keywords for ``psycopg.connect``: as text, libpq reads some otherwise."""
    parsed = driver_url(url)
    names = parsed.translate_connect_args(username="user", database="dbname")
    return {**names, **parsed.query}


class Database:
    """The pool of one service. Connections open when needed and are checked before they are used.

    The last one given back is used first: those that only a busy moment needed grow idle, and the
    server may close them (``idle_session_timeout``).
    """

    def __init__(self, url: str, *, service: str, pool_size: int = 5) -> None:
        self.service = checked_service(service)
        self._url = driver_url(url)
        self.engine = create_async_engine(
            self._url,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=True,
            pool_use_lifo=True,
            pool_timeout=10,
            hide_parameters=True,  # an error is logged whole, and values may be about a person
            connect_args={"connect_timeout": 5, "application_name": f"taxlien-{service}"},
        )
        self._sessions = async_sessionmaker(
            self.engine, expire_on_commit=False, info={"service": service}
        )

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """Yield a session inside one transaction: committed at the end, rolled back on any error."""
        async with self._sessions() as session, session.begin():
            yield session

    async def close(self) -> None:
        """Close every pooled connection."""
        await self.engine.dispose()

    async def listen(self, channel: str, wake: Callable[[], None]) -> None:
        """Call ``wake`` at every notification on ``channel``, until this task is cancelled.

        Survives the loss of the server: connects again with growing pauses, and calls ``wake`` after
        every connect, since notifications sent meanwhile are lost.
        """
        backoff = Backoff(first=0.2, longest=5.0)
        while True:
            try:
                async with await self._connect_alone() as connection:
                    await connection.execute("SET idle_session_timeout = 0")  # it only waits
                    await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                    backoff.reset()
                    wake()
                    async for _ in connection.notifies():
                        wake()
            except (psycopg.Error, OSError) as error:
                _log.warning("listen_lost", channel=channel, error=describe(error))
            await asyncio.sleep(backoff.next())

    async def _connect_alone(self) -> psycopg.AsyncConnection:
        return await psycopg.AsyncConnection.connect(
            **connection_arguments(self._url),
            autocommit=True,
            connect_timeout=5,
            application_name=f"taxlien-{self.service}-listen",
        )


def service_of(session: Session) -> str:
    """Return the service whose database ``session`` belongs to."""
    return cast(str, session.info["service"])


async def driver_connection(session: Session) -> psycopg.AsyncConnection:
    """Return the psycopg connection under ``session``, inside the session's own transaction."""
    raw = await (await session.connection()).get_raw_connection()
    return cast(psycopg.AsyncConnection, raw.driver_connection)


async def copy_rows(
    session: Session, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> int:
    """Append ``rows`` to ``table`` by COPY, in the session's transaction. Returns how many.

    ``table`` is a table of the session's schema, or a temporary one as ``pg_temp.name``. Values may
    be None, str, int, float, bool, bytes, Decimal, date, time, datetime, timedelta, UUID, str enums,
    dict (jsonb), ``psycopg.types.json.Jsonb`` (for a jsonb list) and list or tuple (array).
    Raises the driver's error (``psycopg.Error``) on a row the table refuses; the transaction is
    then spent. ``ValueError`` when a row has another number of values than ``columns``.
    """
    await session.flush()
    connection = await driver_connection(session)
    schema, _, name = table.rpartition(".")
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(schema or service_of(session), name),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
    )
    count = 0
    waiting = iter(rows)
    async with connection.cursor() as cursor, cursor.copy(statement) as copy:
        while chunk := list(islice(waiting, _ROWS_PER_WRITE)):
            await copy.write(encode_rows(chunk, len(columns)))
            count += len(chunk)
    return count


def is_connection_lost(error: BaseException) -> bool:
    """Tell whether ``error`` says that the database is away, so that only waiting can help."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or (
            error.orig is not None and is_connection_lost(error.orig)
        )
    if isinstance(error, psycopg.Error):
        if error.sqlstate is None:
            return isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))
        return error.sqlstate.startswith(_AWAY)
    return isinstance(error, PoolTimeout)


def describe(error: BaseException) -> str:
    """Return an error's type and first line, without statement parameters: those may be private."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    line = next(iter(str(cause).splitlines()), "")
    return f"{type(cause).__name__}: {line}"[:300]
