"""``taxlien audit verify`` as people call it: what it prints, and how it ends."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from taxlien.kit.database import Database
from taxlien.kit.settings import KitSettings
from taxlien.services.users import service

Verify = Callable[..., "asyncio.Future[subprocess.CompletedProcess[str]]"]
SUBJECT = UUID(int=1)


@pytest.fixture
def verify(users_database: Database, process_settings: KitSettings) -> Any:
    """Run the command on this test's database and object store."""
    url = users_database.engine.url.set(drivername="postgresql")
    own = {"TAXLIEN_USERS_DATABASE_URL": url.render_as_string(hide_password=False)}

    async def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "taxlien.run", "audit", "verify", *arguments],
            env={**os.environ, **own, "TAXLIEN_HOME": "/nonexistent"},
            capture_output=True,
            text=True,
            check=False,
        )

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


async def test_whole_log_is_confirmed_with_its_head(users_database: Database, verify: Any) -> None:
    await write(users_database, 5)
    await service.retention.anchor_head(users_database)
    await write(users_database, 2)
    done = await verify()
    assert done.returncode == 0, done.stderr
    async with users_database.session() as session:
        head = await service.audit.head(session)
    assert head is not None
    assert "7 rows checked" in done.stdout
    assert f"head: row 7, {head.hash.hex()}" in done.stdout
    assert "anchors: 1 compared" in done.stdout
    later = await verify("--since", "6")
    assert "2 rows checked" in later.stdout


async def test_altered_row_ends_with_1_and_is_named(users_database: Database, verify: Any) -> None:
    await write(users_database, 5)
    await tamper(users_database, "UPDATE users.audit_log SET action = 'no' WHERE id = 3")
    done = await verify()
    assert done.returncode == 1
    assert "BROKEN at row 3" in done.stderr


async def test_end_cut_off_after_an_anchor_ends_with_1(
    users_database: Database, verify: Any
) -> None:
    await write(users_database, 5)
    await service.retention.anchor_head(users_database)
    await tamper(users_database, "DELETE FROM users.audit_log WHERE id > 2")
    done = await verify()
    assert done.returncode == 1
    assert "BROKEN at row 3: the end was cut off" in done.stderr
    assert (await verify("--no-anchors")).returncode == 0


async def test_anchor_that_somebody_forged_accuses_nobody(
    users_database: Database, verify: Any
) -> None:
    from taxlien.services.users.adapters.uploads import Objects

    await write(users_database, 2)
    forged = f"audit-anchors/{9:020d}-{'ab' * 32}"
    await Objects.from_environment().write(forged, b"forged", "application/octet-stream")
    done = await verify()
    assert done.returncode == 0, done.stderr
    assert "anchors: 0 compared" in done.stdout


async def test_anchor_twice_at_one_head_is_one(users_database: Database, verify: Any) -> None:
    await write(users_database, 2)
    await asyncio.gather(*(service.retention.anchor_head(users_database) for _ in range(3)))
    assert "anchors: 1 compared" in (await verify()).stdout
