"""How an order is cut into pages, by number and by key: any engine must show every lien once."""

from __future__ import annotations

import random
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taxlien.services.search.logic.ordering import Key
from taxlien.services.search.logic.query import RELEVANCE, SORTS, SearchQuery

VALUES = (None, None, 0, 1, 1, 1, 1, -300, 52_00, 2**36, 2**40)
FIELDS = ("price", "roi", "rate", "year", "auction_day")
LIENS = 137


def low_of(lien_id: UUID) -> int:
    return (lien_id.int & (2**64 - 1)) - 2**63


def numbers(hits) -> list[int]:
    return [msgspec.json.decode(raw)["n"] for raw in hits.items]


@pytest.fixture
async def liens(engine, make_document):
    """Liens with many equal and unknown values; ids that begin alike, and ids that do not."""
    chance = random.Random(11)
    made = {}
    for n in range(LIENS):
        made_of = {field: chance.choice(VALUES) for field in FIELDS}
        document = make_document(n, address=f"{n % 3} OAK ST", **made_of)
        lien_id = UUID(int=chance.getrandbits(128 if n % 4 else 34))
        made[n] = msgspec.structs.replace(document, lien_id=lien_id)
    # In two parts, so that what is equal does not lie together.
    documents = list(made.values())
    await engine.upsert(documents[:90])
    await engine.commit()
    await engine.upsert(documents[90:])
    await engine.commit()
    return made


def expected(liens, sort: str) -> list[int]:
    """Return the numbers in the order that the contract promises."""
    name, _, way = sort.rpartition("_")
    field = {"auction_date": "auction_day", "risk": "score", "relevance": "score"}.get(name, name)
    held = {n: (getattr(lien, field), low_of(lien.lien_id)) for n, lien in liens.items()}
    high = 2**37 - 1
    known = [n for n in held if held[n][0] is not None]
    known.sort(key=lambda n: (min(held[n][0], high), held[n][1]), reverse=way == "desc")
    unknown = [n for n in held if held[n][0] is None]
    unknown.sort(key=lambda n: held[n][1], reverse=way == "desc")
    return known + unknown


async def all_by_key(engine, size: int, **asked: object) -> list[int]:
    """Return all numbers, page after page."""
    found: list[int] = []
    after: Key | None = None
    while True:
        hits = await engine.search(SearchQuery(limit=size, after=after, facets=False, **asked))
        found += numbers(hits)
        if hits.last is None:
            return found
        assert len(hits.items) == size
        assert len(found) < LIENS, "the walk does not end"
        after = hits.last


async def all_by_offset(engine, size: int, **asked: object) -> list[int]:
    found: list[int] = []
    while True:
        hits = await engine.search(
            SearchQuery(limit=size, offset=len(found), facets=False, **asked)
        )
        if not hits.items:
            return found
        found += numbers(hits)
        assert len(found) <= LIENS, "the walk does not end"


@pytest.mark.parametrize("size", [1, 7, 30, LIENS, 200])
async def test_pages_of_every_order_show_every_lien_once(engine, liens, size) -> None:
    for sort in SORTS if size == 7 else ("price_asc", "roi_desc", "risk_asc"):
        order = expected(liens, sort)
        assert await all_by_key(engine, size, sort=sort) == order, sort
        assert await all_by_offset(engine, size, sort=sort) == order, sort


async def test_pages_of_words_show_every_lien_once(engine, open_engine, liens) -> None:
    oaks = [n for n in liens if n % 3 == 1]
    for sort in ("price_desc", "roi_asc"):
        order = [n for n in expected(liens, sort) if n in oaks]
        assert await all_by_key(engine, 5, text="1 oak", sort=sort) == order
    ranked = await all_by_offset(engine, 5, text="1 oak", sort=RELEVANCE)
    assert sorted(ranked) == oaks
    assert await all_by_offset(open_engine(), 5, text="1 oak", sort=RELEVANCE) == ranked
    one = await engine.search(SearchQuery(text="1 oak", limit=5))
    assert (one.last, one.total) == (None, len(oaks))


async def test_pages_after_a_key_count_all_liens(engine, liens) -> None:
    first = await engine.search(SearchQuery(sort="year_desc", limit=10))
    second = await engine.search(SearchQuery(sort="year_desc", limit=10, after=first.last))
    assert first.total == second.total == LIENS
    assert first.facets == second.facets


async def test_a_key_outlives_its_lien_and_new_ones_before_it(engine, liens, make_document) -> None:
    """What comes after the key comes, once, whatever happened before it."""
    for sort in ("price_asc", "roi_desc"):
        order = expected(liens, sort)
        for at in (1, 60, 130):
            shown = await engine.search(SearchQuery(sort=sort, limit=at, facets=False))
            assert shown.last is not None
            gone = liens[order[at - 1]]
            await engine.delete([gone.lien_id])
            early = {"price": -(2**50), "roi": 2**50, "version": 2}
            news = [make_document(1000 + n, **early) for n in range(3)]
            await engine.upsert(news)
            await engine.commit()
            rest = await engine.search(SearchQuery(sort=sort, limit=LIENS + 3, after=shown.last))
            assert [n for n in numbers(rest) if n < 1000] == order[at:]
            await engine.delete([lien.lien_id for lien in news])
            await engine.upsert([msgspec.structs.replace(gone, version=gone.version + at)])
            await engine.commit()


@given(
    sort=st.sampled_from(SORTS),
    offset=st.integers(0, LIENS + 3),
    size=st.integers(1, 100),
)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_any_page_is_that_part_of_the_order(engine, liens, sort, offset, size) -> None:
    order = expected(liens, sort)
    asked = SearchQuery(sort=sort, offset=offset, limit=size, facets=False)
    hits = await engine.search(asked)
    assert numbers(hits) == order[offset : offset + size]
    assert (hits.last is None) == (offset + size >= LIENS)
    if hits.last is not None:
        following = await engine.search(msgspec.structs.replace(asked, offset=0, after=hits.last))
        assert numbers(following) == order[offset + size : offset + 2 * size]
