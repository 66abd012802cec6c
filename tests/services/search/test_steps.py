"""Steps of numbers: what they find is what reading every lien finds."""

from __future__ import annotations

import random
from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tantivy import Index

from taxlien.services.search.adapters.tantivy_generation import Generation
from taxlien.services.search.adapters.tantivy_pages import find_page
from taxlien.services.search.adapters.tantivy_query import CountyNames, QueryBuilder
from taxlien.services.search.adapters.tantivy_steps import Steps, Table
from taxlien.services.search.logic.ordering import HIGHEST
from taxlien.services.search.logic.query import Filters, SearchQuery
from taxlien.services.search.logic.reading import Span
from taxlien.services.search.logic.steps import DIGITS, step_of, step_word

LIENS, COUNTED = 900, 40
COUNTIES = (
    "MD|24510|Baltimore city",
    "MD|24005|Baltimore",
    "FL|12086|Miami-Dade",
    "TX|48201|Harris",
)


NUMBERS = st.one_of(st.integers(0, 300), st.integers(-(2**63), 2**63 - 1))


@given(st.sampled_from(sorted(DIGITS)), st.lists(NUMBERS, min_size=1), NUMBERS, NUMBERS)
def test_steps_sort_as_their_numbers_and_tell_how_many_lie_within(name, numbers, low, high) -> None:
    numbers.sort()
    steps = [step_of(name, number) for number in numbers]
    assert [step_word(name, "TX", step) for step in steps] == sorted(
        step_word(name, "TX", step) for step in steps
    )
    table = Table(Counter(steps).items())
    for span in (Span(low, high), Span(None, high), Span(low, None), Span()):
        surely, perhaps = table.held(name, span)
        really = sum(
            (span.low is None or span.low <= n) and (span.high is None or n <= span.high)
            for n in numbers
        )
        if span != Span(low, high) or low <= high:
            assert table.count(surely) <= really <= table.count(perhaps)


@pytest.fixture(scope="module")
def index(make_document, tmp_path_factory):
    """Liens of four counties, most yields alike, some changed since, in several parts."""
    chance = random.Random(5)
    folder = tmp_path_factory.mktemp("steps")
    generation = Generation(folder, 15_000_000)
    made = []
    for n in range(LIENS):
        county = chance.choices(COUNTIES, (1, 2, 3, 9))[0]
        price = chance.choice((None, 0, 1_00, 250_00, 2**40, *(chance.randrange(5_000_00),) * 9))
        roi = chance.choice((None, -300, 0, 1799, *(1800,) * 4, 2500, chance.randrange(3000)))
        made.append(make_document(n, county=county, state=county[:2], price=price, roi=roi))
    for part in (
        made[:500],
        made[500:],
        [msgspec.structs.replace(d, version=2, price=7_00) for d in made[:30]],
    ):
        generation.upsert(part)
        generation.commit()
    generation.close()
    index = Index.open(str(folder))
    index.config_reader("Manual")
    return index


def questions(chance: random.Random, count: int) -> list[SearchQuery]:
    """Return questions of places, prices and their order."""
    made = []
    for _ in range(count):
        low, high = sorted(
            chance.choice((None, 0, 90_00, chance.randrange(5_000_00))) or 0 for _ in "ab"
        )
        filters = Filters(
            states=chance.choice(((), (), ("TX",), ("MD", "FL"), ("WY",))),
            counties=chance.choice(((), (), ("48201",), ("baltimore",))),
            price=chance.choice((None, Span(low, None), Span(None, high), Span(low, high))),
        )
        sort = f"{chance.choice(('price', 'roi'))}_{chance.choice(('asc', 'desc'))}"
        made.append(
            SearchQuery(filters=filters, sort=sort, limit=chance.choice((1, 5, 20)), facets=False)
        )
    return made


def test_pages_by_steps_are_those_of_every_lien(index) -> None:
    searcher = index.searcher()
    builder = QueryBuilder(index.schema, searcher)
    steps = Steps(searcher, builder, counted=COUNTED)
    counties = CountyNames(COUNTIES)
    chance = random.Random(7)
    used = 0
    for asked in questions(chance, 400):
        meant = counties.meant_by(asked.filters.counties)
        query = builder.restrict(None, builder.filters(asked.filters, meant))
        for _ in range(3):
            whole, found = find_page(searcher, builder, asked, query), steps.page(asked, meant)
            if found is not None:
                used += 1
                same = [(a.segment_ord, a.doc) for a in whole.addresses]
                assert [(a.segment_ord, a.doc) for a in found.addresses] == same, asked
                assert found.last == whole.last
                assert found.total == whole.total or min(found.total, whole.total) > COUNTED
            if whole.last is None:
                break
            by_key = (
                {"after": whole.last}
                if chance.random() < 0.5
                else {"offset": asked.offset + asked.limit}
            )
            asked = msgspec.structs.replace(asked, **{"after": None, **by_key})
    assert used > 100


def test_what_steps_do_not_know_is_left_to_others(index) -> None:
    searcher = index.searcher()
    steps = Steps(searcher, QueryBuilder(index.schema, searcher), counted=COUNTED)
    for asked in (
        SearchQuery(text="oak", sort="roi_desc"),
        SearchQuery(sort="year_desc"),
        SearchQuery(sort="roi_desc", filters=Filters(statuses=("sold",))),
        SearchQuery(sort="roi_desc", filters=Filters(states=("WY",))),
    ):
        assert steps.page(asked, []) is None
    assert step_of("price", HIGHEST) == step_of("price", 2**60)
