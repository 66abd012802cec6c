"""The jobs of retention: all of them run, any number of workers, killed at any moment."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import text

from killed_workers import Worker, workers_of
from taxlien.interfaces.users import (
    EXPORT_CONTEXT,
    PERSONAL_DATA_SERVICES,
    UserDataExported,
    UserErasureDue,
    UserExportReady,
)
from taxlien.kit.blobs import Blobs
from taxlien.kit.security.sealing import Keyring
from taxlien.kit.settings import KitSettings
from taxlien.services.users import events, service, tasks
from taxlien.services.users.adapters.uploads import Objects

WORKER = """
from taxlien.kit.database import Database
from taxlien.services.users import tasks

async def main(url):
    await tasks.keep_promises(Database(url, service="users"), asyncio.Event())
"""
EXPORTS = 6


async def until(check: Callable[[], Any], seconds: float = 60.0) -> None:
    """Wait until ``check`` answers something true."""
    deadline = time.monotonic() + seconds
    while not await check():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.05)


async def answered(people: Any, user_id: UUID, client: httpx2.AsyncClient) -> UUID:
    """Ask for an export and let the other services answer."""
    answer = await client.post("/v1/users/me/exports")
    assert answer.status_code == 202
    export_id = UUID(answer.json()["export_id"])
    settings = KitSettings()
    for name in set(PERSONAL_DATA_SERVICES) - {"users"}:
        context = f"{EXPORT_CONTEXT}:{export_id}:{name}"
        sealed = Keyring.from_settings(settings).seal(json.dumps({"rows": []}).encode(), context)
        stored = await Blobs.from_settings(settings).put_if_absent(sealed)
        async with people.database.session() as session:
            await events.collect_exports(
                session,
                UserDataExported(
                    user_id=user_id, at=datetime.now(UTC), export_id=export_id, service=name,
                    sha256=stored.sha256, rows=0,
                ),
            )  # fmt: skip
    return export_id


@pytest.mark.tough
async def test_workers_killed_at_any_moment_finish_every_export_once(
    people: Any, app_client: Callable[..., httpx2.AsyncClient]
) -> None:
    clients = []
    for _ in range(EXPORTS):
        user_id = await people.sign_up()
        client = app_client(user_id)
        clients.append((client, await answered(people, user_id, client)))

    async def finished() -> bool:
        [(left,)] = await people.rows(
            "SELECT count(*) FROM users.exports WHERE status = 'collecting'"
        )
        return bool(left == 0)

    url = people.database.engine.url.set(drivername="postgresql")
    words = url.render_as_string(hide_password=False)
    with workers_of(WORKER) as workers:
        for _ in range(5):
            killed = [workers.start(words) for _ in range(2)]
            await asyncio.to_thread(time.sleep, random.uniform(0.02, 0.25))
            await asyncio.gather(*(asyncio.to_thread(worker.kill) for worker in killed))
        await people.rows("UPDATE users.exports SET attempt_after = now() RETURNING 1")
        last: list[Worker] = [workers.start(words) for _ in range(2)]
        await until(finished)
        for worker in last:
            worker.kill()

    ready = [e for e in await people.events() if isinstance(e, UserExportReady)]
    assert sorted(e.export_id for e in ready) == sorted(export_id for _, export_id in clients)
    for client, export_id in clients:
        answer = await client.get(f"/v1/users/me/exports/{export_id}/download")
        assert answer.status_code == 200
    async with people.database.session() as session:
        await service.remove_objects(session, datetime.now(UTC) + timedelta(hours=2))
    assert len(await Objects.from_environment().keys("exports")) == EXPORTS
    async with people.database.session() as session:
        assert (await service.audit.verify(session)).broken is None


async def test_jobs_do_what_is_due_and_stop_when_told(
    people: Any, app_client: Callable[..., httpx2.AsyncClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAXLIEN_USERS_DELETION_GRACE_DAYS", "0")
    user_id = await people.sign_up("ann@example.org")
    client = app_client(user_id)
    await answered(people, user_id, client)
    await client.post("/v1/users/me/deletion", json={"confirm": "ann@example.org"})
    stop = asyncio.Event()
    jobs = [
        asyncio.create_task(job(people.database, stop))
        for job in (tasks.keep_promises, tasks.keep_promises, tasks.anchor_audit_log)
    ]

    async def done() -> bool:
        rows = await people.rows(
            "SELECT 1 FROM users.exports e, users.deletions d"
            " WHERE e.status = 'ready' AND d.status = 'erasing'"
        )
        return bool(rows) and bool(await Objects.from_environment().keys("audit-anchors"))

    await until(done)
    stop.set()
    async with asyncio.timeout(20):
        await asyncio.gather(*jobs)
    kinds = [type(event) for event in await people.events()]
    assert (kinds.count(UserErasureDue), kinds.count(UserExportReady)) == (1, 1)


async def test_duty_that_fails_stops_no_other(people: Any) -> None:
    """One whose table is gone fails for good; the others go on."""
    async with people.database.session() as session:
        await session.execute(text("ALTER TABLE users.consents RENAME TO consents_away"))
    user_id = await people.sign_up()
    await people.rows(
        "UPDATE users.users SET subscription_tier = 'premium', trial_end_date = now()"
        " WHERE id = :id RETURNING 1",
        id=user_id,
    )
    stop = asyncio.Event()
    job = asyncio.create_task(tasks.keep_promises(people.database, stop))

    async def ended() -> bool:
        return await people.rows("SELECT subscription_tier FROM users.users") == [("free",)]

    await until(ended)
    stop.set()
    async with asyncio.timeout(20):
        await job


async def test_object_that_no_row_names_is_removed(people: Any) -> None:
    """What a crash between storing and committing leaves: an object, and its note."""
    objects = Objects.from_environment()
    await objects.write("exports/orphan", b"nobody's", "application/octet-stream")
    await people.rows(
        "INSERT INTO users.object_removals VALUES ('exports/orphan', now()) RETURNING 1"
    )

    async def work() -> int:
        async with people.database.session() as session:
            return int(await service.remove_objects(session, datetime.now(UTC)))

    assert sum(await asyncio.gather(*(work() for _ in range(3)))) == 1
    assert await objects.keys("exports") == []


async def test_whole_object_store_away_postpones_removal(
    people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await people.rows(
        "INSERT INTO users.object_removals VALUES ('exports/later', now()) RETURNING 1"
    )
    monkeypatch.setenv("TAXLIEN_OBJECTS_ENDPOINT", "http://127.0.0.1:9")

    async def work() -> None:
        async with people.database.session() as session:
            await service.remove_objects(session, datetime.now(UTC))

    with pytest.raises(Exception, match=r"(?i)127\.0\.0\.1|connect|retr"):
        await work()
    assert len(await people.rows("SELECT 1 FROM users.object_removals")) == 1
