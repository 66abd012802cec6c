"""The inbox knows what a consumer has had, as of what was committed."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from taxlien.kit.database import Database
from taxlien.kit.ids import new_id
from taxlien.kit.inbox import prune_inbox, record_new


async def test_only_ids_not_seen_before_are_returned(database: Database) -> None:
    ids = [new_id() for _ in range(5)]
    async with database.session() as session:
        assert await record_new(session, "a.b", ids[:3]) == set(ids[:3])
    async with database.session() as session:
        assert await record_new(session, "a.b", [*ids, ids[4]]) == set(ids[3:])
        assert await record_new(session, "a.b", ids) == set()
        assert await record_new(session, "a.b", []) == set()


async def test_consumers_have_inboxes_of_their_own(database: Database) -> None:
    ids = [new_id()]
    async with database.session() as session:
        assert await record_new(session, "a.first", ids) == set(ids)
        assert await record_new(session, "a.second", ids) == set(ids)


async def test_a_rolled_back_record_is_no_record(database: Database) -> None:
    ids = [new_id()]

    async def fail() -> None:
        async with database.session() as session:
            await record_new(session, "a.b", ids)
            raise KeyError

    with pytest.raises(KeyError):
        await fail()
    async with database.session() as session:
        assert await record_new(session, "a.b", ids) == set(ids)


async def test_two_at_once_share_no_id_and_do_not_block_each_other_for_ever(
    database: Database,
) -> None:
    ids = [new_id() for _ in range(200)]

    async def record(order: int) -> int:
        async with database.session() as session:
            return len(await record_new(session, "a.b", ids[::order]))

    async with asyncio.timeout(20):
        counts = await asyncio.gather(record(1), record(-1), record(1), record(-1))
    assert sorted(counts) == [0, 0, 0, 200]


async def test_pruning_forgets_what_is_old_enough(database: Database) -> None:
    old, young = new_id(), new_id()
    async with database.session() as session:
        await record_new(session, "a.b", [old, young])
        await session.execute(
            text("UPDATE liens.inbox SET seen_at = now() - interval '9 days' WHERE event_id = :id"),
            {"id": old},
        )
    async with database.session() as session:
        assert await prune_inbox(session, timedelta(days=8)) == 1
    async with database.session() as session:
        assert await record_new(session, "a.b", [old, young]) == {old}
