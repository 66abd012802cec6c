"""Ready answers: what is sent past the layers says the same as what went through them."""

from __future__ import annotations

import re

import httpx2
import pytest
from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import REGISTRY
from starlette.types import Receive, Scope, Send

from taxlien.kit.http.app import create_app
from taxlien.kit.http.ready import ReadyRoute, asked, ready
from taxlien.kit.http.shortcuts import hand_on

SECRET = "s" * 32
BODY = b'{"word":"quick"}'
GATEWAY = {"x-gateway-secret": SECRET, "x-user-id": "0190f3c2-0000-7000-8000-000000000001"}
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
router = APIRouter()
route = ReadyRoute("/v1/quick")
answer = ready(BODY)


@router.get("/v1/slow")
@router.get("/v1/quick")
async def slow() -> Response:
    return Response(BODY, media_type="application/json")


async def quick(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["method"] != "GET":
        await hand_on(scope, receive, send)
        return
    await route.send(asked(scope), answer, send, log=False)


@pytest.fixture
async def client():
    app = create_app(
        title="t", routers=[router], shortcuts={"/v1/quick": quick}, gateway_secret=SECRET
    )
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="http://test"
    ) as opened:
        yield opened


@pytest.mark.parametrize(
    "headers",
    [
        {},
        GATEWAY,
        {**GATEWAY, "x-gateway-secret": "guessed"},
        {"if-none-match": answer.tag},
        {"if-none-match": answer.tag, **GATEWAY},
        {"if-none-match": '"another"'},
        {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"},
        {"traceparent": f"00-{'0' * 32}-00f067aa0ba902b7-01"},
    ],
)
async def test_both_ways_say_the_same(client, headers) -> None:
    headers = {"x-request-id": "given-1", **headers}
    quickly = await client.get("/v1/quick", headers=headers)
    slowly = await client.get("/v1/slow", headers=headers)
    assert (quickly.status_code, quickly.content) == (slowly.status_code, slowly.content)
    said, expected = dict(quickly.headers), dict(slowly.headers)
    if TRACE not in headers.get("traceparent", ""):
        assert ("x-trace-id" in said) is ("x-trace-id" in expected)
        said.pop("x-trace-id", None), expected.pop("x-trace-id", None)
    assert said == expected


async def test_a_request_without_an_id_is_given_one(client) -> None:
    found = (await client.get("/v1/quick")).headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f-]{36}", found)


async def test_requests_are_counted(client) -> None:
    def counted() -> float:
        labels = {"method": "GET", "route": "/v1/quick", "status": "200"}
        return REGISTRY.get_sample_value("taxlien_http_request_seconds_count", labels) or 0.0

    before = counted()
    await client.get("/v1/quick")
    assert counted() == before + 1


async def test_what_is_handed_on_goes_the_usual_way(client) -> None:
    head = await client.head("/v1/quick")
    assert head.status_code == 200
    assert head.headers["content-length"] == str(len(BODY))
    refused = await client.post("/v1/quick")
    assert refused.status_code == 405
    assert refused.json()["code"] == "method_not_allowed"
