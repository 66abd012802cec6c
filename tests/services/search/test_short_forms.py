"""Short forms of a question: judged ones, what must stay words, and what holds for every text."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from taxlien.kit.errors import InvalidInput
from taxlien.services.search.logic.query import Filters, build_query
from taxlien.services.search.logic.reading import Span
from taxlien.services.search.logic.saved import canonical, query_of
from taxlien.services.search.logic.short_forms import parameters_of, read_short_forms, restored

TODAY = date(2026, 11, 28)
JUDGED = yaml.safe_load((Path(__file__).parent / "short_forms.yml").read_text())
PIECES = [word for one in JUDGED.values() for judged in one for word in judged["q"].split()]
texts = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=9).map(" ".join)


@pytest.mark.parametrize("kind", JUDGED)
def test_judged_questions_are_read_as_meant(kind) -> None:
    assert sum(map(len, JUDGED.values())) >= 60
    for judged in JUDGED[kind]:
        read = read_short_forms(judged["q"], TODAY)
        said = {
            name: value[0] if isinstance(value, list) else value
            for name, value in parameters_of(read.chips).items()
        }
        assert (read.words, said) == (judged.get("w", judged["q"]), judged.get("p", {})), judged


@pytest.mark.parametrize("kind", JUDGED)
def test_capitals_say_the_same(kind) -> None:
    for judged in JUDGED[kind]:
        small, large = (
            read_short_forms(text, TODAY) for text in (judged["q"].lower(), judged["q"].upper())
        )
        assert parameters_of(large.chips) == parameters_of(small.chips), judged
        assert large.words == small.words.upper()


@given(texts)
@settings(max_examples=150, deadline=None)
def test_any_text_is_read_and_what_is_left_says_nothing_more(text) -> None:
    read = read_short_forms(text, TODAY)
    assert read_short_forms(read.words, TODAY).chips == ()
    assert read.chips or read.words == text
    typed = " ".join(text.replace("\x00", " ").split())
    for chip in read.chips:
        assert sorted((*chip.text.split(), *chip.without.split())) == sorted(typed.split())
    build_query(q=text, today=TODAY)  # never refused


def test_chips_say_which_words_they_came_from() -> None:
    one, two = read_short_forms("Miami under $5K, 18%", TODAY).chips
    assert (one.field, one.value, one.label, one.text, one.without) == (
        "price_max", "5000", "up to $5,000", "under $5K,", "Miami 18%",
    )  # fmt: skip
    assert two.label == "from 18%"


def test_chips_become_filters_and_words_are_what_is_left() -> None:
    query = build_query(q="oak under 5k fl", today=TODAY)
    assert (query.text, query.sort) == ("oak", "relevance_desc")
    assert query.filters == Filters(states=("FL",), price=Span(None, 500_000))
    assert build_query(q="under 5k").sort == "roi_desc"


def test_an_order_may_be_typed_and_one_that_cannot_be_is_not_applied() -> None:
    assert build_query(q="oak sorted by price", today=TODAY).sort == "price_asc"
    assert build_query(q="oak sorted by price", sort="year_desc", today=TODAY).sort == "year_desc"
    nowhere = build_query(q="oak nearest first", today=TODAY)
    assert (nowhere.text, nowhere.sort) == ("oak", "relevance_desc")
    assert [(chip.field, chip.applied) for chip in nowhere.chips] == [("sort", False)]


def test_a_parameter_wins_over_the_same_in_the_text() -> None:
    query = build_query(q="under 5k md sold", price_max="100", state=["FL"])
    assert query.filters == Filters(states=("FL",), statuses=("sold",), price=Span(None, 10_000))
    assert [(c.field, c.applied) for c in query.chips] == [
        ("price_max", False), ("state", False), ("status", True),
    ]  # fmt: skip


def test_what_is_typed_is_never_refused_for_contradicting() -> None:
    query = build_query(q="under 5k", price_min="9000")
    assert query.filters.price == Span(900_000, None)
    assert not query.chips[0].applied
    assert build_query(q="under 5k over 10k").text == ""
    boxed = build_query(q="10 miles of 33830", box="-82,27,-81,28")
    assert [chip.applied for chip in boxed.chips] == [False, False]
    assert build_query(q="under 5k under 3k").filters.price == Span(None, 300_000)
    with pytest.raises(InvalidInput) as refused:
        build_query(q="under 5k", price_min="much")
    assert refused.value.field == "price_min"


def test_literal_takes_the_text_as_it_stands() -> None:
    query = build_query(q="under 5k", literal=True)
    assert (query.text, query.chips, query.filters) == ("under 5k", (), Filters())


def test_days_that_move_need_a_today() -> None:
    assert read_short_forms("auction next month").chips == ()
    assert read_short_forms("auction in june 2027").chips
    assert all(chip.relative for chip in read_short_forms("auction next month", TODAY).chips)


def test_a_saved_search_means_what_was_typed_and_fixes_days_that_move() -> None:
    kept = canonical({"q": ["oak under 5k auction next month"]}, TODAY)
    assert kept == {
        "auction_from": ["2026-12-01"], "auction_to": ["2026-12-31"], "q": ["oak under 5k"],
    }  # fmt: skip
    asked = query_of(kept)
    assert asked.filters == build_query(q="oak under 5k auction next month", today=TODAY).filters
    assert asked.text == "oak"
    literal = canonical({"q": ["oak under 5k"], "literal": ["true"]}, TODAY)
    assert query_of(literal).text == "oak under 5k"


def test_a_better_spelling_keeps_the_chips() -> None:
    chips = read_short_forms("armstrog av fl under 5k", TODAY).chips
    assert restored("armstrong av", chips) == "armstrong av fl under 5k"
    assert restored("sold", chips) is None
