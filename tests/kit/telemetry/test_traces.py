"""One trace runs through every call; spans leave the process only when somebody collects them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest
from fastapi import FastAPI

from taxlien.kit.http.app import create_app
from taxlien.kit.settings import KitSettings
from taxlien.kit.telemetry.traces import configure_traces, current_trace_id, traceparent

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACE_ID = PARENT.split("-")[1]


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    configure_traces(KitSettings(), process="test")
    app: FastAPI = create_app(title="test", routers=[])

    @app.get("/trace")
    async def show() -> dict[str, str | None]:
        return {"trace_id": current_trace_id(), "traceparent": traceparent()}

    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def test_a_request_continues_the_caller_s_trace(client: httpx2.AsyncClient) -> None:
    response = await client.get("/trace", headers={"traceparent": PARENT})
    assert response.headers["x-trace-id"] == response.json()["trace_id"] == TRACE_ID
    passed_on = response.json()["traceparent"]
    assert passed_on.startswith(f"00-{TRACE_ID}-")
    assert PARENT.split("-")[2] not in passed_on, "the next service is a child of this request"


@pytest.mark.parametrize("given", ["", "nonsense", "00-" + "0" * 32 + "-b7ad6b7169203331-01"])
async def test_a_request_without_a_trace_starts_one(client: httpx2.AsyncClient, given: str) -> None:
    first = await client.get("/trace", headers={"traceparent": given})
    second = await client.get("/trace", headers={"traceparent": given})
    assert len(first.headers["x-trace-id"]) == 32
    assert first.headers["x-trace-id"] != second.headers["x-trace-id"]


def test_outside_a_request_there_is_no_trace() -> None:
    assert current_trace_id() is None
    assert traceparent() is None


async def test_spans_go_to_the_collector_of_the_settings() -> None:
    received: list[bytes] = []

    async def collect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        received.append(head + await reader.readexactly(length))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(collect, "127.0.0.1", 0)
    async with server:
        endpoint = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        provider = configure_traces(KitSettings(otlp_endpoint=endpoint), process="api")
        provider.get_tracer("test").start_span("work").end()
        await asyncio.to_thread(provider.shutdown)
    (request,) = received
    assert request.startswith(b"POST /v1/traces ")
