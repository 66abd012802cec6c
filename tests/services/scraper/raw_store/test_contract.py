"""What every store of raw pages promises."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import msgspec
import pytest

from taxlien.kit.ids import new_id
from taxlien.services.scraper.adapters.raw_store.raw_store import RawPageMissing, RawStore
from taxlien.services.scraper.logic.pages import Verdict

from .conftest import BEGIN, facts

PAGE = b"<html>" + b"<td>parcel</td>" * 4000


async def test_a_page_comes_back_as_it_was_put(store: RawStore) -> None:
    kept = await store.put(facts(), PAGE)
    found = await store.get(kept.id)
    assert found == kept
    assert found.facts == facts()
    assert (found.sha256, found.size) == (hashlib.sha256(PAGE).hexdigest(), len(PAGE))
    assert await store.content(found) == PAGE


async def test_content_is_kept_compressed(store: RawStore) -> None:
    kept = await store.put(facts(), PAGE)
    assert kept.stored_size < len(PAGE) / 50


@pytest.mark.parametrize(
    "content", [b"", b"\x00", bytes(range(256)) * 9000], ids=["none", "one", "2 MB"]
)
async def test_content_of_any_size_comes_back(store: RawStore, content: bytes) -> None:
    kept = await store.put(facts(), content)
    assert await store.content(kept) == content


async def test_many_pages_come_back_in_the_order_given(store: RawStore) -> None:
    pages = [(facts(f"page {n}", minutes=n), b"content %d" % (n % 7)) for n in range(40)]
    kept = await store.put_many(pages)
    assert [page.facts for page in kept] == [said for said, _ in pages]
    assert [await store.content(page) for page in kept] == [content for _, content in pages]
    assert await store.put_many([]) == []


async def test_each_fetch_of_a_page_is_kept_and_the_latest_is_found(store: RawStore) -> None:
    first = await store.put(facts(minutes=0), b"before")
    last = await store.put(facts(minutes=9), b"after")
    await store.put(facts("parcel 2", minutes=20), b"another")
    assert await store.latest("qpublic/fl_test", "parcel 1") == last
    assert await store.content(await store.get(first.id)) == b"before"
    assert await store.latest("qpublic/fl_test", "parcel 9") is None
    assert await store.latest("qpublic/other", "parcel 1") is None


async def test_the_latest_page_that_could_be_read_is_found_behind_those_that_could_not(
    store: RawStore,
) -> None:
    verdicts: tuple[Verdict | None, ...] = (None, "ok", "not_found", "truncated", "unrecognised")
    for minutes, verdict in enumerate(verdicts):
        said = msgspec.structs.replace(facts(minutes=minutes), verdict=verdict)
        kept = await store.put(said, b"%d" % minutes)
        assert (await store.get(kept.id)).facts.verdict == verdict
    latest = await store.latest("qpublic/fl_test", "parcel 1")
    readable = await store.latest("qpublic/fl_test", "parcel 1", readable=True)
    assert latest is not None
    assert readable is not None
    assert (latest.facts.verdict, readable.facts.verdict) == ("unrecognised", "not_found")
    before = await store.put(facts("noted by nobody"), b"before verdicts were noted")
    assert await store.latest("qpublic/fl_test", "noted by nobody", readable=True) == before


async def test_pages_are_walked_in_the_order_fetched(store: RawStore) -> None:
    await store.put_many(
        [(facts(f"p{n}", source=f"q/{n % 2}", minutes=n), b"x") for n in reversed(range(700))]
    )
    everything = [page.facts.key async for page in store.iterate()]
    assert everything == [f"p{n}" for n in range(700)]
    since = BEGIN + timedelta(minutes=690)
    assert [page.facts.key async for page in store.iterate(since=since)] == [
        f"p{n}" for n in range(690, 700)
    ]
    of_one = [page.facts.key async for page in store.iterate(source="q/1", since=since)]
    assert of_one == ["p691", "p693", "p695", "p697", "p699"]


async def test_what_is_not_there_is_said_to_be_missing(store: RawStore) -> None:
    with pytest.raises(RawPageMissing):
        await store.get(new_id())
    kept = await store.put(facts(), b"content")
    stranger = type(kept)(id=kept.id, facts=kept.facts, sha256="0" * 64, size=1, stored_size=1)
    with pytest.raises(RawPageMissing):
        await store.content(stranger)
