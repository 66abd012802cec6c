"""Errors are problem details that name the field and hide our insides."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Annotated, Any

import httpx2
import psycopg
import pytest
from fastapi import APIRouter, FastAPI, HTTPException, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from taxlien.kit.errors import Conflict, DomainError, InvalidInput, NotFound
from taxlien.kit.http.app import create_app
from taxlien.kit.http.errors import FieldError, Problem
from taxlien.kit.settings import KitSettings
from taxlien.kit.telemetry.logs import configure_logs

router = APIRouter(prefix="/v1/liens", tags=["liens"])


class Item(BaseModel):
    face_amount: Decimal
    years: list[int] = []


class Bulk(BaseModel):
    liens: list[Item]


@router.post("")
async def create_liens(bulk: Bulk) -> int:
    return len(bulk.liens)


@router.get("/many")
async def list_liens(limit: Annotated[int, Query(ge=1)] = 1) -> int:
    return limit


@router.get("/fail/{kind}")
async def fail(kind: str) -> None:
    raise {
        "not_found": NotFound("There is no lien 7."),
        "invalid": InvalidInput("rate", "must not be negative"),
        "conflict": Conflict("This lien was redeemed."),
        "domain": DomainError("Not today."),
        "problem": Problem(
            403, "tier_too_low", "Needs the Pro tier.", errors=[FieldError("a", "b")]
        ),
        "starlette": HTTPException(429, headers={"retry-after": "7"}),
        "bug": RuntimeError("SELECT secret FROM owners WHERE ssn = '123-45-6789'"),
        "server_lost": psycopg.OperationalError("connection to server at 10.0.0.9 failed"),
    }[kind]


@router.get("/broken-stream")
async def break_off() -> StreamingResponse:
    async def pieces() -> AsyncIterator[bytes]:
        yield b'{"a": '
        raise RuntimeError("in the middle")

    return StreamingResponse(pieces())


@pytest.fixture
def app() -> FastAPI:
    return create_app(title="test", routers=[router], max_body_bytes=1000)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


def problem_of(response: httpx2.Response) -> dict[str, Any]:
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert set(body) == {
        "type", "title", "status", "detail", "instance", "code", "errors", "request_id",
    }  # fmt: skip
    assert body["status"] == response.status_code
    assert body["type"] == f"urn:taxlien:problem:{body['code']}"
    assert body["instance"] == response.url.path
    assert body["request_id"] == response.headers["x-request-id"]
    assert response.headers["cache-control"] == "no-store"
    return body


@pytest.mark.parametrize(
    ("kind", "status", "code", "detail"),
    [
        ("not_found", 404, "not_found", "There is no lien 7."),
        ("invalid", 422, "invalid_input", "rate: must not be negative"),
        ("conflict", 409, "conflict", "This lien was redeemed."),
        ("domain", 422, "refused", "Not today."),
        ("problem", 403, "tier_too_low", "Needs the Pro tier."),
        ("starlette", 429, "too_many_requests", "Too Many Requests"),
    ],
)
async def test_refusals_become_problems(
    client: httpx2.AsyncClient, kind: str, status: int, code: str, detail: str
) -> None:
    body = problem_of(await client.get(f"/v1/liens/fail/{kind}"))
    assert (body["status"], body["code"], body["detail"]) == (status, code, detail)


async def test_headers_of_a_refusal_are_kept(client: httpx2.AsyncClient) -> None:
    response = await client.get("/v1/liens/fail/starlette")
    assert response.headers["retry-after"] == "7"


async def test_invalid_input_names_its_field(client: httpx2.AsyncClient) -> None:
    body = problem_of(await client.get("/v1/liens/fail/invalid"))
    assert body["errors"] == [{"field": "rate", "message": "must not be negative"}]


async def test_each_wrong_field_is_named_in_dotted_form(client: httpx2.AsyncClient) -> None:
    liens = [{"face_amount": "1"}, {"face_amount": "x", "years": [1, "y"]}, {}]
    body = problem_of(await client.post("/v1/liens", json={"liens": liens}))
    assert body["status"] == 422
    assert [error["field"] for error in body["errors"]] == [
        "liens.1.face_amount",
        "liens.1.years.1",
        "liens.2.face_amount",
    ]


async def test_missing_body_and_bad_query_are_named(client: httpx2.AsyncClient) -> None:
    assert problem_of(await client.post("/v1/liens"))["errors"][0]["field"] == "body"
    bad = problem_of(await client.get("/v1/liens/many?limit=0"))
    assert (bad["status"], bad["errors"][0]["field"]) == (422, "limit")


@pytest.mark.parametrize("content", [b'{"liens": [', b"", b"\xff\xfe", b'{"liens": [{"a":1,}]}'])
async def test_malformed_json_is_400_or_names_the_body(
    client: httpx2.AsyncClient, content: bytes
) -> None:
    headers = {"content-type": "application/json"}
    body = problem_of(await client.post("/v1/liens", content=content, headers=headers))
    expected = (422, "invalid_input") if not content else (400, "malformed_json")
    assert (body["status"], body["code"]) == expected


async def test_unknown_path_and_wrong_method_are_problems(client: httpx2.AsyncClient) -> None:
    assert problem_of(await client.get("/nothing/here"))["code"] == "not_found"
    response = await client.delete("/v1/liens/many")
    assert problem_of(response)["code"] == "method_not_allowed"
    assert "GET" in response.headers["allow"]


async def test_declared_and_arriving_bodies_over_the_limit_are_413(
    client: httpx2.AsyncClient,
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 100

    headers = {"content-type": "application/json"}
    declared = await client.post("/v1/liens", content=b" " * 1001, headers=headers)
    arriving = await client.post("/v1/liens", content=pieces(), headers=headers)
    for response in (declared, arriving):
        assert problem_of(response)["code"] == "body_too_large"
        assert "1000 bytes" in response.json()["detail"]


async def test_a_bug_is_logged_under_the_request_id_and_not_shown(
    client: httpx2.AsyncClient,
) -> None:
    out = io.StringIO()
    configure_logs(KitSettings(), stream=out)
    response = await client.get("/v1/liens/fail/bug")
    body = problem_of(response)
    assert (body["status"], body["code"]) == (500, "internal_error")
    assert "SELECT" not in response.text
    assert "RuntimeError" not in response.text
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    failure = next(line for line in lines if line["event"] == "request_failed")
    assert failure["request_id"] == body["request_id"]
    assert "RuntimeError" in failure["exception"]
    assert "123-45-6789" not in out.getvalue()


async def test_a_lost_server_is_503_without_its_address(client: httpx2.AsyncClient) -> None:
    response = await client.get("/v1/liens/fail/server_lost")
    assert problem_of(response)["code"] == "unavailable"
    assert response.headers["retry-after"] == "1"
    assert "10.0.0.9" not in response.text


async def test_a_stream_that_breaks_is_broken_off_not_ended(client: httpx2.AsyncClient) -> None:
    with pytest.raises(RuntimeError, match="in the middle"):
        await client.get("/v1/liens/broken-stream")


async def test_the_description_shows_problems_and_not_the_framework_s_errors(app: FastAPI) -> None:
    document = app.openapi()
    assert document["openapi"].startswith("3.1")
    assert document["servers"] == [{"url": "/"}]
    operation = document["paths"]["/v1/liens"]["post"]
    assert operation["operationId"] == "liens_create_liens"
    assert set(operation["responses"]) == {"200", "4XX", "5XX"}
    problem = document["components"]["responses"]["Problem"]["content"]
    assert list(problem) == ["application/problem+json"]
    assert "HTTPValidationError" not in json.dumps(document)
    assert not {"/health", "/ready", "/metrics"} & set(document["paths"])
