"""What somebody keeps is found by them alone; the tier told last holds, until they are gone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from taxlien.kit.database import Database, metadata_for
from taxlien.kit.ids import new_id
from taxlien.kit.owned_rows import OwnedRows, OwnerRow, lock_owner, set_tier

NOW = datetime(2026, 11, 1, tzinfo=UTC)


class Row(DeclarativeBase):
    metadata = metadata_for("liens")


class Keeper(OwnerRow, Row):
    __tablename__ = "keepers"


class Thing(Row):
    __tablename__ = "things"

    thing_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("liens.keepers.user_id"))


things = OwnedRows(Thing, Thing.thing_id, Thing.user_id)


@pytest.fixture
async def kept(database: Database) -> Database:
    async with database.session() as session:
        await (await session.connection()).run_sync(Row.metadata.create_all)
    return database


async def test_rows_are_found_by_whose_they_are_and_nobody_else(kept: Database) -> None:
    ann, bob = new_id(), new_id()
    mine = [new_id() for _ in range(3)]
    async with kept.session() as session:
        for user_id, ids in ((ann, mine), (bob, [new_id()])):
            await lock_owner(session, Keeper, user_id)
            for thing_id in ids:
                await things.add(session, Thing(thing_id=thing_id, user_id=user_id))
    async with kept.session() as session:
        assert await things.get(session, bob, mine[0]) is None
        assert await things.lock(session, bob, mine[0]) is None
        assert [row.thing_id for row in await things.all_of(session, ann)] == mine
        page = await things.page_of(session, ann, before=mine[2], limit=1)
        assert [row.thing_id for row in page] == [mine[1]]
        found = await things.lock(session, ann, mine[1])
        assert found is not None
        await things.remove(session, found)
        assert await things.count_of(session, ann) == 2
        assert [await things.remove_all(session, ann) for _ in range(2)] == [2, 0]
        assert await things.count_of(session, bob) == 1


async def test_the_tier_told_last_holds_and_nobody_who_is_gone_has_one(kept: Database) -> None:
    ann = new_id()
    told = (("premium", 2), ("free", 1), ("premium", 2), ("enterprise", 3))
    async with kept.session() as session:
        written = [
            await set_tier(session, Keeper, ann, tier, NOW + timedelta(days=day))
            for tier, day in told
        ]
        assert written == [True, False, False, True]
        owner = await lock_owner(session, Keeper, ann)
        await session.refresh(owner)
        assert owner.tier == "enterprise"
        owner.tier = owner.tier_at = None
        owner.erased_at = NOW
    async with kept.session() as session:
        assert not await set_tier(session, Keeper, ann, "premium", NOW + timedelta(days=9))


async def test_two_at_once_have_the_row_of_an_owner_one_after_the_other(kept: Database) -> None:
    ann = new_id()
    order: list[str] = []
    locked = asyncio.Event()

    async def first() -> None:
        async with kept.session() as session:
            await lock_owner(session, Keeper, ann)
            locked.set()
            async with kept.session() as other:
                await set_tier(other, Keeper, new_id(), "free", NOW)
            order.append("first")

    async def second() -> None:
        await locked.wait()
        async with kept.session() as session:
            await lock_owner(session, Keeper, ann)
            order.append("second")

    async with asyncio.timeout(20):
        await asyncio.gather(first(), second())
    assert order == ["first", "second"]
