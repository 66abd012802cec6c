"""Answers are kept while the index stays as it is, computed once, and bounded; Valkey may be away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from redis.asyncio import Redis

from taxlien.kit.cache import Cache
from taxlien.kit.ids import new_id
from taxlien.kit.settings import KitSettings
from taxlien.services.search.adapters.answer_store import Answer, AnswerStore, digest_of
from taxlien.services.search.logic.query import build_query

KEY = b"k" * 16
OpenStore = Callable[..., AnswerStore]


@pytest.fixture
async def open_store(kit_settings: KitSettings) -> AsyncIterator[OpenStore]:
    """Open stores as processes have them, all over one Valkey."""
    namespace = f"test-{new_id().hex}"
    opened: list[AnswerStore] = []

    def open_one(
        url: str | None = "", *, seconds: float = 60, most: int = 1_000_000
    ) -> AnswerStore:
        url = kit_settings.require("cache_url") if url == "" else url
        cache = Cache(url, namespace, timeout=5) if url else None
        opened.append(AnswerStore(cache, seconds=seconds, most_bytes=most))
        return opened[-1]

    yield open_one
    for store in opened:
        await store.close()


class Slow:
    """Computes when it is let, and counts how often it was asked to."""

    def __init__(self) -> None:
        self.times = 0
        self.begun = asyncio.Event()
        self.go = asyncio.Event()

    async def __call__(self) -> Answer:
        self.times += 1
        self.begun.set()
        await self.go.wait()
        return Answer(b'{"n":1}', ("24510",))


async def test_of_many_that_miss_at_once_one_computes(open_store: OpenStore) -> None:
    stores, compute = [open_store(), open_store()], Slow()
    waiting = [asyncio.create_task(s.share(KEY, compute)) for s in stores for _ in range(20)]
    await compute.begun.wait()
    compute.go.set()
    answers = await asyncio.gather(*waiting)
    assert compute.times == 1
    assert set(answers) == {Answer(b'{"n":1}', ("24510",))}


async def test_who_gives_up_waiting_takes_the_answer_from_nobody(open_store: OpenStore) -> None:
    store, compute = open_store(), Slow()
    first = asyncio.create_task(store.share(KEY, compute))
    await compute.begun.wait()
    second = asyncio.create_task(store.share(KEY, compute))
    first.cancel()
    compute.go.set()
    assert (await second).body == b'{"n":1}'
    assert compute.times == 1


async def test_without_valkey_every_answer_is_computed(open_store: OpenStore) -> None:
    for url in (None, "redis://127.0.0.1:1/0"):
        compute = Slow()
        compute.go.set()
        assert (await open_store(url).share(KEY, compute)).body == b'{"n":1}'
        assert compute.times == 1


async def test_keys_in_valkey_tell_nothing(
    open_store: OpenStore, kit_settings: KitSettings
) -> None:
    compute = Slow()
    compute.go.set()
    key = digest_of(build_query(q="fosterhollow"), "v1")
    await open_store().share(key, compute)
    valkey = Redis.from_url(kit_settings.require("cache_url"))
    names = [name async for name in valkey.scan_iter("test-*")]
    await valkey.aclose()
    assert any(key.hex().encode() in name for name in names)
    assert not any(b"fosterhollow" in name for name in names)


def test_a_failure_is_kept_by_nobody() -> None:
    store = AnswerStore(None, seconds=60, most_bytes=1_000_000)

    async def fail() -> Answer:
        raise ValueError("broken")

    async def ask() -> None:
        for _ in range(2):
            with pytest.raises(ValueError, match="broken"):
                await store.share(KEY, fail)

    asyncio.run(ask())


def test_what_was_kept_is_gone_with_the_state_of_the_index() -> None:
    store = AnswerStore(None, seconds=60, most_bytes=1_000_000)
    assert store.recall("q", "one") is None
    store.keep("q", "one", "old", 10)
    assert store.recall("q", "one") == "old"
    store.keep("late", "zero", "older", 10)  # computed before the index changed
    assert store.recall("late", "one") is None
    assert store.recall("q", "two") is None
    assert store.recall("q", "one") is None


def test_the_latest_answers_are_kept_up_to_so_many_bytes() -> None:
    store = AnswerStore(None, seconds=60, most_bytes=30_000)
    store.recall("", "v")
    for n in range(20):
        store.keep(n, "v", n, 4_000)
        store.keep(n, "v", n, 4_000)
    assert [n for n in range(20) if store.recall(n, "v") is not None] == [15, 16, 17, 18, 19]
    store.keep("huge", "v", "huge", 1_000_000)
    assert store.recall("huge", "v") is None


def test_nothing_is_kept_where_settings_say_so() -> None:
    store = AnswerStore(None, seconds=0, most_bytes=30_000)
    store.recall("", "v")
    store.keep("q", "v", "answer", 10)
    assert store.recall("q", "v") is None


def test_questions_that_mean_the_same_have_one_digest() -> None:
    one = digest_of(build_query(q="oak  st", state=["FL,MD"], year=["2024", "2023"]), "v1")
    assert one == digest_of(build_query(q=" oak st", state=["MD", "FL"], year=["2023,2024"]), "v1")
    for other in (build_query(q="oak st"), build_query(q="oak st", state=["FL", "MD"], page=2)):
        assert digest_of(other, "v1") != one
    assert digest_of(build_query(q="oak st", state=["FL,MD"], year=["2024", "2023"]), "v2") != one
