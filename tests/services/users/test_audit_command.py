"""``taxlien audit verify`` as people call it: what it prints, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest
from sqlalchemy import text

from commands_in_process import Ended, run_command
from taxlien.kit.database import Database
from taxlien.kit.settings import KitSettings
from taxlien.services.users import service

Verify = Callable[..., Awaitable[Ended]]
SUBJECT = UUID(int=1)


@pytest.fixture
def verify(users_database: Database, process_settings: KitSettings) -> Verify:
    """Run the command on this test's database and object store."""
    url = users_database.engine.url.set(drivername="postgresql")
    own = {
        "TAXLIEN_USERS_DATABASE_URL": url.render_as_string(hide_password=False),
        "TAXLIEN_HOME": "/nonexistent",
    }

    async def run(*arguments: str) -> Ended:
        return await run_command("audit", "verify", *arguments, environment=own)

    return run


async def write(database: Database, count: int) -> None:
    async with database.session() as session:
        for _ in range(count):
            await service.audit.record(session, actor=None, subject=SUBJECT, action="test.done")


async def tamper(database: Database, statement: str) -> None:
    async with database.session() as session:
        for line in (
            "ALTER TABLE users.audit_log DISABLE TRIGGER USER",
            statement,
            "ALTER TABLE users.audit_log ENABLE TRIGGER USER",
        ):
            await session.execute(text(line))


async def test_whole_log_is_confirmed_with_its_head(
    users_database: Database, verify: Verify
) -> None:
    await write(users_database, 5)
    await service.retention.anchor_head(users_database)
    await write(users_database, 2)
    done = await verify()
    assert done.status == 0, done.err
    async with users_database.session() as session:
        head = await service.audit.head(session)
    assert head is not None
    assert "7 rows checked" in done.out
    assert f"head: row 7, {head.hash.hex()}" in done.out
    assert "anchors: 1 compared" in done.out
    later = await verify("--since", "6")
    assert "2 rows checked" in later.out


async def test_altered_row_ends_with_1_and_is_named(
    users_database: Database, verify: Verify
) -> None:
    await write(users_database, 5)
    await tamper(users_database, "UPDATE users.audit_log SET action = 'no' WHERE id = 3")
    done = await verify()
    assert done.status == 1
    assert "BROKEN at row 3" in done.err


async def test_end_cut_off_after_an_anchor_ends_with_1(
    users_database: Database, verify: Verify
) -> None:
    await write(users_database, 5)
    await service.retention.anchor_head(users_database)
    await tamper(users_database, "DELETE FROM users.audit_log WHERE id > 2")
    done = await verify()
    assert done.status == 1
    assert "BROKEN at row 3: the end was cut off" in done.err
    assert (await verify("--no-anchors")).status == 0


async def test_anchor_that_somebody_forged_accuses_nobody(
    users_database: Database, verify: Verify
) -> None:
    from taxlien.services.users.adapters.uploads import Objects

    await write(users_database, 2)
    forged = f"audit-anchors/{9:020d}-{'ab' * 32}"
    await Objects.from_environment().write(forged, b"forged", "application/octet-stream")
    done = await verify()
    assert done.status == 0, done.err
    assert "anchors: 0 compared" in done.out


async def test_anchor_twice_at_one_head_is_one(users_database: Database, verify: Verify) -> None:
    await write(users_database, 2)
    await asyncio.gather(*(service.retention.anchor_head(users_database) for _ in range(3)))
    assert "anchors: 1 compared" in (await verify()).out
