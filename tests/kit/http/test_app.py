"""What every app of ours has: request ids, traces, an access log, security headers, fast JSON."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

import httpx2
import msgspec
import pytest
from fastapi import APIRouter, FastAPI
from opentelemetry import trace
from pydantic import BaseModel

from taxlien.kit.http.app import DESCRIPTION_PATH, create_app
from taxlien.kit.http.responses import MsgspecResponse
from taxlien.kit.ids import new_id
from taxlien.kit.settings import KitSettings
from taxlien.kit.telemetry.context import current_request
from taxlien.kit.telemetry.logs import configure_logs

router = APIRouter(prefix="/v1/things", tags=["things"])


@router.get("/me")
async def show_me() -> MsgspecResponse:
    return MsgspecResponse(current_request()._asdict())


@router.get("/by/{name}")
async def find_thing(name: str) -> str:
    return name


SECRET = "s" * 32


@pytest.fixture
def app() -> FastAPI:
    return create_app(
        title="test", routers=[router], state={"engine": "tantivy"}, gateway_secret=SECRET
    )


async def get(app: FastAPI, path: str, **headers: str) -> httpx2.Response:
    transport = httpx2.ASGITransport(app)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get(path, headers=sent)


async def test_a_given_request_id_is_kept_and_returned(app: FastAPI) -> None:
    response = await get(app, "/v1/things/me", x_request_id="abc-123")
    assert response.headers["x-request-id"] == "abc-123"
    assert response.json()["request_id"] == "abc-123"


@pytest.mark.parametrize("given", ["", "a b", "x" * 101, '"}{"', "-x"])
async def test_a_missing_or_strange_request_id_is_replaced(app: FastAPI, given: str) -> None:
    response = await get(app, "/v1/things/me", x_request_id=given)
    assert UUID(response.headers["x-request-id"])


async def test_the_caller_is_known_while_the_request_runs_and_not_after(app: FastAPI) -> None:
    response = await get(
        app,
        "/v1/things/me",
        x_user_id="u1",
        x_tier="pro",
        x_roles="admin, ops,",
        x_session_id="s1",
        x_gateway_secret=SECRET,
    )
    assert response.json() | {"request_id": ""} == {
        "request_id": "",
        "user_id": "u1",
        "tier": "pro",
        "roles": ["admin", "ops"],
        "session_id": "s1",
        "gateway_secret": SECRET,
    }
    assert current_request().user_id == ""


async def test_security_headers_are_on_every_answer(app: FastAPI) -> None:
    for path in ("/v1/things/me", "/nowhere", "/health"):
        response = await get(app, path)
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["x-frame-options"] == "DENY"
        assert response.headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in response.headers["content-security-policy"]


async def test_one_access_line_per_request_without_the_query(app: FastAPI) -> None:
    out = io.StringIO()
    configure_logs(KitSettings(), process="api", stream=out)
    response = await get(app, "/v1/things/by/main%20st?owner=Jane+Roe&email=jane@x.org")
    await get(app, "/health")
    (line,) = [json.loads(text) for text in out.getvalue().splitlines()]
    assert line["event"] == "request"
    assert (line["method"], line["status"]) == ("GET", 200)
    assert line["route"] == "/v1/things/by/{name}"
    assert line["request_id"] == response.headers["x-request-id"]
    assert line["process"] == "api"
    assert line["bytes"] == len(response.content)
    assert "Jane" not in out.getvalue()


async def test_documentation_is_only_at_the_internal_path(app: FastAPI) -> None:
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert (await get(app, path)).status_code == 404
    document = (await get(app, DESCRIPTION_PATH)).json()
    operation = document["paths"]["/v1/things/by/{name}"]["get"]
    assert operation["operationId"] == "things_find_thing"
    assert operation["tags"] == ["things"]


def test_state_is_reachable_by_name(app: FastAPI) -> None:
    assert app.state.engine == "tantivy"
    assert app.state.databases == {}


def test_msgspec_answers_say_money_as_strings() -> None:
    class Model(BaseModel):
        amount: Decimal

    class Struct(msgspec.Struct):
        sold: date

    @dataclass
    class Data:
        key: UUID

    key = new_id()
    content = [Model(amount=Decimal("1.10")), Struct(date(2026, 6, 1)), Data(key), Decimal("2.00")]
    assert json.loads(bytes(MsgspecResponse(content).body)) == [
        {"amount": "1.10"},
        {"sold": "2026-06-01"},
        {"key": str(key)},
        "2.00",
    ]


async def test_outside_a_request_there_is_no_span(app: FastAPI) -> None:
    await get(app, "/v1/things/me")
    assert not trace.get_current_span().get_span_context().is_valid
