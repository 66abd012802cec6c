"""The parameters of the address become a question, or a refusal that names the parameter."""

from __future__ import annotations

import pytest

from taxlien.kit.errors import InvalidInput
from taxlien.services.search.logic.filter_list import FILTERS, not_published
from taxlien.services.search.logic.parameters import PARAMETERS, savable
from taxlien.services.search.logic.places import county_key, state_code
from taxlien.services.search.logic.query import FACETS, MAX_TEXT, SORTS, Filters, build_query
from taxlien.services.search.logic.reading import Span

NO_FILTERS = {"literal", "q", "sort"}
"""What can be saved and only words, places and order ask with."""


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


def test_new_ranges_are_read_in_their_own_parts_and_days_as_ordinals() -> None:
    filters = build_query(
        ltv_max="12.5",
        face_min="10",
        market_value_max="1e5",
        acres_min="0.05",
        score_min="70",
        auction_from="2026-11-28",
        auction_to="2026-11-28",
        redeem_to="2027-01-01",
        homestead="False",
        flag=["Vacant,sliver"],
        not_flag=["homestead"],
        **{"class": ["condominium"]},
    ).filters
    assert filters == Filters(
        ltv=Span(None, 1250),
        face=Span(1000, None),
        market_value=Span(None, 10_000_000),
        acres=Span(500, None),
        score=Span(7000, None),
        auction_day=Span(739_948, 739_948),
        redeem_day=Span(None, 739_982),
        homestead=False,
        flags=("vacant", "sliver"),
        not_flags=("homestead",),
        classes=("condominium",),
    )


def test_bounds_between_two_parts_keep_what_lies_between_them() -> None:
    filters = build_query(price_min="10.001", price_max="10.019", acres_min="0.04999").filters
    assert (filters.price, filters.acres) == (Span(1001, 1001), Span(500, None))
    assert build_query(price_min="10.001", price_max="10.002").filters.price == Span(1001, 1000)


def _never() -> bool:
    raise AssertionError("scores were not asked for")


def test_what_no_source_publishes_is_told() -> None:
    asked = build_query(
        flag=["irs_lien,vacant"], not_flag=["irs_lien", "landlocked"], score_min="1"
    )
    assert not_published(asked.filters, scored=lambda: False) == ("irs_lien", "landlocked", "score")
    assert not_published(build_query(flag=["vacant"], ltv_max="5").filters, scored=_never) == ()
    assert not_published(build_query().filters, "risk_asc", scored=lambda: False) == ("score",)
    assert not_published(asked.filters, scored=lambda: True) == ("irs_lien", "landlocked")


def test_every_parameter_of_the_list_of_filters_can_be_asked() -> None:
    asked = {name for listed in FILTERS for name in listed.parameters}
    assert asked <= set(PARAMETERS)
    assert {p.name for p in savable()} - asked <= NO_FILTERS
    assert {listed.facet for listed in FILTERS} - {None} <= set(FACETS)


def test_what_is_no_parameter_is_refused_by_its_name() -> None:
    with pytest.raises(TypeError, match="colour"):
        build_query(colour="red")


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
        ("sort", {"sort": "score_desc"}),
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
        ("ltv_max", {"ltv_min": "3", "ltv_max": "2"}),
        ("acres_min", {"acres_min": "small"}),
        ("face_max", {"face_max": "-5"}),
        ("market_value_min", {"market_value_min": "1,000"}),
        ("score_min", {"score_min": "inf"}),
        ("class", {"class": ["castle"]}),
        ("flag", {"flag": ["vacant,haunted"]}),
        ("not_flag", {"not_flag": ["haunted"]}),
        ("homestead", {"homestead": "yes"}),
        ("auction_from", {"auction_from": "tomorrow"}),
        ("auction_from", {"auction_from": "2026-W01-1"}),
        ("auction_to", {"auction_from": "2026-11-28", "auction_to": "2026-11-27"}),
        ("redeem_to", {"redeem_to": "2026-02-30"}),
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
