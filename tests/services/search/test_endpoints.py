"""``/v1/search`` as a client sees it: answers, refusals that name the field, and never a 500."""

from __future__ import annotations

from decimal import Decimal

import httpx2
import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, settings

from taxlien.kit.http.app import create_app
from taxlien.services.search import service
from taxlien.services.search.endpoints.searching import router
from taxlien.services.search.logic.parameters import PARAMETERS


def app() -> FastAPI:
    return create_app(title="search", routers=[router])


schema = schemathesis.openapi.from_asgi("/internal/openapi.json", app())


@pytest.fixture
async def client(process_index, make_lien):
    liens = [
        make_lien(1, face_amount=Decimal("1500.00"), bid_rate_pct=Decimal(18),
                  latitude=28.04, longitude=-81.95),
        make_lien(2, face_amount=Decimal("2500.00"), bid_rate_pct=Decimal(5),
                  latitude=27.9, longitude=-81.84),
        make_lien(3, face_amount=Decimal("900.00"), bid_rate_pct=None, status="advertised"),
        make_lien(4, state="MD", county_fips="24510", county="Baltimore city", bid_rate_pct=None,
                  face_amount=None, situs_address="4 OAK ST", city="BALTIMORE"),
    ]  # fmt: skip
    await service.index_liens(liens)
    transport = httpx2.ASGITransport(app())
    async with httpx2.AsyncClient(transport=transport, base_url="http://search") as opened:
        yield opened


async def test_search_combines_words_filters_and_order(client) -> None:
    answer = (
        await client.get("/v1/search?q=armstrong av&state=FL&price_max=2600&sort=roi_desc&page=1")
    ).json()
    assert [item["face_amount"] for item in answer["items"]] == ["900.00", "1500.00", "2500.00"]
    assert [item["rate_basis"] for item in answer["items"]] == ["maximum", "bid", "bid"]
    assert (answer["total"], answer["page"], answer["pages"]) == (3, 1, 1)
    assert answer["facets"]["state"] == [{"value": "FL", "count": 3}]
    assert answer["took_ms"] >= 0


async def test_answer_tells_what_no_source_publishes(client) -> None:
    answer = (await client.get("/v1/search?flag=irs_lien&not_flag=landlocked")).json()
    assert (answer["total"], answer["not_published"]) == (0, ["irs_lien", "landlocked"])
    answer = (await client.get("/v1/search?face_min=1000&face_max=2000&class=")).json()
    assert (answer["total"], answer["not_published"]) == (1, [])


async def test_liens_near_a_zip_code_come_with_their_miles(client) -> None:
    answer = (await client.get("/v1/search?zip=33830&radius=25&sort=distance_asc")).json()
    assert [item["parcel_id"][-1] for item in answer["items"]] == ["2", "1"]
    assert answer["miles"] == [2.12, 13.76]
    answer = (await client.get("/v1/search?near=28.04,-81.95&radius=1.5")).json()
    assert (answer["total"], answer["miles"]) == (1, [0.0])
    answer = (await client.get("/v1/search?box=-81.9,27.8,-81.8,28")).json()
    assert (answer["total"], answer["miles"]) == (1, None)


async def test_parameters_are_described_with_their_units(client) -> None:
    described = (await client.get("/internal/openapi.json")).json()
    taken = {p["name"]: p for p in described["paths"]["/v1/search"]["get"]["parameters"]}
    assert set(taken) == set(PARAMETERS)
    assert "percent" in taken["ltv_min"]["description"]
    assert "class" in taken


async def test_lien_of_unknown_price_comes_last_and_shows_null(client) -> None:
    for order in ("price_asc", "price_desc"):
        items = (await client.get(f"/v1/search?sort={order}")).json()["items"]
        assert items[-1]["price"] is None
        assert None not in [item["price"] for item in items[:-1]]


async def test_typos_are_put_right_and_what_matched_comes_in_pieces(client) -> None:
    answer = (await client.get("/v1/search?q=4 aok stret&highlight=true")).json()
    assert (answer["total"], answer["highlights"]) == (0, [])
    answer = (await client.get("/v1/search?q=1 ARMSTRNOG avenue&highlight=true")).json()
    assert answer["did_you_mean"] == "1 ARMSTRONG avenue"
    assert answer["near_matches"]
    assert answer["highlights"][0]["address"] == [
        {"text": "1", "hit": True},
        {"text": " "},
        {"text": "ARMSTRONG", "hit": True},
        {"text": " "},
        {"text": "AV", "hit": True},
    ]
    plain = (await client.get("/v1/search?q=oak street")).json()
    assert (plain["did_you_mean"], plain["highlights"]) == (None, None)


async def test_autocomplete_and_filters_tell_what_there_is(client) -> None:
    found = (await client.get("/v1/search/autocomplete?q=balt")).json()["suggestions"]
    assert found[0] == {
        "kind": "county",
        "text": "Baltimore city",
        "state": "MD",
        "county_fips": "24510",
        "count": 1,
    }
    filters = (await client.get("/v1/search/filters")).json()
    assert {f["value"]: f["count"] for f in filters["filters"]["state"]} == {"FL": 3, "MD": 1}
    assert "roi_desc" in filters["sorts"]
    described = {listed["name"]: listed for listed in filters["described"]}
    assert described["ltv"]["parameters"] == ["ltv_min", "ltv_max"]
    assert described["ltv"]["unit"] == "percent"
    assert described["score"]["not_published"] == ["score"]
    assert filters["filters"]["price_band"][0]["label"] == "$500 to $1,000"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("sort=cheapest", "sort"),
        ("price_min=abc", "price_min"),
        ("class=castle", "class"),
        ("auction_to=soon", "auction_to"),
        ("near=91,0", "near"),
        ("near=1,2&zip=33830", "zip"),
        ("zip=99999", "zip"),
        ("near=1,2&radius=251", "radius"),
        ("box=1,2,3", "box"),
        ("sort=distance_asc", "sort"),
        ("box=1,2,3,4&sort=distance_desc", "sort"),
        ("page=0", "page"),
        ("page=x", "page"),
        ("page_size=1000", "page_size"),
        ("state=ZZ", "state"),
        (f"q={'a' * 10_000}", "q"),
    ],
)
async def test_refusal_is_a_problem_that_names_the_field(client, query, field) -> None:
    response = await client.get(f"/v1/search?{query}")
    assert response.status_code == 422
    assert response.headers["content-type"].startswith("application/problem+json")
    problem = response.json()
    assert [error["field"] for error in problem["errors"]] == [field]
    assert field in problem["detail"]


@pytest.mark.parametrize(
    "query",
    ["q=", "q=%00", "q=%ff%fe", "q=%F0%9F%8F%A0", "q=a%00b", "q=%22(", "q=*&sort=price_asc",
     "q=x&page=10000&page_size=1", "county=%00", "type=%00%7C", "q=%E2%80%AE"],
)  # fmt: skip
async def test_strange_input_gets_an_answer(client, query) -> None:
    assert (await client.get(f"/v1/search?{query}")).status_code == 200


@schema.parametrize()
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_request_at_all_gets_a_server_error(case, client) -> None:
    response = case.call()
    assert response.status_code < 500
