"""A real Envoy in front of a small real app, both on free ports of the loopback."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from granian.constants import Interfaces
from granian.server.embed import Server
from starlette.types import ASGIApp, Receive, Scope, Send

from taxlien.services.gateway.logic.envoy import Upstream, envoy_config
from taxlien.services.gateway.logic.routes import Route, services_of

ENVOY = Path(sys.executable).parent / "envoy"

TABLE = (
    Route(path="/v1/things", service="things", methods=("GET", "HEAD", "POST", "DELETE"), timeout=2.0,
          max_body=2000),
    Route(path="/v1/things/hurried", service="things", timeout=0.3, attempts=1),
    Route(path="/v1/things/public", service="things", cache="hour"),
    Route(path="/v1/own", service="things", cross_origin=False),
    Route(path="/v1/gone", service="gone"),
    Route(path="/", service="things", match="exact"),
    Route(path="/internal", service="things", audience="internal"),
    Route(path="/metrics", service="things", match="exact", audience="internal"),
)  # fmt: skip


@dataclass
class Seen:
    """A request as the app received it."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Backend:
    """An app that answers what a test tells it to, and remembers what reached it."""

    seen: list[Seen] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b'{"ok":true}'
    media_type: bytes = b"application/json"
    hang: asyncio.Event | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        query = scope["query_string"].decode()
        self.seen.append(Seen(scope["method"], scope["path"], query, headers, body))
        if self.hang is not None:
            await self.hang.wait()
        status = self.statuses.pop(0) if self.statuses else 200
        answered = [(b"content-type", self.media_type), *self.headers]
        await send({"type": "http.response.start", "status": status, "headers": answered})
        await send({"type": "http.response.body", "body": self.body})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def wait_until_answered(url: str, seconds: float = 20) -> None:
    async with asyncio.timeout(seconds), httpx2.AsyncClient(trust_env=False) as client:
        while True:
            try:
                await client.get(url)
            except httpx2.TransportError:
                await asyncio.sleep(0.02)
            else:
                return


@dataclass
class Gateway:
    """Envoy under a test: its address, and the access log so far."""

    url: str
    log_file: Path

    async def log_lines(self, count: int) -> list[dict[str, Any]]:
        """Return the access log once it has ``count`` lines; Envoy writes it in the background."""
        async with asyncio.timeout(20):
            while True:
                lines = self.log_file.read_text().splitlines()
                if len(lines) >= count:
                    return [json.loads(line) for line in lines]
                await asyncio.sleep(0.05)


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[int]:
    """Serve ``app`` on a free port, which is yielded."""
    port = free_port()
    server = Server(
        app, address="127.0.0.1", port=port, interface=Interfaces.ASGINL, log_enabled=False
    )
    task = asyncio.create_task(server.serve())
    await wait_until_answered(f"http://127.0.0.1:{port}/")
    yield port
    server.stop()  # type: ignore[no-untyped-call]
    await asyncio.wait_for(task, 10)


@pytest.fixture
def unused_port() -> int:
    return free_port()


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[ASGIApp], Awaitable[str]]]:
    """``await serve(app)`` serves an app over TCP and returns its address."""
    async with AsyncExitStack() as running:

        async def start(app: ASGIApp) -> str:
            return f"http://127.0.0.1:{await running.enter_async_context(serving(app))}"

        yield start


@pytest.fixture(scope="session")
async def running_backend() -> AsyncIterator[tuple[Backend, int]]:
    backend = Backend()
    async with serving(backend) as port:
        yield backend, port


@pytest.fixture
def backend(running_backend: tuple[Backend, int]) -> Backend:
    """The app behind the gateway, as new."""
    backend = running_backend[0]
    fresh = Backend()
    for name, value in vars(fresh).items():
        setattr(backend, name, value)
    return backend


@pytest.fixture(scope="session")
def envoy_program() -> str:
    return str(ENVOY)


@pytest.fixture(scope="session")
async def gateway(
    running_backend: tuple[Backend, int], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Gateway]:
    folder = tmp_path_factory.mktemp("envoy")
    port = free_port()
    upstreams = dict.fromkeys(services_of(TABLE), Upstream("127.0.0.1", running_backend[1]))
    upstreams["gone"] = Upstream("127.0.0.1", free_port())
    config = folder / "envoy.json"
    config.write_text(
        envoy_config(
            port=port, upstreams=upstreams, routes=TABLE, cors_origins=["https://app.example.com"]
        )
    )
    log_file = folder / "access.log"
    with log_file.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            str(ENVOY), "-c", str(config), "--disable-hot-restart", "--concurrency", "1",
            "-l", "error", "--file-flush-interval-msec", "50", "--drain-time-s", "1",
            stdout=log, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
    await wait_until_answered(f"http://127.0.0.1:{port}/healthz")
    yield Gateway(f"http://127.0.0.1:{port}", log_file)
    process.kill()
    await process.wait()


@pytest.fixture
async def client(gateway: Gateway, backend: Backend) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=gateway.url, trust_env=False, timeout=20) as client:
        yield client
