"""Cursors of ``GET /v1/search``, and how many liens an answer says there are."""

from __future__ import annotations

from decimal import Decimal

import httpx2
import pytest
from fastapi import FastAPI

from taxlien.kit.errors import InvalidInput
from taxlien.kit.http.app import create_app
from taxlien.kit.http.pages import encode_cursor
from taxlien.services.search import service
from taxlien.services.search.endpoints.searching import router
from taxlien.services.search.logic.ordering import Key, order_value, order_values, plain_value
from taxlien.services.search.logic.paging import (
    Place,
    Total,
    continued,
    next_place,
    question_of,
    told,
)
from taxlien.services.search.logic.query import Hits, build_query

LIENS = 23


@pytest.fixture
async def client(process_index, make_lien):
    await service.index_liens(
        [make_lien(n, face_amount=Decimal(100 + n // 5) if n % 4 else None) for n in range(LIENS)]
    )
    app: FastAPI = create_app(title="search", version="0", routers=[router])
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://search") as opened:
        yield opened


async def test_cursors_lead_through_all_liens_once(client) -> None:
    for question in (
        "",
        "sort=price_asc",
        "sort=risk_desc",
        "q=armstrong",
        "q=armstrong&sort=year_asc",
    ):
        pages, cursor = [], ""
        while cursor is not None:
            ask = f"/v1/search?{question}&page_size=5&cursor={cursor}"
            answer = (await client.get(ask)).json()
            assert (answer["total"], answer["total_is_exact"], answer["total_text"]) == (
                LIENS,
                True,
                "23",
            )
            pages.append([item["lien_id"] for item in answer["items"]])
            cursor = answer["next_cursor"]
        assert [len(page) for page in pages] == [5, 5, 5, 5, 3], question
        assert len({lien for page in pages for lien in page}) == LIENS, question
        assert answer["page"] == (5 if question == "q=armstrong" else None)
        numbered = [
            (await client.get(f"/v1/search?{question}&page_size=5&page={n}")).json()
            for n in range(1, 6)
        ]
        assert [[item["lien_id"] for item in page["items"]] for page in numbered] == pages


async def test_cursor_may_change_how_an_answer_is_cut_and_how_a_filter_is_written(client) -> None:
    first = (await client.get("/v1/search?state=FL,MD&sort=price_asc&page_size=5")).json()
    following = await client.get(
        "/v1/search",
        params={
            "state": ["MD", "FL"],
            "sort": "price_asc",
            "page_size": 7,
            "facets": False,
            "cursor": first["next_cursor"],
        },
    )
    assert len(following.json()["items"]) == 7


async def test_cursor_of_another_question_is_refused_by_its_name(client) -> None:
    cursor = (await client.get("/v1/search?sort=price_asc&page_size=5")).json()["next_cursor"]
    for other in ("sort=price_desc", "sort=price_asc&state=MD", "q=oak&sort=price_asc", ""):
        refused = await client.get(f"/v1/search?{other}&cursor={cursor}")
        assert refused.status_code == 422, other
        [error] = refused.json()["errors"]
        assert error["field"] == "cursor"
    both = await client.get(f"/v1/search?sort=price_asc&page_size=5&page=2&cursor={cursor}")
    assert (both.status_code, both.json()["errors"][0]["field"]) == (422, "page")


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "%00",
        "AAAAAAAAAAAAAAAA",
        encode_cursor("17"),
        encode_cursor(Place(b"", Key(1, 2**64))),
        encode_cursor([1]),
    ],
)
async def test_what_is_no_cursor_is_refused_by_its_name(client, cursor) -> None:
    refused = await client.get(f"/v1/search?cursor={cursor}")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "cursor")


def test_totals_are_exact_up_to_ten_thousand() -> None:
    assert told(0) == Total(0, True, "0")
    assert told(1234) == Total(1234, True, "1,234")
    assert told(10_000) == Total(10_000, True, "10,000")
    assert told(10_001) == told(7_000_000) == Total(10_000, False, "10,000+")


def test_words_rank_ten_thousand_liens_and_then_say_so() -> None:
    query = build_query(q="oak", page_size=100, page=100)
    place = next_place(query, Hits(items=[], total=10_001, facets={}))
    assert place == Place(question_of(query), 10_000)
    assert next_place(query, Hits(items=[], total=10_000, facets={})) is None
    with pytest.raises(InvalidInput, match="10,000") as refused:
        continued(build_query(q="oak"), place)
    assert refused.value.field == "cursor"


def test_order_values_sort_as_value_and_id_do() -> None:
    highest = 2**37 - 1
    keys = [
        Key(value, low)
        for value in (-(2**40), -highest, -1, 0, 1, 1000, highest - 1, 2**50)
        for low in (-(2**63), -1, 0, 2**63 - 1)
    ]
    values = [order_value(key.value, key.low) for key in keys]
    assert all(-(2**63) <= value < 2**63 for value in values)
    assert values == sorted(values)
    assert [plain_value(value) for value in values[8:24]] == [key.value for key in keys[8:24]]
    assert plain_value(values[-1]) == highest
    for low in (-(2**63), -1, 0):
        one_by_one = [order_value(key.value, low) for key in keys]
        assert order_values([*(key.value for key in keys), None], low) == [*one_by_one, None]
