"""What has served its time is forgotten; what has not is kept."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import text

from taxlien.run.housekeeping import keep_house


async def test_old_inbox_ids_and_answers_go_and_young_ones_stay(database_for) -> None:
    database = await database_for("search")
    async with database.session() as session:
        for age in (timedelta(days=400), timedelta(minutes=1)):
            await session.execute(
                text(
                    "INSERT INTO search.inbox (consumer, event_id, seen_at)"
                    " VALUES ('c', gen_random_uuid(), now() - cast(:age AS interval))"
                ),
                {"age": age},
            )
            await session.execute(
                text(
                    "INSERT INTO search.idempotency_keys (scope, key, request_sha256, created_at)"
                    " VALUES ('s', :key, '', now() - cast(:age AS interval))"
                ),
                {"key": str(age), "age": age},
            )
    stop = asyncio.Event()
    job = asyncio.create_task(keep_house(database, stop))
    counts = text(
        "SELECT (SELECT count(*) FROM search.inbox), (SELECT count(*) FROM search.idempotency_keys)"
    )
    async with asyncio.timeout(20):
        while True:
            async with database.session() as session:
                left = tuple((await session.execute(counts)).one())
            if left == (1, 1):
                break
    stop.set()
    await job
