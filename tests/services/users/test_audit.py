"""The audit log: one chain whoever writes, refusing change, and a walk that finds every tampering."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from taxlien.kit.database import Database
from taxlien.kit.ids import new_id
from taxlien.kit.migrations import pending_changes
from taxlien.kit.security.identity import Caller
from taxlien.kit.telemetry.context import RequestContext, serving
from taxlien.services.users.models import metadata
from taxlien.services.users.service import audit

SUBJECT = UUID(int=7)
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=20)


async def write(database: Database, count: int, subject: UUID = SUBJECT) -> None:
    async with database.session() as session:
        for number in range(count):
            await audit.record(session, actor=None, subject=subject, action=f"test.{number}")


async def check(
    database: Database, anchors: tuple[audit.Head, ...] = (), since: int = 1
) -> audit.Verification:
    async with database.session() as session:
        return await audit.verify(session, anchors, since=since)


async def tamper(database: Database, *statements: str) -> None:
    """Do what an owner of the tables can: put the trigger aside and write."""
    async with database.session() as session:
        await session.execute(
            text("ALTER TABLE users.audit_log DISABLE TRIGGER audit_log_append_only")
        )
        for statement in statements:
            await session.execute(text(statement))
        await session.execute(
            text("ALTER TABLE users.audit_log ENABLE TRIGGER audit_log_append_only")
        )


async def test_row_says_who_did_what_to_whom_and_no_value(users_database: Database) -> None:
    actor = Caller(new_id(), None, "free", frozenset({"support", "admin"}))
    async with users_database.session() as session:
        with serving(RequestContext(request_id="r-1")):
            await audit.record(
                session,
                actor=actor,
                subject=SUBJECT,
                action="profile.read",
                fields=("email", "phone"),
                reason="ticket 12",
            )
        assert await audit.head(session) is None
    async with users_database.session() as session:
        [row] = await audit.access_log(session, SUBJECT, before=None, limit=10)
    assert (row.id, row.actor_id, row.actor_roles) == (1, actor.user_id, ["admin", "support"])
    assert (row.action, row.fields, row.reason) == (
        "profile.read",
        ["email", "phone"],
        "ticket 12",
    )
    assert row.request_id == "r-1"


async def test_what_is_rolled_back_was_never_in_the_log(users_database: Database) -> None:
    await write(users_database, 1)

    async def change_my_mind() -> None:
        async with users_database.session() as session:
            await audit.record(session, actor=None, subject=SUBJECT, action="test.lost")
            raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError, match="changed my mind"):
        await change_my_mind()
    await write(users_database, 1)
    found = await check(users_database)
    assert (found.rows, found.broken) == (2, None)


@given(
    action=TEXT,
    fields=st.lists(TEXT, max_size=4),
    reason=st.none() | TEXT,
    roles=st.lists(TEXT, max_size=3),
    has_actor=st.booleans(),
    request_id=TEXT,
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_database_and_python_agree_on_every_hash(
    users_database: Database,
    action: str,
    fields: list[str],
    reason: str | None,
    roles: list[str],
    has_actor: bool,
    request_id: str,
) -> None:
    actor = Caller(new_id(), None, "free", frozenset(roles)) if has_actor else None
    async with users_database.session() as session:
        with serving(RequestContext(request_id=request_id)):
            await audit.record(
                session,
                actor=actor,
                subject=new_id(),
                action=action,
                fields=tuple(fields),
                reason=reason,
            )
    assert (await check(users_database)).broken is None


async def test_many_writers_at_once_make_one_chain(users_database: Database) -> None:
    async def writer() -> None:
        for _ in range(10):
            await write(users_database, 2)

    await asyncio.gather(*(writer() for _ in range(8)))
    found = await check(users_database)
    assert (found.rows, found.head.id, found.broken) == (160, 160, None)


async def test_open_transaction_with_a_record_keeps_nobody_waiting(
    users_database: Database,
) -> None:
    async with users_database.session() as slow:
        await audit.record(slow, actor=None, subject=SUBJECT, action="test.slow")
        async with asyncio.timeout(10):
            await write(users_database, 1)
    async with users_database.session() as session:
        rows = await audit.access_log(session, SUBJECT, before=None, limit=10)
    assert [row.action for row in rows] == ["test.slow", "test.0"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE users.audit_log SET reason = 'none'",
        "DELETE FROM users.audit_log",
        "TRUNCATE users.audit_log",
    ],
)
async def test_log_refuses_to_be_changed(users_database: Database, statement: str) -> None:
    await write(users_database, 1)
    with pytest.raises(DBAPIError, match="append-only"):
        async with users_database.session() as session:
            await session.execute(text(statement))
    assert (await check(users_database)).rows == 1


@pytest.mark.parametrize(
    ("statements", "row", "what"),
    [
        (["UPDATE users.audit_log SET action = 'nothing' WHERE id = 4"], 4, "altered"),
        (["UPDATE users.audit_log SET at = at + interval '1 us' WHERE id = 4"], 4, "altered"),
        (["UPDATE users.audit_log SET fields = '{email}' WHERE id = 4"], 4, "altered"),
        (["UPDATE users.audit_log SET hash = sha256('x') WHERE id = 4"], 4, "altered"),
        (["DELETE FROM users.audit_log WHERE id = 4"], 4, "missing"),
        (["DELETE FROM users.audit_log WHERE id = 1"], 1, "missing"),
        (
            [
                "DELETE FROM users.audit_log WHERE id = 4",
                "UPDATE users.audit_log SET id = id - 1 WHERE id > 4",
            ],
            4,
            "does not follow",
        ),
        (
            [
                "UPDATE users.audit_log SET id = 100 WHERE id = 4",
                "UPDATE users.audit_log SET id = 4 WHERE id = 5",
                "UPDATE users.audit_log SET id = 5 WHERE id = 100",
            ],
            4,
            "does not follow",
        ),
    ],
)
async def test_first_row_that_was_tampered_with_is_named(
    users_database: Database, statements: list[str], row: int, what: str
) -> None:
    await write(users_database, 8)
    await tamper(users_database, *statements)
    found = await check(users_database)
    assert found.broken is not None
    assert (found.broken.id, found.rows) == (row, row - 1)
    assert what in found.broken.what


async def test_end_that_was_cut_off_is_noticed_by_an_anchor(users_database: Database) -> None:
    await write(users_database, 8)
    async with users_database.session() as session:
        head = await audit.head(session)
    assert head is not None
    await tamper(users_database, "DELETE FROM users.audit_log WHERE id > 5")
    assert (await check(users_database)).broken is None
    found = await check(users_database, (head,))
    assert found.broken is not None
    assert found.broken.id == 6
    assert "cut off" in found.broken.what


async def test_log_written_anew_as_a_whole_is_noticed_by_an_anchor(
    users_database: Database,
) -> None:
    await write(users_database, 4)
    async with users_database.session() as session:
        head = await audit.head(session)
    assert head is not None
    await tamper(users_database, "DELETE FROM users.audit_log")
    await write(users_database, 6)
    assert (await check(users_database)).broken is None
    found = await check(users_database, (head,))
    assert found.broken is not None
    assert (found.broken.id, "anew" in found.broken.what) == (4, True)


async def test_walk_can_begin_later(users_database: Database) -> None:
    await write(users_database, 8)
    found = await check(users_database, since=6)
    assert (found.rows, found.head.id, found.broken) == (3, 8, None)
    late = await check(users_database, since=12)
    assert late.broken is not None


async def test_pages_of_the_access_log_are_latest_first_and_of_one_person(
    users_database: Database, caller: Callable[..., Caller]
) -> None:
    await write(users_database, 3)
    await write(users_database, 3, subject=UUID(int=8))
    async with users_database.session() as session:
        first = await audit.access_log(session, SUBJECT, before=None, limit=2)
        rest = await audit.access_log(session, SUBJECT, before=first[-1].id, limit=2)
    assert [row.action for row in first + rest] == ["test.2", "test.1", "test.0"]


async def test_migrations_make_what_the_models_describe(users_database: Database) -> None:
    url = users_database.engine.url.render_as_string(hide_password=False)
    assert await pending_changes("users", url, metadata) == []
