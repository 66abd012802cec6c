"""Calls between services against real servers that misbehave: bounded, retried, spared."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

import msgspec
import pytest
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from starlette.types import ASGIApp

from taxlien.kit.http.app import create_app
from taxlien.kit.http.breaker import Breaker
from taxlien.kit.http.client import ServiceClient
from taxlien.kit.http.errors import CallFailed, ServiceUnavailable
from taxlien.kit.telemetry.context import RequestContext, serving

Serve = Callable[[ASGIApp], Awaitable[str]]


class Fickle:
    """An app that answers with each status of its script in turn, then 200 for ever."""

    def __init__(self) -> None:
        self.script: list[Response | None] = []
        self.asked: list[Request] = []
        self.never = asyncio.Event()
        self.reached = asyncio.Event()
        router = APIRouter()
        router.add_api_route("/thing", self.answer, methods=["GET", "POST", "DELETE"])
        router.add_api_route("/lines", self.lines, methods=["GET"])
        self.app = create_app(title="fickle", routers=[router])

    async def answer(self, request: Request) -> Response:
        self.asked.append(request)
        self.reached.set()
        scripted = self.script.pop(0) if self.script else JSONResponse({"amount": "1.10"})
        if scripted is None:
            await self.never.wait()
        return scripted or Response()

    async def lines(self, count: int, cut: int = -1) -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            for number in range(count):
                if number == cut:
                    raise ConnectionAbortedError("cut")
                yield b'{"n":%d' % number
                yield b"}\n" if number < count - 1 else b"}"

        return StreamingResponse(pieces(), media_type="application/x-ndjson")


@pytest.fixture
def fickle() -> Fickle:
    return Fickle()


@pytest.fixture
async def client(fickle: Fickle, serve: Serve) -> AsyncIterator[ServiceClient]:
    url = await serve(fickle.app)
    async with ServiceClient("fickle", url, first_pause=0.001, longest_pause=0.002) as client:
        yield client
    fickle.never.set()


class Thing(msgspec.Struct):
    amount: Decimal


async def test_an_answer_is_decoded_as_its_type(client: ServiceClient) -> None:
    assert await client.get_json("/thing", kind=Thing) == Thing(Decimal("1.10"))


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_a_passing_failure_is_tried_again(
    client: ServiceClient, fickle: Fickle, status: int
) -> None:
    fickle.script = [Response(status_code=status), Response(status_code=status)]
    assert await client.get_json("/thing") == {"amount": "1.10"}
    assert len(fickle.asked) == 3


async def test_three_attempts_and_no_more(client: ServiceClient, fickle: Fickle) -> None:
    fickle.script = [Response(status_code=503) for _ in range(5)]
    with pytest.raises(ServiceUnavailable) as caught:
        await client.get_json("/thing")
    assert len(fickle.asked) == 3
    assert caught.value.status == 503


async def test_a_post_is_sent_once(client: ServiceClient, fickle: Fickle) -> None:
    fickle.script = [Response(status_code=503)]
    with pytest.raises(ServiceUnavailable):
        await client.post_json("/thing", {"a": 1})
    assert len(fickle.asked) == 1


async def test_a_post_with_a_key_is_tried_again_with_the_same_key(
    client: ServiceClient, fickle: Fickle
) -> None:
    fickle.script = [Response(status_code=503)]
    await client.post_json("/thing", {"a": Decimal("1")}, idempotency_key="k1")
    assert [request.headers["idempotency-key"] for request in fickle.asked] == ["k1", "k1"]


@pytest.mark.parametrize("status", [400, 404, 422, 500])
async def test_a_refusal_is_final_and_says_what_was_answered(
    client: ServiceClient, fickle: Fickle, status: int
) -> None:
    fickle.script = [JSONResponse({"code": "no"}, status_code=status)]
    with pytest.raises(CallFailed) as caught:
        await client.get_json("/thing")
    assert len(fickle.asked) == 1
    assert caught.value.upstream_status == status
    assert caught.value.upstream == {"code": "no"}
    assert caught.value.status == 502


async def test_an_answer_of_another_shape_is_a_failed_call(client: ServiceClient) -> None:
    with pytest.raises(CallFailed, match="unexpected"):
        await client.get_json("/thing", kind=list[int])


async def test_a_server_that_hangs_is_left_after_the_time(fickle: Fickle, serve: Serve) -> None:
    fickle.script = [None]
    async with ServiceClient("fickle", await serve(fickle.app), timeout=0.3) as client:
        with pytest.raises(ServiceUnavailable, match=r"within 0\.3 s"):
            await client.get_json("/thing")
    fickle.never.set()


async def test_retry_after_is_honoured_when_it_fits_in_the_time(
    fickle: Fickle, serve: Serve
) -> None:
    late = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    async with ServiceClient("fickle", await serve(fickle.app), first_pause=0.001) as client:
        for asked in ("3600", late):
            fickle.script = [Response(status_code=503, headers={"retry-after": asked})]
            fickle.asked.clear()
            response = await client.request("GET", "/thing")
            assert response.status_code == 503, "an hour does not fit: the answer is passed on"
            assert len(fickle.asked) == 1
        for asked in ("0", "nonsense", "Wed, 21 Oct 2015 07:28:00 GMT"):
            fickle.script = [Response(status_code=503, headers={"retry-after": asked})]
            assert (await client.request("GET", "/thing")).status_code == 200


@asynccontextmanager
async def resetting(times: int) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A TCP server that resets so many connections after reading a request, then answers."""
    seen: list[bytes] = []

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        if len(seen) <= times:
            writer.transport.abort()
            return
        body = b'{"ok":true}'
        writer.write(
            b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
        )
        writer.write(body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", seen


async def test_reset_connections_are_tried_again() -> None:
    async with resetting(2) as (url, seen):
        async with ServiceClient("resetting", url, first_pause=0.001) as client:
            assert await client.get_json("/x") == {"ok": True}
        assert len(seen) == 3


async def test_a_reset_post_is_not_sent_again() -> None:
    async with resetting(1) as (url, seen):
        async with ServiceClient("resetting", url, first_pause=0.001) as client:
            with pytest.raises(ServiceUnavailable):
                await client.post_json("/x", {})
        assert len(seen) == 1


async def test_nobody_listening_is_unavailable_in_words(free_port: int) -> None:
    url = f"http://127.0.0.1:{free_port}"
    async with ServiceClient("liens", url, first_pause=0.001) as client:
        with pytest.raises(ServiceUnavailable, match="liens could not be reached"):
            await client.get_json("/x")


async def test_a_target_that_keeps_failing_is_given_a_rest(free_port: int) -> None:
    breaker = Breaker("liens", failures_to_open=5, rest_seconds=60)
    url = f"http://127.0.0.1:{free_port}"
    async with ServiceClient("liens", url, first_pause=0.001, breaker=breaker) as client:
        for _ in range(2):
            with pytest.raises(ServiceUnavailable):
                await client.get_json("/x")
        assert breaker.state == "open"
        with pytest.raises(ServiceUnavailable, match="given a rest"):
            await client.get_json("/x")


async def test_server_errors_open_the_breaker_and_refusals_do_not(
    client: ServiceClient, fickle: Fickle
) -> None:
    for status, state in ((404, "closed"), (500, "open")):
        for _ in range(6):
            fickle.script = [Response(status_code=status)]
            with pytest.raises(CallFailed):
                await client.get_json("/thing")
        assert client.breaker.state == state


async def test_a_caller_who_goes_away_is_not_held_against_the_target(
    client: ServiceClient, fickle: Fickle
) -> None:
    for _ in range(6):
        fickle.script = [None]
        fickle.reached.clear()
        call = asyncio.create_task(client.get_json("/thing"))
        async with asyncio.timeout(10):
            await fickle.reached.wait()
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
    assert client.breaker.state == "closed"


async def test_user_and_trace_travel_along(client: ServiceClient, fickle: Fickle) -> None:
    tracer = TracerProvider().get_tracer("test")
    me = RequestContext("r-1", "u-1", "pro", ("admin", "ops"))
    with serving(me), tracer.start_as_current_span("work") as span:
        await client.get_json("/thing")
    headers = fickle.asked[0].headers
    assert headers["x-request-id"] == "r-1"
    assert (headers["x-user-id"], headers["x-tier"], headers["x-roles"]) == (
        "u-1",
        "pro",
        "admin,ops",
    )
    trace_id = format(span.get_span_context().trace_id, "032x")
    assert re.fullmatch(rf"00-{trace_id}-[0-9a-f]{{16}}-0[13]", headers["traceparent"])


async def test_a_catalogue_streams_line_by_line(client: ServiceClient) -> None:
    async with client.stream_ndjson("/lines", {"count": 1000}, kind=dict[str, int]) as lines:
        numbers = [line["n"] async for line in lines]
    assert numbers == list(range(1000))


async def test_a_stream_that_breaks_says_so(client: ServiceClient) -> None:
    got: list[Any] = []

    async def read() -> None:
        async with client.stream_ndjson("/lines", {"count": 9, "cut": 5}) as lines:
            async for line in lines:
                got.append(line)

    with pytest.raises(ServiceUnavailable, match="broke off"):
        await read()
    assert len(got) == 5


async def test_a_refused_stream_says_so(client: ServiceClient) -> None:
    with pytest.raises(CallFailed) as caught:
        async with client.stream_ndjson("/lines", {"count": "many"}) as lines:
            assert [line async for line in lines] == []
    assert caught.value.upstream_status == 422


async def test_the_same_client_calls_an_app_in_this_process(fickle: Fickle) -> None:
    fickle.script = [Response(status_code=503)]
    async with ServiceClient.for_app(fickle.app, target="fickle", first_pause=0.001) as client:
        with serving(RequestContext("r-2")):
            assert await client.get_json("/thing", kind=Thing) == Thing(Decimal("1.10"))
        assert fickle.asked[0].headers["x-request-id"] == "r-2"
        with pytest.raises(CallFailed) as caught:
            await client.get_json("/nowhere")
        assert caught.value.upstream_status == 404
        with pytest.raises(ServiceUnavailable):
            async with client.stream_ndjson("/lines", {"count": 9, "cut": 5}) as lines:
                assert [line async for line in lines]


async def test_an_app_in_this_process_continues_the_trace(fickle: Fickle) -> None:
    tracer = TracerProvider().get_tracer("test")
    async with ServiceClient.for_app(fickle.app) as client:
        with tracer.start_as_current_span("work") as span:
            response = await client.request("GET", "/thing")
    assert response.headers["x-trace-id"] == format(span.get_span_context().trace_id, "032x")
    assert not trace.get_current_span().get_span_context().is_valid
