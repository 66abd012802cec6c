"""The quick door: byte for byte what the documented endpoint says, and never what the index says no more."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import httpx2
import pytest

from taxlien.kit.http.app import create_app
from taxlien.kit.http.pages import encode_cursor
from taxlien.kit.reference import reference_text
from taxlien.kit.security.policy import ANYONE, Policy
from taxlien.services.search import service
from taxlien.services.search.adapters import current
from taxlien.services.search.endpoints import router, shortcuts
from taxlien.services.search.endpoints.answering import FOUND, FROM_MEMORY
from taxlien.services.search.logic.ordering import Key
from taxlien.services.search.logic.paging import Place, question_of
from taxlien.services.search.logic.query import build_query

CURSOR = encode_cursor(Place(question_of(build_query(sort="price_asc")), Key(value=1000_00, low=0)))
QUERIES = (
    "", "?", "?q=armstrong", "?q=armstrong+av", "?q=ARMSTRONG%20av&facets=false", "?q=armstrnog",
    "?q=%00", "?q=%ff%fe", "?q=caf%C3%A9", "?q=a&q=armstrong", "?q=&state=", "?state=FL,MD",
    "?state=MD&state=FL", "?state=maryland&type=certificate", "?county=Polk&sort=price_asc",
    "?county=24510&year=2023", "?price_max=2000&rate_min=5", "?price_min=&price_max=",
    "?sort=auction_date_desc&page=2&page_size=1", "?page=1&page_size=100&highlight=true&q=oak",
    "?facets=0", "?facets=yes", "?facets=maybe", "?page=0", "?page=x", "?page=+1", "?page=",
    "?page_size=1000", "?sort=cheapest", "?sort=", "?state=ZZ", "?price_min=abc", "?year=20",
    "?price_min=5&price_max=1", f"?q={'a' * 500}", "?unknown=1&q=oak", "?q=oak&utm=x", "?;q=1", "?q",
    "?class=condominium&flag=vacant,sliver&homestead=false", "?class=castle", "?homestead=maybe",
    "?ltv_max=50&acres_min=0.1&score_min=3", "?auction_from=2024-06-01&auction_to=2024-06-01",
    f"?sort=price_asc&page_size=1&facets=0&cursor={CURSOR}", f"?sort=roi_asc&cursor={CURSOR}",
    f"?sort=price_asc&page=2&cursor={CURSOR}", "?cursor=x", "?cursor=",
    "?redeem_to=tomorrow", "?not_flag=irs_lien&not_flag=synthetic", "?face_max=2000&market_value_min=",
)  # fmt: skip
COMPLETIONS = (
    "",
    "?q=arm",
    "?q=balt&limit=3",
    "?limit=0",
    "?limit=x",
    "?q=4%20oa&limit=50",
    "?x=1",
)
NOT_COMPARED = {"x-request-id", "x-trace-id"}


@pytest.fixture
async def ask(process_index, make_lien):
    """Ask by the quick door, or (``slowly``) past it."""
    await service.index_liens(
        [
            make_lien(1, face_amount=Decimal("1500.00"), bid_rate_pct=Decimal(18)),
            make_lien(2, face_amount=Decimal("2500.00")),
            make_lien(4, state="MD", county_fips="24510", county="Baltimore city",
                      situs_address="4 OAK ST", city="BALTIMORE"),
        ]
    )  # fmt: skip
    quick = create_app(title="quick", routers=[router], shortcuts=shortcuts)
    slow = create_app(title="slow", routers=[router])
    async with (
        httpx2.AsyncClient(transport=httpx2.ASGITransport(quick), base_url="http://s") as by_door,
        httpx2.AsyncClient(transport=httpx2.ASGITransport(slow), base_url="http://s") as past_it,
    ):

        async def ask(address: str, *, slowly: bool = False, method: str = "GET", **headers: str):
            client = past_it if slowly else by_door
            return await client.request(method, address, headers={"x-request-id": "r", **headers})

        yield ask


@pytest.mark.parametrize("first", ["quick", "slow"])
async def test_both_doors_say_the_same_to_the_byte(ask, first) -> None:
    addresses = [f"/v1/search{query}" for query in QUERIES]
    addresses += [f"/v1/search/autocomplete{query}" for query in COMPLETIONS]
    for address in addresses:
        one = await ask(address, slowly=first == "slow")
        other = await ask(address, slowly=first == "quick")
        assert (one.status_code, one.content) == (other.status_code, other.content), address
        left, right = (
            {k: v for k, v in a.headers.items() if k not in NOT_COMPARED} for a in (one, other)
        )
        assert left == right, address


async def test_who_has_the_answer_is_told_so(ask) -> None:
    tag = (await ask("/v1/search?q=oak")).headers["etag"]
    for slowly in (False, True):
        again = await ask("/v1/search?q=oak", slowly=slowly, **{"if-none-match": tag})
        assert (again.status_code, again.content) == (304, b"")
    head = await ask("/v1/search?q=oak", method="HEAD")
    assert (head.status_code, head.content) == (200, b"")


async def test_second_time_comes_from_memory_until_the_index_changes(ask, make_lien) -> None:
    def counts() -> tuple[float, float]:
        return FROM_MEMORY._value.get(), FOUND._value.get()

    memory, found = counts()
    first = await ask("/v1/search?q=oak&state=MD")
    assert (await ask("/v1/search?q=oak&state=MD")).content == first.content
    assert counts() == (memory + 1, found + 1)
    before = current.reader().version()
    await service.index_liens([make_lien(5, situs_address="5 OAK ST")])
    while current.reader().version() == before:  # noqa: ASYNC110 - it looks for news by the clock
        await asyncio.sleep(0.01)
    assert first.json()["total"] == 1
    assert (await ask("/v1/search?q=oak")).json()["total"] == 2
    later = await ask("/v1/search?q=oak&state=MD&page_size=50")
    assert later.json()["total"] == 1
    assert counts()[1] == found + 3


async def test_nothing_else_below_the_address_is_touched(ask) -> None:
    assert (await ask("/v1/search/filters")).status_code == 200
    assert (await ask("/v1/search/nothing")).status_code == 404
    assert (await ask("/v1/search", method="POST")).status_code == 405


def test_the_quick_door_answers_only_what_anyone_may_ask() -> None:
    policy = Policy.parse(reference_text("policy.txt"))
    for path in ("/v1/search", "/v1/search/autocomplete"):
        rule = policy.rule_for("GET", path)
        assert rule is not None
        assert rule.who == {ANYONE}
