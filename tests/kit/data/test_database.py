"""Sessions are transactions; COPY writes what it is given, in the session's own transaction."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from taxlien.kit.copy_text import encode_rows
from taxlien.kit.database import Database, Session, copy_rows, describe, is_connection_lost

AWKWARD = 'tab\there, line\nthere, return\r, back\\slash, \\N, \\., "quotes", {braces}, é, 🏠, \x01'


class Colour(StrEnum):
    RED = "red\tish"


async def make_table(session: Session, columns: str) -> None:
    await session.execute(text(f"CREATE TABLE liens.sample ({columns})"))


async def read(session: Session, columns: str = "*") -> list[tuple[Any, ...]]:
    result = await session.execute(text(f"SELECT {columns} FROM liens.sample ORDER BY 1"))
    return [tuple(row) for row in result]


async def test_a_session_commits_at_its_end(database: Database) -> None:
    async with database.session() as session:
        await make_table(session, "a int")
        await session.execute(text("INSERT INTO liens.sample VALUES (1)"))
    async with database.session() as session:
        assert await read(session) == [(1,)]


async def fail_after_insert(database: Database) -> None:
    async with database.session() as session:
        await session.execute(text("INSERT INTO liens.sample VALUES (1)"))
        raise KeyError("on purpose")


async def test_a_session_rolls_back_on_any_error(database: Database) -> None:
    async with database.session() as session:
        await make_table(session, "a int")
    with pytest.raises(KeyError):
        await fail_after_insert(database)
    async with database.session() as session:
        assert await read(session) == []


async def test_times_are_utc_whatever_the_server_is_set_to(database: Database) -> None:
    async with database.session() as session:
        (shown,) = (await session.execute(text("SHOW timezone"))).scalars()
    assert shown == "UTC"


async def test_copy_writes_every_supported_type_as_it_is(database: Database) -> None:
    row = (
        1,
        AWKWARD,
        -2.5,
        True,
        b"\x00\xff\\x\t\n",
        Decimal("-123456789.01"),
        date(2026, 2, 28),
        time(23, 59, 58),
        datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
        timedelta(days=-2, seconds=5, microseconds=7),
        uuid4(),
        {"text": AWKWARD.replace("\x01", ""), "n": None},
        Jsonb([1, "two\n"]),
        [AWKWARD, "", "NULL", None],
        [1, 2, 3],
        Colour.RED,
        None,
    )
    columns = (
        "a int, b text, c float8, d bool, e bytea, f numeric(14,2), g date, h time, i timestamptz, "
        "j interval, k uuid, l jsonb, m jsonb, n text[], o int[], p text, q text"
    )
    names = list("abcdefghijklmnopq")
    async with database.session() as session:
        await make_table(session, columns)
        nothing = (2, *[None] * 16)
        assert await copy_rows(session, "sample", names, [row, nothing]) == 2
        written, empty = await read(session)
    assert written[:12] == row[:12]
    assert written[12:] == ([1, "two\n"], row[13], [1, 2, 3], "red\tish", None)
    assert empty == nothing


async def test_copied_rows_go_when_the_session_rolls_back(database: Database) -> None:
    async with database.session() as session:
        await make_table(session, "a int")

    async def copy_then_fail() -> None:
        async with database.session() as session:
            await copy_rows(session, "sample", ["a"], ((n,) for n in range(10_000)))
            assert len(await read(session)) == 10_000
            raise KeyError("on purpose")

    with pytest.raises(KeyError):
        await copy_then_fail()
    async with database.session() as session:
        assert await read(session) == []


async def test_copy_in_many_pieces_keeps_count_and_order(database: Database) -> None:
    async with database.session() as session:
        await make_table(session, "n bigint GENERATED ALWAYS AS IDENTITY, a int")
        assert await copy_rows(session, "sample", ["a"], ((n,) for n in range(12_345))) == 12_345
        assert [a for _, a in await read(session)] == list(range(12_345))


async def test_copy_into_a_temporary_table(database: Database) -> None:
    async with database.session() as session:
        await session.execute(text("CREATE TEMPORARY TABLE staged (a int) ON COMMIT DROP"))
        assert await copy_rows(session, "pg_temp.staged", ["a"], [(1,), (2,)]) == 2
        (count,) = (await session.execute(text("SELECT count(*) FROM staged"))).scalars()
    assert count == 2


async def test_copy_refuses_rows_of_another_width_and_unknown_types(database: Database) -> None:
    async with database.session() as session:
        await make_table(session, "a int, b int")
        await session.commit()
    for bad, error in (([(1, 2), (3,)], ValueError), ([(1, object())], TypeError)):
        with pytest.raises(error):
            async with database.session() as session:
                await copy_rows(session, "sample", ["a", "b"], bad)
    async with database.session() as session:
        assert await read(session) == []


async def test_a_row_the_table_refuses_raises_the_servers_error(database: Database) -> None:
    async with database.session() as session:
        await make_table(session, "a int PRIMARY KEY")
    with pytest.raises(psycopg.errors.UniqueViolation):
        async with database.session() as session:
            await copy_rows(session, "sample", ["a"], [(1,), (1,)])


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(st.tuples(texts, texts | st.none(), st.lists(texts, max_size=3)), max_size=20))
async def test_any_text_comes_back_as_it_went(schema: Any, rows: list[Any]) -> None:
    async with schema.database.session() as session:
        await session.execute(text("CREATE TEMPORARY TABLE t (n serial, a text, b text, c text[])"))
        await copy_rows(session, "pg_temp.t", ["a", "b", "c"], rows)
        found = await session.execute(text("SELECT a, b, c FROM t ORDER BY n"))
        assert [tuple(row) for row in found] == rows
        await session.execute(text("DROP TABLE t"))


def test_a_column_of_mixed_kinds_is_written_value_by_value() -> None:
    rows = [(1,), ("a\tb",), (None,), (Decimal("1.50"),), (UUID(int=1),)]
    assert encode_rows(rows, 1) == b"1\na\\tb\n\\N\n1.50\n00000000000000000000000000000001\n"


async def test_listening_wakes_at_every_notification(database: Database) -> None:
    woken = asyncio.Event()
    listening = asyncio.create_task(database.listen("somewhere", woken.set))
    async with asyncio.timeout(20):
        await woken.wait()  # once at the start: what was sent before nobody heard
        for _ in range(3):
            woken.clear()
            async with database.session() as session:
                await session.execute(text("SELECT pg_notify('somewhere', '')"))
            await woken.wait()
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_listening_outlives_its_connection(database: Database) -> None:
    woken = asyncio.Event()
    listening = asyncio.create_task(database.listen("somewhere", woken.set))
    async with asyncio.timeout(20):
        await woken.wait()
        woken.clear()
        async with database.session() as session:
            await session.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE application_name = 'taxlien-liens-listen' AND datname = current_database()"
                )
            )
        await woken.wait()
        woken.clear()
        async with database.session() as session:
            await session.execute(text("SELECT pg_notify('somewhere', '')"))
        await woken.wait()
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_idle_connections_may_be_closed_by_the_server_and_listening_is_none_of_them(
    database: Database,
) -> None:
    url = database.engine.url.update_query_dict({"options": "-c idle_session_timeout=100ms"})
    impatient = Database(url.render_as_string(hide_password=False), service="liens")
    woken = asyncio.Event()
    listening = asyncio.create_task(impatient.listen("somewhere", woken.set))
    async with asyncio.timeout(20):
        await woken.wait()
        async with impatient.session() as one, impatient.session() as other:
            pids = [await session.scalar(BACKEND) for session in (one, other)]
        while await count_of(database, pids):
            pass
        woken.clear()
        async with impatient.session() as session:
            assert await session.scalar(BACKEND) not in pids
            await session.execute(text("SELECT pg_notify('somewhere', '')"))
        await woken.wait()
    assert not listening.done()
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await impatient.close()


async def test_the_connection_given_back_last_is_used_first(database: Database) -> None:
    async with database.session() as one, database.session() as other:
        pids = [await session.scalar(BACKEND) for session in (one, other)]
    for _ in range(4):
        async with database.session() as session:
            used = await session.scalar(BACKEND)
        assert used == pids[0]  # sessions end in the reverse order of their beginning


BACKEND = text("SELECT pg_backend_pid()")


async def count_of(database: Database, pids: list[int]) -> int:
    """Count backends of ``pids`` that still serve."""
    alive = text("SELECT count(*) FROM pg_stat_activity WHERE pid = ANY(:pids)")
    async with database.session() as session:
        return int(await session.scalar(alive, {"pids": pids}) or 0)


async def error_of(database: Database, statement: str) -> Exception:
    try:
        async with database.session() as session:
            await session.execute(text(statement))
    except Exception as error:
        return error
    raise AssertionError("no error came")


async def test_a_lost_connection_is_told_from_a_mistake(database: Database) -> None:
    killed = await error_of(database, "SELECT pg_terminate_backend(pg_backend_pid())")
    wrong = await error_of(database, "SELECT 1 / 0")
    missing = await error_of(database, "SELECT * FROM liens.nothing")
    assert is_connection_lost(killed)
    assert not is_connection_lost(wrong)
    assert not is_connection_lost(missing)
    assert not is_connection_lost(ConnectionError("of somebody else"))
    nowhere = Database("postgresql://nobody@127.0.0.1:1/nothing", service="liens")
    assert is_connection_lost(await error_of(nowhere, "SELECT 1"))


async def test_an_error_and_its_description_leave_out_the_parameters(database: Database) -> None:
    async with database.session() as session:
        await make_table(session, "a int")
    with pytest.raises(DBAPIError) as caught:
        async with database.session() as session:
            await session.execute(
                text("INSERT INTO liens.sample SELECT 1 / (length(:owner) - 8)"),
                {"owner": "Jane Doe"},
            )
    assert "Jane Doe" not in str(caught.value), "an error nobody expects is logged whole"
    assert describe(caught.value) == "DivisionByZero: division by zero"


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://"])
def test_another_kind_of_database_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="not a PostgreSQL address"):
        Database(url, service="liens")


@pytest.mark.parametrize("service", ["", "Liens", "liens; drop", "1liens"])
def test_a_service_needs_a_name_that_can_be_a_schema(service: str) -> None:
    with pytest.raises(ValueError, match="not a service name"):
        Database("postgresql://x/y", service=service)


def test_equal_values_of_one_column_keep_the_digits_each_was_given() -> None:
    same, first, second = Decimal("7.10"), Decimal("1.0"), Decimal("1.00")
    rows = [(same, first, None), (same, second, None), (same, first, None)]
    assert encode_rows(rows, 3) == b"7.10\t1.0\t\\N\n7.10\t1.00\t\\N\n7.10\t1.0\t\\N\n"
