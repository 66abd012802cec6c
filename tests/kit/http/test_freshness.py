"""What caches may keep: tags and 304 for everybody's answers, nothing of anybody's own; and HEAD."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.responses import Response, StreamingResponse

from taxlien.kit.errors import NotFound
from taxlien.kit.http.app import create_app
from taxlien.kit.http.responses import MsgspecResponse
from taxlien.kit.settings import KitSettings
from taxlien.kit.telemetry.logs import configure_logs

SECRET = "s" * 32
router = APIRouter(prefix="/v1")
moment = {"now": 1}


@router.get("/rates")
async def rates() -> MsgspecResponse:
    return MsgspecResponse({"now": moment["now"]})


@router.get("/public")
async def public() -> Response:
    return MsgspecResponse([], headers={"cache-control": "public, max-age=60"})


@router.get("/private")
async def private() -> Response:
    return MsgspecResponse([], headers={"cache-control": "no-store"})


@router.get("/own-tag")
async def own_tag() -> Response:
    return MsgspecResponse([1], headers={"etag": '"strong"', "vary": "Accept"})


@router.get("/cookie")
async def cookie() -> Response:
    response = MsgspecResponse([], headers={"cache-control": "public, max-age=60"})
    response.set_cookie("a", "b")
    return response


@router.get("/missing")
async def missing() -> Response:
    raise NotFound("no such thing")


@router.get("/broken")
async def broken() -> Response:
    return Response(status_code=503)


@router.get("/stream")
async def stream() -> StreamingResponse:
    async def lines() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"line\n"

    return StreamingResponse(lines())


@router.post("/rates")
async def change() -> dict[str, int]:
    return {"now": 0}


@pytest.fixture
def app() -> FastAPI:
    return create_app(title="t", routers=[router], gateway_secret=SECRET)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@pytest.fixture
def signed_in() -> dict[str, str]:
    return {"x-user-id": str(uuid4()), "x-gateway-secret": SECRET}


async def test_an_answer_has_a_tag_that_changes_with_it(client: httpx2.AsyncClient) -> None:
    moment["now"] = 1
    first, same = await client.get("/v1/rates"), await client.get("/v1/rates")
    moment["now"] = 2
    other = await client.get("/v1/rates")
    assert first.headers["etag"].startswith('W/"')
    assert first.headers["etag"] == same.headers["etag"] != other.headers["etag"]
    assert first.headers["vary"] == "Authorization"


@pytest.mark.parametrize(
    "asked", ["{tag}", "{strong}", '"x", {tag}', '"x",{tag} , "y"', "*", 'W/"a,b", {tag}']
)
async def test_who_has_it_already_gets_304_without_a_body(
    client: httpx2.AsyncClient, asked: str
) -> None:
    first = await client.get("/v1/rates")
    tag = first.headers["etag"]
    said = asked.format(tag=tag, strong=tag.removeprefix("W/"))
    again = await client.get("/v1/rates", headers={"if-none-match": said})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == tag
    assert again.headers["vary"] == "Authorization"
    assert not {"content-length", "content-type"} & set(again.headers)
    assert again.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("asked", ['"other"', "", "unquoted", 'W/"', '"{inside}x"'])
async def test_who_has_something_else_gets_it_whole(client: httpx2.AsyncClient, asked: str) -> None:
    tag = (await client.get("/v1/rates")).headers["etag"]
    said = asked.format(inside=tag.strip('W/"'))
    again = await client.get("/v1/rates", headers={"if-none-match": said})
    assert again.status_code == 200
    assert again.json() == {"now": moment["now"]}


async def test_a_service_s_own_tag_is_kept_and_answered(client: httpx2.AsyncClient) -> None:
    first = await client.get("/v1/own-tag")
    assert first.headers["etag"] == '"strong"'
    assert first.headers["vary"] == "Accept, Authorization"
    again = await client.get("/v1/own-tag", headers={"if-none-match": '"strong"'})
    assert again.status_code == 304


@pytest.mark.parametrize("path", ["/v1/rates", "/v1/public", "/v1/own-tag", "/v1/cookie"])
async def test_what_goes_to_a_user_is_never_kept(
    client: httpx2.AsyncClient, signed_in: dict[str, str], path: str
) -> None:
    tag = (await client.get(path)).headers.get("etag", "*")
    answer = await client.get(path, headers={**signed_in, "if-none-match": tag})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "private, no-store"


async def test_an_answer_that_sets_a_cookie_is_never_kept(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/cookie")
    assert answer.headers["cache-control"] == "private, no-store"
    assert "etag" not in answer.headers


async def test_no_store_is_left_alone_and_public_is_tagged(client: httpx2.AsyncClient) -> None:
    private, public = await client.get("/v1/private"), await client.get("/v1/public")
    assert private.headers["cache-control"] == "no-store"
    assert "etag" not in private.headers
    assert public.headers["cache-control"] == "public, max-age=60"
    assert "etag" in public.headers


async def test_errors_and_changes_are_not_tagged(client: httpx2.AsyncClient) -> None:
    for path in ("/v1/missing", "/v1/broken", "/v1/nowhere"):
        answer = await client.get(path)
        assert answer.headers["cache-control"] == "no-store", path
        assert "etag" not in answer.headers
    changed = await client.post("/v1/rates", headers={"if-none-match": "*"})
    assert changed.status_code == 200
    assert "etag" not in changed.headers


async def test_a_stream_passes_as_it_comes(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/stream", headers={"if-none-match": "*"})
    assert (answer.status_code, answer.content) == (200, b"line\n" * 3)
    assert "etag" not in answer.headers


@pytest.mark.parametrize("path", ["/v1/rates", "/health", "/v1/missing", "/v1/nowhere"])
async def test_head_is_get_without_its_body(client: httpx2.AsyncClient, path: str) -> None:
    got, headed = await client.get(path), await client.head(path)
    assert headed.content == b""
    assert headed.status_code == got.status_code
    if got.status_code == 200:
        own = {"x-request-id", "x-trace-id"}
        assert {k: v for k, v in headed.headers.items() if k not in own} == {
            k: v for k, v in got.headers.items() if k not in own
        }


async def test_head_over_a_real_connection_leaves_it_in_order(app: FastAPI, serve: Any) -> None:
    url = await serve(app)
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    for method in ("HEAD", "GET"):
        writer.write(f"{method} /v1/rates HTTP/1.1\r\nhost: test\r\n\r\n".encode())
    writer.write(b"GET /v1/rates HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n")
    async with asyncio.timeout(20):
        said = await reader.read()
    writer.close()
    assert said.count(b"HTTP/1.1 200") == 3
    assert said.count(b'{"now":') == 2


async def test_the_log_says_head_and_304(client: httpx2.AsyncClient) -> None:
    out = io.StringIO()
    configure_logs(KitSettings(), process="api", stream=out)
    await client.head("/v1/rates")
    await client.get("/v1/rates", headers={"if-none-match": "*"})
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [(line["method"], line["status"], line["bytes"]) for line in lines] == [
        ("HEAD", 200, 0),
        ("GET", 304, 0),
    ]
    assert {line["route"] for line in lines} == {"/v1/rates"}
