"""What is particular to PostgreSQL with objects: packs, contents kept once, damage found."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text

from taxlien.kit.blobs import Blobs
from taxlien.kit.database import Database
from taxlien.kit.settings import KitSettings, SettingsError
from taxlien.services.scraper.adapters.raw_store import postgres
from taxlien.services.scraper.adapters.raw_store.opening import raw_store_for
from taxlien.services.scraper.adapters.raw_store.postgres import PostgresRawStore
from taxlien.services.scraper.adapters.raw_store.raw_store import RawPageDamaged, RawPageMissing
from taxlien.services.scraper.settings import RawStoreSettings

from .conftest import facts

DatabaseFactory = Callable[..., Awaitable[Database]]


@pytest.fixture
async def database(database_for: DatabaseFactory) -> Database:
    return await database_for("scraper")


async def counted(database: Database, what: str) -> int:
    async with database.session() as session:
        return int((await session.execute(text(f"SELECT {what}"))).scalar_one())


async def test_the_same_content_is_stored_once(database: Database, blobs: Blobs) -> None:
    store = PostgresRawStore(database, blobs)
    first = await store.put(facts("a"), b"the same")
    again = await store.put_many([(facts("b"), b"the same"), (facts("c"), b"the same")])
    assert await counted(database, "count(*) FROM scraper.raw_pages") == 3
    assert await counted(database, "count(*) FROM scraper.raw_contents") == 1
    assert {page.stored_size for page in (first, *again)} == {first.stored_size}
    assert await store.content(again[1]) == b"the same"


async def test_pages_put_together_lie_in_one_object(database: Database, blobs: Blobs) -> None:
    store = PostgresRawStore(database, blobs)
    await store.put_many([(facts(str(n)), b"page %d" % n) for n in range(50)])
    distinct = "count(DISTINCT object_sha256) FROM scraper.raw_contents"
    assert await counted(database, distinct) == 1


async def test_an_object_does_not_grow_beyond_its_bound(
    database: Database, blobs: Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "_PACK_BYTES", 60)
    store = PostgresRawStore(database, blobs)
    kept = await store.put_many([(facts(str(n)), b"content %d" % n) for n in range(9)])
    assert await counted(database, "count(DISTINCT object_sha256) FROM scraper.raw_contents") > 2
    assert [await store.content(page) for page in kept] == [b"content %d" % n for n in range(9)]


async def test_workers_that_put_the_same_content_at_once_agree(
    database: Database, blobs: Blobs
) -> None:
    store = PostgresRawStore(database, blobs)
    kept = await asyncio.gather(
        *(
            store.put_many([(facts(f"{n}"), b"shared"), (facts(f"{n}'"), b"own %d" % n)])
            for n in range(6)
        )
    )
    assert await counted(database, "count(*) FROM scraper.raw_contents") == 7
    for n, (shared, own) in enumerate(kept):
        assert await store.content(shared) == b"shared"
        assert await store.content(own) == b"own %d" % n


async def test_a_damaged_object_is_noticed(database: Database, blobs: Blobs) -> None:
    store = PostgresRawStore(database, blobs)
    one, other = await store.put_many([(facts("a"), b"content one"), (facts("b"), b"content two")])
    async with database.session() as session:
        await session.execute(
            text(
                "UPDATE scraper.raw_contents SET start = (SELECT start FROM scraper.raw_contents"
                " WHERE sha256 = :other) WHERE sha256 = :one"
            ),
            {"one": bytes.fromhex(one.sha256), "other": bytes.fromhex(other.sha256)},
        )
    with pytest.raises(RawPageDamaged):
        await store.content(one)


async def test_a_lost_object_is_noticed(database: Database, blobs: Blobs) -> None:
    store = PostgresRawStore(database, blobs)
    kept = await store.put(facts(), b"content")
    async with database.session() as session:
        found = await session.execute(text("SELECT object_sha256 FROM scraper.raw_contents"))
        await blobs.delete(bytes(found.scalar_one()).hex())
    with pytest.raises(RawPageMissing):
        await store.content(kept)


async def test_settings_choose_the_store(database: Database, kit_settings: KitSettings) -> None:
    chosen = await raw_store_for(RawStoreSettings(), kit_settings, database)
    assert isinstance(chosen, PostgresRawStore)
    with pytest.raises(SettingsError, match="TAXLIEN_SCRAPER_RAW_MONGODB_URL"):
        await raw_store_for(RawStoreSettings(store="mongodb"), kit_settings, database)
