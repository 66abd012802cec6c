"""A real HTTP server for the tests of HTTP: Granian, in this process, on a free port."""

from __future__ import annotations

import asyncio
import io
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from granian.constants import Interfaces
from granian.server.embed import Server
from starlette.types import ASGIApp

from listening import wait_for_port
from taxlien.kit.settings import KitSettings
from taxlien.kit.telemetry.logs import configure_logs

Serve = Callable[[ASGIApp], Awaitable[str]]


@pytest.fixture(autouse=True)
def quiet_logs() -> None:
    """Write logs as services do; structlog's own default draws every variable of every frame."""
    configure_logs(KitSettings(), stream=io.StringIO())


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
async def serve(free_port: int) -> AsyncIterator[Serve]:
    """``await serve(app)`` serves one app over TCP and returns its address."""
    running: list[tuple[Server, asyncio.Task[None]]] = []

    async def start(app: ASGIApp) -> str:
        server = Server(
            app,
            address="127.0.0.1",
            port=free_port,
            interface=Interfaces.ASGINL,
            log_enabled=False,
        )
        running.append((server, asyncio.create_task(server.serve())))
        await wait_for_port(free_port)
        return f"http://127.0.0.1:{free_port}"

    yield start
    for server, task in running:
        server.stop()  # type: ignore[no-untyped-call]
        await asyncio.wait_for(task, 10)
