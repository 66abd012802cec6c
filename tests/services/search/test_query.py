"""The parameters of the address become a question, or a refusal that names the parameter."""

from __future__ import annotations

import pytest

from taxlien.kit.errors import InvalidInput
from taxlien.services.search.logic.places import county_key, state_code
from taxlien.services.search.logic.query import MAX_TEXT, SORTS, Filters, build_query
from taxlien.services.search.logic.reading import Span


def test_prices_become_cents_and_rates_basis_points() -> None:
    query = build_query(price_min="10", price_max="5000.50", rate_min="12.25")
    assert query.filters == Filters(price=Span(1000, 500_050), rate=Span(1225, None))


def test_lists_come_repeated_or_with_commas_and_names_become_codes() -> None:
    query = build_query(
        state=["md, florida", "CO"], county=["Miami-Dade", "24510"], year=["2023,2024"]
    )
    assert query.filters.states == ("MD", "FL", "CO")
    assert query.filters.counties == ("Miami-Dade", "24510")
    assert query.filters.years == (2023, 2024)


def test_type_is_a_kind_of_lien_or_a_property_type() -> None:
    filters = build_query(type=["certificate", "Vacant Land"]).filters
    assert (filters.kinds, filters.property_types) == (("certificate",), ("vacant land",))


def test_order_is_by_relevance_with_words_and_by_yield_without() -> None:
    assert build_query(q="oak").sort == "relevance_desc"
    assert build_query(q="  ").sort == "roi_desc"
    assert build_query(sort="relevance").sort == "relevance_desc"
    assert {build_query(sort=s).sort for s in SORTS} == set(SORTS)


def test_page_becomes_an_offset() -> None:
    query = build_query(page=3, page_size=50)
    assert (query.offset, query.limit) == (100, 50)


@pytest.mark.parametrize(
    ("field", "parameters"),
    [
        ("q", {"q": "a" * (MAX_TEXT + 1)}),
        ("sort", {"sort": "price"}),
        ("sort", {"sort": "risk_desc"}),
        ("page", {"page": 0}),
        ("page", {"page": 501, "page_size": 20}),
        ("page", {"page": 10**30}),
        ("page_size", {"page_size": 0}),
        ("page_size", {"page_size": 101}),
        ("state", {"state": ["ZZ"]}),
        ("status", {"status": ["sold", "gone"]}),
        ("year", {"year": ["23"]}),
        ("year", {"year": ["٢٠٢٤"]}),
        ("county", {"county": ["x" * 300]}),
        ("county", {"county": [",".join(map(str, range(100)))]}),
        ("price_min", {"price_min": "cheap"}),
        ("price_min", {"price_min": "-1"}),
        ("price_max", {"price_max": "NaN"}),
        ("price_max", {"price_max": "Infinity"}),
        ("price_max", {"price_max": "1e999999999"}),
        ("price_max", {"price_min": "10", "price_max": "9"}),
        ("rate_min", {"rate_min": "9" * 50}),
    ],
)
def test_refusal_names_the_parameter(field, parameters) -> None:
    with pytest.raises(InvalidInput) as refused:
        build_query(**parameters)
    assert refused.value.field == field


def test_empty_parameters_filter_nothing() -> None:
    query = build_query(state=["", " , "], price_min="", rate_max=" ", q="\x00 \n")
    assert (query.filters, query.text) == (Filters(), "")


def test_counties_compare_without_the_word_county() -> None:
    assert county_key("Miami-Dade County") == county_key("miami dade") == "miami dade"
    assert county_key("Doña Ana") == "dona ana"
    assert county_key("Orleans Parish") == "orleans"
    assert county_key("County") == "county"


def test_states_are_known_by_code_and_name() -> None:
    assert (state_code(" md "), state_code("New York"), state_code("Puerto")) == ("MD", "NY", None)
