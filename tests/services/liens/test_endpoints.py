"""The HTTP door, through the real application and a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import date
from typing import Any
from uuid import UUID

import httpx2
import msgspec
import pytest

from taxlien.interfaces.liens import Lien
from taxlien.kit.http.app import create_app
from taxlien.services.liens.endpoints import router
from taxlien.services.liens.logic.records import LienRecord

Make = Callable[..., LienRecord]


UNKNOWN = "01910000-0000-7000-8000-000000000000"  # the id of no lien


@pytest.fixture
async def http(catalogue: Any) -> AsyncIterator[httpx2.AsyncClient]:
    app = create_app(title="test", routers=[router], databases={"liens": catalogue.database})
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://liens.test") as client:
        yield client


async def only_lien(http: httpx2.AsyncClient) -> dict[str, Any]:
    [found] = (await http.get("/v1/liens")).json()["items"]
    return dict(found)


async def walk(http: httpx2.AsyncClient, path: str, **params: Any) -> list[Any]:
    """Read every page of a list."""
    items: list[Any] = []
    while True:
        page = (await http.get(path, params=params)).json()
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        params["cursor"] = page["next_cursor"]


async def test_lien_is_answered_whole_with_decimals_as_strings(
    catalogue: Any, http: httpx2.AsyncClient, record: Make
) -> None:
    await catalogue.observe(record())
    found = await only_lien(http)
    assert set(found) == set(Lien.__struct_fields__)
    assert (found["face_amount"], found["bid_rate_pct"]) == ("1875.34", "0.25")
    assert (found["premium"], found["synthetic"]) == (None, False)
    assert (await http.get(f"/v1/liens/{found['lien_id']}")).json() == found


async def test_pages_hold_every_lien_once(
    catalogue: Any, http: httpx2.AsyncClient, record: Make
) -> None:
    polk = [record(number=n) for n in range(23)]
    dixie = [msgspec.structs.replace(row, county_fips="12029") for row in polk[:10]]
    await catalogue.observe(*polk, *dixie)
    for limit in (7, 33, 1000):
        items = await walk(http, "/v1/liens", limit=limit)
        assert len({item["lien_id"] for item in items}) == len(items) == 33
    assert len(await walk(http, "/v1/liens", limit=3, county_fips="12029")) == 10
    assert len(await walk(http, "/v1/liens", limit=10, state="fl", status="sold")) == 33
    assert await walk(http, "/v1/liens", state="GA") == []
    assert await walk(http, "/v1/liens", status="redeemed") == []


async def test_changes_since_a_moment_come_in_order_of_change(
    catalogue: Any, http: httpx2.AsyncClient, record: Make
) -> None:
    await catalogue.observe(*(record(number=n) for n in range(6)))
    since = (await http.get("/v1/liens")).json()["items"][0]["last_changed_at"]
    await catalogue.observe(record(number=4, bid_count=2))
    await catalogue.observe(record(number=1, bid_count=2))
    items = await walk(http, "/v1/liens", updated_since=since, limit=2)
    assert len({item["lien_id"] for item in items}) == len(items) == 6
    assert [item["certificate_number"] for item in items[-2:]] == ["0000004", "0000001"]


async def test_observations_say_who_said_what_when_and_on_which_line(
    catalogue: Any, http: httpx2.AsyncClient, record: Make, stream: Any, mapping: Any
) -> None:
    await catalogue.import_stream(stream([record(line=17)]), mapping)
    await catalogue.observe(record(face_amount="1900.00", bid_rate_pct=None), source="platform")
    lien_id = (await only_lien(http))["lien_id"]
    answer = (await http.get(f"/v1/liens/{lien_id}/observations")).json()
    latest, first = answer["items"]
    assert (first["source"], first["file"], first["line"]) == ("polk", "list.csv", 17)
    assert first["values"]["face_amount"] == "1875.34"
    assert "bid_rate_pct" not in latest["values"]
    assert answer["fields"]["face_amount"]["source"] == "platform"
    assert answer["fields"]["face_amount"]["value"] == "1900.00"
    assert answer["fields"]["bid_rate_pct"]["source"] == "polk"
    assert answer["fields"]["status"]["observation"] == latest["number"]
    path = f"/v1/liens/{lien_id}/observations"
    assert await walk(http, path, limit=1) == [latest, first]


async def test_history_tells_the_statuses_in_order(
    catalogue: Any, http: httpx2.AsyncClient, record: Make
) -> None:
    await catalogue.observe(record(status="advertised"))
    await catalogue.observe(record(status="sold"))
    lien_id = (await only_lien(http))["lien_id"]
    items = await walk(http, f"/v1/liens/{lien_id}/history", limit=1)
    assert [item["status"] for item in items] == ["advertised", "sold"]


async def test_payoff_of_a_lien_is_the_statute_to_the_cent(
    catalogue: Any, http: httpx2.AsyncClient, record: Make
) -> None:
    await catalogue.observe(record())
    lien_id = (await only_lien(http))["lien_id"]
    paid = (await http.get(f"/v1/liens/{lien_id}/payoff", params={"on": "2020-05-31"})).json()
    # 0.25% for a year is 4.69; the minimum of 5% of face is more, and 6.25 goes to the collector.
    assert (paid["interest"], paid["holder_proceeds"]) == ("93.77", "1969.11")
    assert paid["owner_payoff"] == "1975.36"
    assert paid["lien_id"] == lien_id
    assert not any("assumed" in warning for warning in paid["warnings"])


async def test_payoff_warns_that_the_sale_date_is_assumed(
    catalogue: Any, http: httpx2.AsyncClient, record: Make
) -> None:
    await catalogue.observe(record(sale_date_basis="assumed"))
    lien_id = (await only_lien(http))["lien_id"]
    paid = (await http.get(f"/v1/liens/{lien_id}/payoff", params={"on": "2020-05-31"})).json()
    assert any("2019-05-31 is assumed" in warning for warning in paid["warnings"])


async def test_later_taxes_of_the_certificate_are_in_its_payoff(
    catalogue: Any, http: httpx2.AsyncClient, record: Make
) -> None:
    own: dict[str, Any] = {
        "state": "CO", "county_fips": "08069", "certificate_number": "4003", "bid_rate_pct": None,
        "status": "redeemed", "redeemed_on": date(2004, 5, 20),
    }  # fmt: skip
    sold = {"sale_date": date(2003, 11, 19), "face_amount": "2104.88", "premium": "0.00"}
    later = {"kind": "subsequent_tax", "sale_date": None, "sale_date_basis": None,
             "paid_on": date(2004, 2, 1), "face_amount": "45.38", "tax_year": 2003}  # fmt: skip
    await catalogue.observe(record(**own, **sold, tax_year=2002), record(**(own | later)))
    base, sub = (await http.get("/v1/liens")).json()["items"]
    if base["kind"] == "subsequent_tax":
        base, sub = sub, base
    paid = (await http.get(f"/v1/liens/{base['lien_id']}/payoff")).json()
    assert paid["case"]["redeemed_on"] == "2004-05-20"
    assert paid["case"]["subsequent_taxes"] == [{"paid_on": "2004-02-01", "amount": "45.38"}]
    assert paid["outlay"] == "2150.26"
    # 11% of 2104.88 for 7 months, and of 45.38 for 4.
    assert paid["interest"] == "136.72"
    asked = (await http.get(f"/v1/liens/{sub['lien_id']}/payoff")).json()
    assert asked["lien_id"] == base["lien_id"]
    assert asked["interest"] == paid["interest"]
    assert any("whole certificate" in warning for warning in asked["warnings"])


async def test_lien_the_law_gives_no_payoff_is_a_problem_with_the_laws_code(
    catalogue: Any, http: httpx2.AsyncClient, record: Make
) -> None:
    await catalogue.observe(record(sale_date=None, sale_date_basis=None))
    lien_id = (await only_lien(http))["lien_id"]
    answer = await http.get(f"/v1/liens/{lien_id}/payoff", params={"on": "2020-05-31"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_case")
    assert answer.json()["errors"][0]["field"] == "sale_date"


CASE = {
    "id": "t1", "state": "FL", "sale_date": "2026-01-15", "redeemed_on": "2026-04-15",
    "face_amount": "2400.00", "bid_rate_pct": "12",
}  # fmt: skip


async def test_one_case_is_answered_alone(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/v1/liens/payoff", json=CASE)
    assert answer.status_code == 200
    assert (answer.json()["id"], answer.json()["holder_proceeds"]) == ("t1", "2520.00")


async def test_bad_case_of_a_list_does_not_stop_the_others(http: httpx2.AsyncClient) -> None:
    bad = {**CASE, "id": "t2", "face_amount": "-1"}
    none = {**CASE, "id": "t3", "state": "ZZ"}
    answer = await http.post("/v1/liens/payoff", json={"cases": [bad, none, CASE]})
    assert answer.status_code == 200
    first, second, third = answer.json()["answers"]
    assert (first["error"]["code"], first["error"]["field"]) == ("invalid_case", "face_amount")
    assert (second["id"], second["error"]["code"]) == ("t3", "no_rule")
    assert third["holder_proceeds"] == "2520.00"


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({**CASE, "face_amount": "-1"}, "invalid_case", "face_amount"),
        ({**CASE, "face_amount": 2400.5}, "invalid_case", "face_amount"),
        ({**CASE, "surprise": 1}, "invalid_case", "surprise"),
        ({"cases": []}, "invalid_case", "cases"),
        ({"cases": [1]}, "invalid_case", "cases"),
        ({"cases": [CASE] * 1001}, "invalid_case", "cases"),
        ({"cases": [CASE], "state": "FL"}, "invalid_case", "cases"),
        ([CASE], "invalid_case", "body"),
    ],
)
async def test_wrong_case_is_a_problem_that_names_its_field(
    http: httpx2.AsyncClient, body: Any, code: str, field: str
) -> None:
    answer = await http.post("/v1/liens/payoff", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"id": NaN}', b"[" * 50_000, b'"\\ud800"'])
async def test_body_that_is_not_json_is_a_problem(http: httpx2.AsyncClient, body: bytes) -> None:
    answer = await http.post("/v1/liens/payoff", content=body)
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/liens/not-a-uuid", 404),
        ("/v1/liens/payoff", 405),
        (f"/v1/liens/{UNKNOWN}", 404),
        (f"/v1/liens/{UNKNOWN}/payoff", 404),
        (f"/v1/liens/{UNKNOWN}/observations", 404),
        (f"/v1/liens/{UNKNOWN}/history", 404),
        (f"/v1/liens/{UNKNOWN}/payoff?on=2020-02-30", 422),
        (f"/v1/liens/{UNKNOWN}/payoff?on=0001-01-01", 422),
        ("/v1/liens/rules?on=0", 422),
        ("/v1/liens?updated_since=1700000000", 422),
        ("/v1/liens?state=%00%00", 422),
        ("/v1/liens?state=ZZ", 422),
        ("/v1/liens?county_fips=1210\u0665", 422),
        ("/v1/liens?county_fips=99999", 422),
        ("/v1/liens?county_fips=12105&state=GA", 422),
        ("/v1/liens?status=lost", 422),
        ("/v1/liens?updated_since=0001-01-01T00:00:00%2B14:00", 422),
        ("/v1/liens?updated_since=2026-01-01T00:00:00", 422),
        ("/v1/liens?limit=0", 422),
        ("/v1/liens?limit=99999999999999999999", 422),
        ("/v1/liens?cursor=nonsense", 400),
        ("/v1/liens?cursor=%00", 400),
        ("/v1/liens/counties/99999", 404),
        ("/v1/liens/counties/121", 422),
        ("/v1/liens/counties?state=ZZ", 422),
        ("/v1/liens/rules/ZZ", 404),
        ("/v1/liens/rules/FL?on=1801-01-01", 404),
        ("/v1/liens/rules/%00%00", 422),
        ("/v1/liens/sales?county_fips=99999", 422),
        ("/internal/liens/export?after=x", 422),
    ],
)
async def test_wrong_question_is_a_problem(
    http: httpx2.AsyncClient, path: str, status: int
) -> None:
    answer = await http.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_cursor_of_another_list_is_a_problem(
    catalogue: Any, http: httpx2.AsyncClient, record: Make
) -> None:
    await catalogue.observe(record(number=1), record(number=2))
    cursor = (await http.get("/v1/liens", params={"limit": 1})).json()["next_cursor"]
    for path in ("/v1/liens/sales", "/v1/liens/counties"):
        assert (await http.get(path, params={"cursor": cursor})).status_code == 400
    params = {"cursor": cursor, "updated_since": "2026-01-01T00:00:00Z"}
    assert (await http.get("/v1/liens", params=params)).status_code == 400


async def test_counties_are_listed_and_answered(http: httpx2.AsyncClient) -> None:
    items = await walk(http, "/v1/liens/counties", limit=1000)
    assert len({item["fips"] for item in items}) == len(items) == 3_143
    assert len(await walk(http, "/v1/liens/counties", state="de", limit=2)) == 3
    polk = (await http.get("/v1/liens/counties/12105")).json()
    assert (polk["full_name"], polk["time_zone"]) == ("Polk County", "America/New_York")


async def test_rules_are_answered_with_statute_and_local_rates(http: httpx2.AsyncClient) -> None:
    florida = (await http.get("/v1/liens/rules/fl", params={"on": "2026-06-01"})).json()
    assert florida["state"] == "FL"
    assert all(rule["statute"] for rule in florida["rules"])
    colorado = (await http.get("/v1/liens/rules/CO")).json()
    assert len(colorado["local_rates"]) >= 36
    everything = (await http.get("/v1/liens/rules", params={"on": "2026-06-01"})).json()
    assert len({rule["state"] for rule in everything["rules"]}) == 51


async def test_sales_are_listed_by_county_and_day(
    catalogue: Any, http: httpx2.AsyncClient, stream: Any, mapping: Any, sale: Any
) -> None:
    sales = [sale(date(2018 + n, 5, 20 + n), tax_year=2017 + n) for n in range(5)]
    await catalogue.import_stream(stream(reversed(sales)), mapping)
    items = await walk(http, "/v1/liens/sales", limit=2, state="FL")
    assert [item["sale_date"] for item in items] == [str(s.sale_date) for s in sales]
    assert items[0]["county"] == "Polk"


async def test_export_holds_every_lien_once_in_order(
    catalogue: Any, http: httpx2.AsyncClient, record: Make
) -> None:
    await catalogue.observe(*(record(number=n) for n in range(25)))
    liens: list[Lien] = []
    params: dict[str, Any] = {"limit": 10}
    while True:
        page = (await http.get("/internal/liens/export", params=params)).json()
        liens += msgspec.convert(page["items"], list[Lien], strict=False)
        if page["next"] is None:
            break
        params["after"] = page["next"]
    ids = [lien.lien_id for lien in liens]
    assert ids == sorted(set(ids))
    assert len(ids) == 25
    announced = {event.lien.lien_id: event.lien for event in await catalogue.events()}
    assert {lien.lien_id: lien for lien in liens} == announced


async def test_some_liens_are_told_by_their_ids(
    catalogue: Any, http: httpx2.AsyncClient, record: Make
) -> None:
    await catalogue.observe(*(record(number=n) for n in range(3)))
    first, second, _ = (event.lien for event in await catalogue.events())
    ids = [str(first.lien_id), str(second.lien_id), str(first.lien_id), str(UUID(int=7))]
    page = (await http.get("/internal/liens/named", params={"id": ids})).json()
    found = msgspec.convert(page["items"], list[Lien], strict=False)
    assert sorted(found, key=lambda lien: lien.lien_id) == sorted(
        (first, second), key=lambda lien: lien.lien_id
    )
    for wrong in ({}, {"id": ["x"]}, {"id": [str(UUID(int=n)) for n in range(101)]}):
        assert (await http.get("/internal/liens/named", params=wrong)).status_code == 422
