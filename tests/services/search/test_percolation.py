"""Matching by reverse search answers exactly what trying every query would, and what the engine finds."""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taxlien.services.search.adapters.tantivy_engine import TantivyEngine
from taxlien.services.search.logic.conditions import packed, unpacked
from taxlien.services.search.logic.document import document_of
from taxlien.services.search.logic.drawers import LARGE
from taxlien.services.search.logic.facts import LienFacts
from taxlien.services.search.logic.geography import Box, Circle, Point, spot_of
from taxlien.services.search.logic.meaning import conditions_of
from taxlien.services.search.logic.percolation import QueryIndex
from taxlien.services.search.logic.query import RANGES, Filters, SearchQuery, build_query
from taxlien.services.search.logic.reading import Span
from taxlien.services.search.logic.spelling import WIDEN_BELOW
from taxlien.services.search.logic.touching import may_begin

COUNTIES = (
    "MD|24510|Baltimore city",
    "MD|24005|Baltimore County",
    "FL|12105|Polk",
    "FL|12086|Miami-Dade",
)
STREETS = (
    "N 22nd Av",
    "NORTH 22 AVENUE",
    "St Louis St",
    "Oak Street",
    "US 27",
    "Émile Zola Ct",
    "McDuff",
    "ARM STRONG AV",
    "Armstrong Ave",
    "",
)
NUMBERS = ("0427-05-6", "24-29-09-000123", "A 17", "5501", "")
ASKED = (
    "oak", "oak st", "22nd ave", "north 22", "twenty second", "zola", "0427-05", "042705", "polk county",
    "florida", "miami dade", "st", "a-17", "us 27", "fir", "oa", "baltimore", "duff", "00427", "!!", "5501",
    "armstrong", "arm strong", "12 arm strong ave", "0427 05 6",
)  # fmt: skip

spans = st.builds(
    lambda ends: Span(*ends),
    st.one_of(
        st.tuples(st.none(), st.integers(0, 60)),
        st.tuples(st.integers(0, 60), st.none()),
        st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda e: (min(e), max(e))),
    ),
)


NUMBERS_ASKED = (*RANGES, "auction_day", "redeem_day")


def some(values: tuple[Any, ...]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(st.sampled_from(values), max_size=2, unique=True).map(tuple)


AREAS = (
    Circle(Point(27.95, -82.46), 2.0),
    Circle(Point(27.95, -82.46), 12.0),
    Circle(Point(65.0, 180.0), 60.0),
    Box(-82.5, 27.9, -82.44, 27.97),
    Box(179.0, 60.0, -179.5, 66.0),
)
SPOTS = (
    None,
    *(spot_of(27.95 + north, -82.46) for north in (0.0, 0.02, 0.0289, 0.0290, 0.1, 0.2)),
    *(spot_of(65.0, east) for east in (179.9, -179.9, -179.4, 178.0)),
)

queries = st.builds(
    SearchQuery,
    text=st.one_of(st.just(""), st.sampled_from(ASKED)),
    filters=st.builds(
        Filters,
        states=some(("MD", "FL", "GA")),
        counties=some(("24510", "Baltimore", "Baltimore County", "12105", "miami dade")),
        statuses=some(("sold", "advertised", "redeemed")),
        kinds=some(("certificate", "deed_sale")),
        property_types=some(("residential", "land")),
        years=some((2022, 2023)),
        classes=some(("residential", "exempt")),
        flags=some(("vacant", "homestead", "bankrupt")),
        not_flags=some(("vacant", "homestead")),
        homestead=st.sampled_from((None, None, None, True, False)),
        area=st.sampled_from((None, None, None, *AREAS)),
        **{name: st.one_of(st.none(), st.none(), spans) for name in NUMBERS_ASKED},
    ),
    sort=st.just("price_asc"),
    limit=st.just(1000),
    facets=st.just(False),
)

documents = st.fixed_dictionaries(
    {
        "county": st.sampled_from(COUNTIES),
        "address": st.tuples(st.sampled_from(("", "12 ", "5501 ")), st.sampled_from(STREETS)).map(
            "".join
        ),
        "numbers": st.sampled_from(NUMBERS),
        "status": st.sampled_from(("sold", "advertised")),
        "kind": st.sampled_from(("certificate", "deed_sale")),
        "property_type": st.sampled_from((None, "residential", "land")),
        "year": st.sampled_from((None, 2022, 2023)),
        "property_class": st.sampled_from((None, "residential", "exempt")),
        "flags": some(("vacant", "homestead", "bankrupt")),
        "not_flags": some(("vacant", "homestead")),
        "spot": st.sampled_from(SPOTS),
        **{name: st.one_of(st.none(), st.integers(0, 60)) for name in NUMBERS_ASKED},
    }
)


def document_from(make_document: Any, n: int, fields: dict[str, Any]) -> Any:
    state, _, county = fields["county"].split("|")
    return make_document(n, state=state, place=f"Lakeland {county} {state}", **fields)


def index_of(asked: list[SearchQuery]) -> QueryIndex:
    index = QueryIndex()
    for number, query in enumerate(asked):
        index.put(number, conditions_of(query))
    return index


@given(st.lists(queries, min_size=1, max_size=8), st.lists(documents, min_size=1, max_size=8))
@settings(max_examples=40, deadline=None)
def test_few_queries_are_met_as_if_each_was_tried(make_document, asked, liens) -> None:
    conditions = [conditions_of(query) for query in asked]
    assert [unpacked(packed(condition)) for condition in conditions] == conditions
    index = index_of(asked)
    for n, fields in enumerate(liens):
        facts = LienFacts.of_document(document_from(make_document, n, fields))
        tried = [number for number, each in enumerate(conditions) if each.holds(facts)]
        assert index.match(facts) == tried


@given(
    st.lists(queries, min_size=1, max_size=12),
    st.lists(documents, min_size=1, max_size=12),
    st.lists(st.integers(0, 4 * LARGE), max_size=40),
)
@settings(max_examples=15, deadline=None)
def test_full_drawers_are_met_as_if_each_was_tried(make_document, asked, liens, gone) -> None:
    """So many copies that drawers keep bitmaps, some taken out and some put anew."""
    many = [query for query in asked for _ in range(4 * LARGE // len(asked) + 1)]
    index = index_of(many)
    now = dict(enumerate(conditions_of(query) for query in many))
    for round_, removed in enumerate((gone[::2], gone[1::2])):
        for n, fields in enumerate(liens):
            facts = LienFacts.of_document(document_from(make_document, n, fields))
            assert index.match(facts) == [
                number for number, each in now.items() if each.holds(facts)
            ]
        for number in removed:
            index.remove(number)
            now.pop(number, None)
        added = 10_000 * (round_ + 1) + len(removed)
        now[added] = conditions_of(asked[0])
        index.put(added, now[added])
    assert len(index) == len(now)


def test_a_drawer_of_one_county_is_asked_by_the_words_beside_it(make_document) -> None:
    """All are filed under the county; nothing is filed under a beginning, yet beginnings are asked."""
    words = ("oak", "zol", "arms", "mcd", "north", "fir", "5501", "louis", "av", "us 27", "street")
    asked = [build_query(q=f"polk {word}", county=["12105"][:n]) for word in words for n in (0, 1)]
    many = [query for query in asked for _ in range(LARGE // 4)]
    conditions, index = [conditions_of(query) for query in many], index_of(many)
    met = 0
    for n, street in enumerate(STREETS):
        county = COUNTIES[2]
        fields = {"county": county, "address": street, "numbers": NUMBERS[n % len(NUMBERS)]}
        facts = LienFacts.of_document(document_from(make_document, n, fields))
        found = index.match(facts)
        assert found == [number for number, each in enumerate(conditions) if each.holds(facts)]
        met += bool(found)
    assert met > len(STREETS) // 2


@given(st.lists(queries, min_size=1, max_size=40), st.lists(documents, min_size=1, max_size=20))
@settings(max_examples=12, deadline=None)
def test_what_is_met_is_what_the_engine_finds(make_document, asked, liens) -> None:
    # Ten of each: an engine counts near words too only where it finds fewer than ten.
    made = [
        document_from(make_document, 100 * n + copy, fields)
        for n, fields in enumerate(liens)
        for copy in range(WIDEN_BELOW)
    ]
    with TemporaryDirectory() as folder:
        found = asyncio.run(_found_by_engine(Path(folder), made, asked))
    index = index_of(asked)
    met: list[set[UUID]] = [set() for _ in asked]
    for document in made:
        for number in index.match(LienFacts.of_document(document)):
            met[number].add(document.lien_id)
    for query, one, other in zip(asked, met, found, strict=True):
        assert one == other, query


async def _found_by_engine(
    folder: Path, made: list[Any], asked: list[SearchQuery]
) -> list[set[UUID]]:
    """Return which liens the engine finds for each query; none where it has only near words to offer."""
    engine = TantivyEngine(folder, heap_bytes=15_000_000, writer=True)
    await engine.upsert(made)
    await engine.commit()
    found: list[set[UUID]] = []
    for query in asked:
        hits = await engine.search(query)
        ids = {UUID(int=msgspec.json.decode(item)["n"]) for item in hits.items}
        found.append(set() if hits.near_matches else ids)
    await engine.close()
    return found


def test_queries_are_filed_by_what_is_rare() -> None:
    def anchors(**asked: Any) -> tuple[str, ...]:
        found = conditions_of(build_query(**asked)).anchors()
        return () if found is None else found.tokens

    assert anchors(state=["FL"], county=["12105"], q="") == ("fips=12105",)
    assert anchors(state=["FL", "GA"], status=["sold"]) == ("state=FL", "state=GA")
    zola = ("address=zola", "place=zola", "address=zolacourt")
    assert anchors(state=["FL"], q="zola court") == zola
    assert "number^427-5" in anchors(q="0427-05")
    assert anchors(price_max="5000") == ()
    near = anchors(state=["FL"], near="27.95,-82.46", radius="5")
    assert 0 < len(near) <= 32
    assert all(token.startswith("cell=") for token in near)


@pytest.mark.parametrize(
    ("asked", "published"),
    [
        ({"flag": ["irs_lien"]}, {"flags": ("irs_lien",)}),
        ({"not_flag": ["bankrupt"]}, {"not_flags": ("bankrupt",)}),
        ({"score_min": "70"}, {"score": 7000}),
    ],
)
def test_what_nobody_publishes_yet_is_met_once_it_is(make_document, asked, published) -> None:
    index = index_of([build_query(**asked)])
    assert index.match(LienFacts.of_document(make_document(1))) == []
    assert index.match(LienFacts.of_document(make_document(1, **published))) == [0]


def test_facts_of_a_lien_are_those_of_its_document(make_lien) -> None:
    lien = make_lien(
        1, vacant=True, homestead=False, property_type="Condo", latitude=28.0, longitude=-82
    )
    one, other = LienFacts.of_lien(lien), LienFacts.of_document(document_of(lien))
    both = [set(facts.tokens(words=True, beginnings=True, cells=True)) for facts in (one, other)]
    assert (
        both[0] == both[1] >= {"flags=vacant", "not_flags=homestead", "property_class=condominium"}
    )


@pytest.mark.parametrize(
    ("asked", "changed", "may"),
    [
        ({"state": ["FL"]}, {"market_value"}, False),
        ({"state": ["FL"], "status": ["sold"]}, {"status"}, True),
        ({"price_max": "5000"}, {"face_amount"}, True),
        ({"price_max": "5000"}, {"situs_address"}, False),
        ({"q": "oak"}, {"situs_address"}, True),
        ({"q": "oak"}, {"status"}, False),
        ({}, {"status"}, False),
        ({"zip": "33830"}, {"longitude"}, True),
        ({"zip": "33830"}, {"situs_address"}, False),
        ({"class": ["exempt"]}, {"property_type"}, True),
        ({"class": ["exempt"]}, {"market_value"}, False),
        ({"flag": ["sliver"]}, {"acres"}, True),
        ({"not_flag": ["vacant"]}, {"face_amount"}, False),
        ({"homestead": "true"}, {"homestead"}, True),
        ({"ltv_max": "5"}, {"market_value"}, True),
        ({"acres_min": "1"}, {"market_value"}, False),
        ({"auction_from": "2026-11-28"}, {"sale_date"}, True),
        ({"redeem_to": "2026-11-28"}, {"status"}, True),
        ({"score_min": "50"}, {"version", "face_amount"}, False),
    ],
)
def test_only_what_is_asked_for_can_begin(asked, changed, may) -> None:
    assert may_begin(conditions_of(build_query(**asked)), changed) is may
