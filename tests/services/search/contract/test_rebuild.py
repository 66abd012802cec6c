"""An index is built anew while the old one serves and live changes come in: any engine."""

from __future__ import annotations

import asyncio
import random

import msgspec
import pytest

from taxlien.services.search.adapters.engine import IndexUnusableError
from taxlien.services.search.logic.query import SearchQuery


async def stored(engine) -> dict[int, int]:
    found = await engine.search(SearchQuery(limit=5000, facets=False))
    items = [msgspec.json.decode(raw) for raw in found.items]
    versions = {item["n"]: item["version"] for item in items}
    assert len(versions) == len(items) == found.total, "a lien was found twice"
    return versions


async def test_old_index_serves_until_the_swap(engine, make_document) -> None:
    await engine.upsert([make_document(1)])
    await engine.commit()
    await engine.begin_rebuild()
    await engine.add_to_rebuild([make_document(2)])
    await engine.commit()
    assert await stored(engine) == {1: 1}
    await engine.swap()
    assert await stored(engine) == {2: 1}


async def test_live_change_goes_to_both_and_wins_over_an_older_page(engine, make_document) -> None:
    await engine.upsert([make_document(1), make_document(2)])
    await engine.commit()
    await engine.begin_rebuild()
    await engine.upsert([make_document(1, version=2), make_document(3)])
    await engine.commit()
    assert await stored(engine) == {1: 2, 2: 1, 3: 1}
    await engine.add_to_rebuild([make_document(1), make_document(2)])
    await engine.swap()
    assert await stored(engine) == {1: 2, 2: 1, 3: 1}


async def test_newer_page_wins_over_an_older_live_change(engine, make_document) -> None:
    await engine.begin_rebuild()
    await engine.add_to_rebuild([make_document(1, version=5)])
    await engine.upsert([make_document(1, version=4)])
    await engine.commit()
    await engine.swap()
    assert await stored(engine) == {1: 5}


async def test_aborted_rebuild_leaves_the_old_index(engine, make_document) -> None:
    await engine.upsert([make_document(1)])
    await engine.commit()
    await engine.begin_rebuild()
    await engine.add_to_rebuild([make_document(2)])
    await engine.abort()
    with pytest.raises(IndexUnusableError):
        await engine.swap()
    await engine.upsert([make_document(3)])
    await engine.commit()
    assert await stored(engine) == {1: 1, 3: 1}


async def test_rebuild_begun_again_starts_from_nothing(engine, make_document) -> None:
    await engine.begin_rebuild()
    await engine.add_to_rebuild([make_document(1)])
    await engine.begin_rebuild()
    await engine.add_to_rebuild([make_document(2)])
    await engine.swap()
    assert await stored(engine) == {2: 1}


async def test_reader_elsewhere_follows_the_swap(engine, open_engine, make_document) -> None:
    await engine.upsert([make_document(1)])
    await engine.commit()
    reader = open_engine()
    assert await stored(reader) == {1: 1}
    await engine.begin_rebuild()
    await engine.add_to_rebuild([make_document(2, version=9)])
    await engine.swap()
    for _ in range(500):
        if await stored(reader) == {2: 9}:
            break
        await asyncio.sleep(0.01)
    assert await stored(reader) == {2: 9}


async def test_no_lien_is_lost_or_old_when_changes_run_beside_the_rebuild(
    engine, make_document
) -> None:
    """The catalogue is read page by page while its liens change and new ones appear."""
    chance = random.Random(7)
    catalogue = dict.fromkeys(range(1500), 1)
    await engine.upsert([make_document(n) for n in catalogue])
    await engine.commit()
    done = asyncio.Event()

    async def change() -> None:
        rounds = 0
        while not (done.is_set() and rounds > 20):
            changed = chance.sample(sorted(catalogue), 40)
            fresh = len(catalogue)
            catalogue.update({n: catalogue[n] + 1 for n in changed})
            catalogue[fresh] = 1
            batch = [make_document(n, version=catalogue[n]) for n in (*changed, fresh)]
            await engine.upsert(batch)
            await engine.commit()
            rounds += 1
            if rounds > 60:
                return

    async def rebuild() -> None:
        await engine.begin_rebuild()
        after = -1
        while page := [n for n in sorted(catalogue) if n > after][:100]:
            read = [make_document(n, version=catalogue[n]) for n in page]
            await asyncio.sleep(0)
            await engine.add_to_rebuild(read)
            after = page[-1]
        await engine.swap()
        done.set()

    await asyncio.gather(change(), rebuild())
    assert await stored(engine) == catalogue
