"""What is found, in which order, and how it is counted: any engine."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taxlien.services.search.logic.query import FACETS, Filters, SearchQuery
from taxlien.services.search.logic.reading import Span

BALTIMORE = "MD|24510|Baltimore city"
BALTIMORE_COUNTY = "MD|24005|Baltimore"
MIAMI = "FL|12086|Miami-Dade"


def numbers(hits) -> list[int]:
    return [msgspec.json.decode(raw)["n"] for raw in hits.items]


@pytest.fixture
async def put(engine, make_document):
    async def put_all(*documents: dict[str, object]) -> None:
        await engine.upsert([make_document(n, **fields) for n, fields in enumerate(documents)])
        await engine.commit()

    return put_all


async def test_every_word_must_be_found_whatever_its_case_and_accents(put, find) -> None:
    await put(
        {"address": "3812 ARMSTRONG AV"},
        {"address": "3812 Oak Av"},
        {"address": "12 Ármstrong Ave."},
    )
    assert set(numbers(await find("armstrong"))) == {0, 2}
    assert numbers(await find("Armstrong, 3812")) == [0]
    assert numbers(await find("armstrong elm")) == []


async def test_last_word_may_be_only_begun(put, find) -> None:
    await put({"address": "3812 ARMSTRONG AV"}, {"address": "9 OAK ST"})
    assert numbers(await find("3812 arms")) == [0]
    assert numbers(await find("arms 3812")) == []


async def test_word_may_be_in_address_place_or_number(put, find) -> None:
    await put(
        {"address": "1 OAK ST", "place": "Towson Baltimore MD Maryland", "numbers": "C-77 C77"}
    )
    for text in ("oak towson", "maryland oak", "c-77", "C77", "77 oak"):
        assert numbers(await find(text)) == [0], text


async def test_one_typo_is_forgiven_and_exact_words_come_first(put, find) -> None:
    await put(
        {"address": "1 ARMSTRNG AV"},
        {"address": "2 ARMSTRONG AV"},
        {"address": "3 ARMSTRONGS AV"},
        {"address": "4 HARMSTRAND AV"},
    )
    found = await find("armstrong av")
    assert numbers(found)[0] == 1
    assert set(numbers(found)) == {0, 1, 2}
    assert found.near_matches
    for typo in ("armstorng", "armstron", "armstrog", "armxtrong", "aarmstrong"):
        assert 1 in numbers(await find(f"{typo} av")), typo


async def test_short_words_and_numbers_forgive_no_typo(put, find) -> None:
    await put({"address": "3812 OAK AV", "numbers": "20231234"})
    assert numbers(await find("oat 3812")) == []
    assert numbers(await find("3813 av")) == []
    assert numbers(await find("20231235")) == []


async def test_many_exact_matches_are_not_watered_down_with_near_ones(put, find) -> None:
    await put(*[{"address": f"{n} HILL ST"} for n in range(12)], {"address": "1 MILL ST"})
    found = await find("hill st", limit=50)
    assert set(numbers(found)) == set(range(12))
    assert not found.near_matches


@pytest.mark.parametrize("text", ["0427-5002-6", "0427 5002 6", "042750026", "04275.0026", "04275"])
async def test_parcel_is_found_however_it_is_punctuated(put, find, text) -> None:
    await put(
        {"numbers": "0427-5002-6", "parcel_key": "042750026"},
        {"numbers": "0999-5002-6", "parcel_key": "099950026"},
    )
    assert numbers(await find(text)) == [0]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(states=("MD",)), {0, 1}),
        (Filters(states=("MD", "FL")), {0, 1, 2}),
        (Filters(counties=("24510",)), {0}),
        (Filters(counties=("Baltimore County",)), {1}),
        (Filters(counties=("baltimore",)), {0, 1}),
        (Filters(counties=("miami dade county",)), {2}),
        (Filters(counties=("Nowhere",)), set()),
        (Filters(statuses=("sold", "redeemed")), {0, 2}),
        (Filters(kinds=("deed_sale",)), {1}),
        (Filters(property_types=("residential",)), {0}),
        (Filters(years=(2024, 2025)), {1, 2}),
        (Filters(price=Span(None, 200_000)), {0, 1}),
        (Filters(price=Span(150_001, None)), {2}),
        (Filters(price=Span(150_000, 150_000)), {1}),
        (Filters(rate=Span(1200, 1800)), {0}),
        (Filters(states=("MD",), price=Span(120_000, None)), {1}),
        (Filters(price=Span(0, 2**63 - 1)), {0, 1, 2}),
        (Filters(classes=("residential", "exempt")), {0, 3}),
        (Filters(flags=("vacant", "homestead")), {0, 1}),
        (Filters(not_flags=("homestead",)), {1}),
        (Filters(not_flags=("homestead", "vacant")), set()),
        (Filters(homestead=True), {0}),
        (Filters(homestead=False), {1}),
        (Filters(homestead=False, flags=("vacant",)), {1}),
        (Filters(ltv=Span(None, 500)), {0}),
        (Filters(face=Span(1, 90_000)), {0}),
        (Filters(market_value=Span(1_000_000, None)), {0, 1}),
        (Filters(acres=Span(499, 500)), {1}),
        (Filters(acres=Span(500, 499)), set()),
        (Filters(auction_day=Span(739_000, 739_001)), {0, 1}),
        (Filters(redeem_day=Span(None, 739_400)), {2}),
        (Filters(score=Span(0, 10_000)), set()),
        (Filters(flags=("landlocked",)), set()),
        (Filters(not_flags=("landlocked",)), set()),
    ],
)
async def test_filters_keep_only_what_fits(put, find, filters, expected) -> None:
    await put(
        {
            "county": BALTIMORE,
            "status": "sold",
            "property_type": "residential",
            "year": 2023,
            "price": 100_000,
            "rate": 1800,
            "property_class": "residential",
            "flags": ("homestead", "synthetic"),
            "not_flags": ("vacant",),
            "ltv": 450,
            "face": 90_000,
            "market_value": 2_000_000,
            "auction_day": 739_000,
        },
        {
            "county": BALTIMORE_COUNTY,
            "status": "unsold",
            "kind": "deed_sale",
            "year": 2024,
            "price": 150_000,
            "flags": ("vacant",),
            "not_flags": ("homestead",),
            "ltv": 501,
            "face": 90_001,
            "market_value": 1_000_000,
            "acres": 500,
            "auction_day": 739_001,
        },
        {
            "county": MIAMI,
            "state": "FL",
            "status": "redeemed",
            "year": 2025,
            "price": 900_000,
            "redeem_day": 739_400,
        },
        {
            "county": "CO|08069|Larimer",
            "state": "CO",
            "status": "void",
            "property_class": "exempt",
        },
    )
    assert set(numbers(await find(filters=filters))) == expected


async def test_text_and_filters_hold_together(put, find) -> None:
    await put(
        {"address": "1 OAK ST", "price": 100},
        {"address": "2 OAK ST", "price": 300},
        {"address": "3 ELM ST", "price": 100},
    )
    found = await find("oak", filters=Filters(price=Span(None, 200)), sort="price_desc")
    assert numbers(found) == [0]


@pytest.mark.parametrize("name", ["price", "roi", "rate", "year", "auction_date"])
async def test_sorts_put_unknown_last_both_ways(put, find, name) -> None:
    field = "auction_day" if name == "auction_date" else name
    await put(*[{field: value} for value in (None, 20, 0, 30, None)])
    rising = numbers(await find(sort=f"{name}_asc"))
    falling = numbers(await find(sort=f"{name}_desc"))
    assert rising[:3] == [2, 1, 3]
    assert falling[:3] == [3, 1, 2]
    assert set(rising[3:]) == set(falling[3:]) == {0, 4}


async def test_loss_sorts_below_zero_and_above_unknown(put, find) -> None:
    await put({"roi": -455}, {}, {"roi": 0}, {"roi": 1600})
    assert numbers(await find(sort="roi_desc")) == [3, 2, 0, 1]


async def test_pages_show_every_lien_once(put, find) -> None:
    await put(*[{"price": n // 3} for n in range(95)])
    seen: list[int] = []
    for offset in range(0, 100, 10):
        page = await find(sort="price_asc", offset=offset, limit=10)
        assert page.total == 95
        seen += numbers(page)
    assert sorted(seen) == list(range(95))
    assert (await find(offset=5000, limit=10)).items == []


async def test_facets_count_the_liens_found(put, find, engine) -> None:
    await put(
        {"county": BALTIMORE, "status": "sold", "year": 2024, "property_type": "residential"},
        {"county": BALTIMORE, "status": "unsold", "year": 2024, "address": "OAK"},
        {"county": MIAMI, "state": "FL", "status": "sold", "address": "OAK"},
    )
    whole = await engine.facets()
    assert {f.value: f.count for f in whole["state"]} == {"MD": 2, "FL": 1}
    assert {f.value: f.count for f in whole["year"]} == {"2024": 2}
    assert {f.value: f.count for f in whole["property_type"]} == {"residential": 1}
    [first, second] = whole["county"]
    assert (first.value, first.label, first.state, first.count) == (
        "24510",
        "Baltimore city",
        "MD",
        2,
    )
    assert (second.value, second.count) == ("12086", 1)
    assert set(whole) == set(FACETS)
    found = await find("oak", filters=Filters(statuses=("sold",)))
    assert {f.value: f.count for f in found.facets["state"]} == {"FL": 1}
    assert {f.value: f.count for f in found.facets["kind"]} == {"certificate": 1}
    assert (await find("oak", facets=False)).facets == {}


async def test_facets_count_classes_flags_and_bands_of_price(put, find, engine) -> None:
    await put(
        {"property_class": "exempt", "flags": ("vacant", "sliver"), "price_band": "500-999.99"},
        {"property_class": "exempt", "flags": ("vacant",), "price_band": "0-499.99"},
        {"not_flags": ("vacant",), "price_band": "0-499.99", "address": "OAK"},
        {"price_band": "1000-2499.99"},
    )
    for facets in (await engine.facets(), (await find()).facets):
        counted = {name: [(f.value, f.count) for f in facets[name]] for name in facets}
        assert counted["class"] == [("exempt", 2)]
        assert counted["flag"] == [("vacant", 2), ("sliver", 1)]
        bands = [("0-499.99", 2), ("500-999.99", 1), ("1000-2499.99", 1)]
        assert counted["price_band"] == bands, "in order of price"
        assert facets["price_band"][0].label == "under $500"
    found = (await find("oak")).facets
    assert (found["class"], found["flag"], len(found["price_band"])) == ([], [], 1)


async def test_suggestions_complete_counties_addresses_and_parcels(put, engine) -> None:
    await put(
        {"county": MIAMI, "state": "FL", "address": "12 MIAMI GARDENS DR"},
        {"county": MIAMI, "state": "FL", "address": "12 MIAMI GARDENS DR"},
        {
            "county": BALTIMORE,
            "address": "1 OAK ST",
            "parcel_id": "0427-5002-6",
            "parcel_key": "042750026",
        },
    )
    found = await engine.suggest("mia", 10)
    assert [(s.kind, s.text, s.count) for s in found] == [
        ("county", "Miami-Dade", 2),
        ("address", "12 MIAMI GARDENS DR", None),
    ]
    assert [s.text for s in await engine.suggest("12 gard", 10)] == ["12 MIAMI GARDENS DR"]
    assert [s.text for s in await engine.suggest("dade", 10)] == ["Miami-Dade"]
    for typed in ("0427", "0427-50", "04275002", "75002", "5002-6"):
        assert [s.text for s in await engine.suggest(typed, 10)] == ["0427-5002-6"], typed
    assert await engine.suggest("zzz", 10) == []
    assert await engine.suggest("  !! ", 10) == []
    assert len(await engine.suggest("1", 1)) <= 1


HOSTILE = [
    "state:MD",
    "price:[0 TO 10]",
    "a OR b",
    "NOT oak",
    '"unclosed',
    "(((",
    "oak^100",
    "oak~9",
    "*",
    "?",
    "o*k",
    "/o.k/",
    "\\",
    "\x00",
    "oak\x00street",
    "'; DROP TABLE liens; --",
    "日本語",
    "🏠🏠🏠🏠",
    "ﷺ" * 200,
    "e\u0301" * 100,
    "a" * 200,
    "a " * 100,
    "- - -",
    "\u202eoak",
    "٣٤٥",
    "⓵ ½ ②nd",
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_text_is_never_read_as_syntax(put, engine, find, text) -> None:
    await put({"address": "1 OAK ST", "price": 5}, {"address": "2 ELM ST", "price": 5})
    found = await find(text)
    assert found.total == len(found.items)
    assert found.total < 2, "an operator was obeyed"
    await engine.suggest(text, 5)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(max_size=200))
async def test_any_text_at_all_gets_an_answer(engine, make_document, text) -> None:
    if await engine.count() == 0:
        await engine.upsert([make_document(1, address="1 OAK ST")])
        await engine.commit()
    for sort in ("relevance_desc", "price_asc"):
        found = await engine.search(SearchQuery(text=text, sort=sort))
        assert found.total in (0, 1)
    assert len(await engine.suggest(text, 5)) <= 5
