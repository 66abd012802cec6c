"""A real Envoy in front of small real apps on free ports, and access tokens as auth signs them."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import msgspec
import pytest
from granian.constants import Interfaces
from granian.server.embed import Server
from joserfc import jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import OKPKey
from starlette.types import ASGIApp, Receive, Scope, Send

from taxlien.services.gateway.logic.envoy import Doors, Upstream, envoy_config
from taxlien.services.gateway.logic.envoy_identity import Tokens
from taxlien.services.gateway.logic.routes import Route, services_of

ENVOY = Path(sys.executable).parent / "envoy"

TABLE = (
    Route(path="/v1/things", service="things", methods=("GET", "HEAD", "POST", "DELETE"), timeout=2.0,
          max_body=2000),
    Route(path="/v1/things/hurried", service="things", timeout=0.3, attempts=1),
    Route(path="/v1/things/public", service="things", cache="hour"),
    Route(path="/v1/auth", service="things", methods=("GET", "POST"), keeps_token=True, cache="never"),
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


SECRET = "s3cret%" * 6  # a sign that Envoy could take for a variable's


class Signer:
    """Keys as auth has them: signs access tokens, and publishes what verifies them."""

    def __init__(self) -> None:
        self.key = OKPKey.generate_key("Ed25519", {"kid": "key-1", "alg": "EdDSA", "use": "sig"})
        self.published = [self.key]
        self.asked = 0

    def claims(self, **other: Any) -> dict[str, Any]:
        """Claims of a good token; ``other`` replaces some, and None removes one."""
        user = str(uuid4())
        now = int(time.time())
        usual: dict[str, Any] = {
            "iss": "taxlien", "aud": "taxlien", "iat": now, "exp": now + 900, "jti": str(uuid4()),
            "sub": user, "user_id": user, "sid": str(uuid4()), "email": "jane@example.com",
            "tier": "premium", "roles": ["investor", "support"], "roles_text": "investor,support",
            "email_verified": True,
        }  # fmt: skip
        return {k: v for k, v in (usual | other).items() if v is not None}

    def token(self, claims: dict[str, Any] | None = None, *, key: Any = None, **header: Any) -> str:
        """A signed token; ``header`` replaces fields of its header, and None removes one."""
        fields = {"alg": "EdDSA", "kid": "key-1", "typ": "JWT"} | header
        protected = {k: v for k, v in fields.items() if v is not None}
        body = msgspec.json.encode(claims if claims is not None else self.claims())
        names = [protected["alg"]]
        registry = jws.JWSRegistry(strict_check_header=False, algorithms=names)
        with warnings.catch_warnings():
            # The newer name, Ed25519, is one that Envoy does not know yet.
            warnings.simplefilter("ignore", SecurityWarning)
            return jws.serialize_compact(protected, body, key or self.key, registry=registry)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked += 1
        keys = [key.as_dict(private=False) for key in self.published]
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": msgspec.json.encode({"keys": keys})})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def wait_for_keys(url: str) -> None:
    """Until keys were fetched, the gateway cannot say anything about a token."""
    headers = {"authorization": f"Bearer {Signer().token()}"}
    async with asyncio.timeout(20), httpx2.AsyncClient(trust_env=False) as client:
        while (await client.get(url, headers=headers)).status_code == 503:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


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


@asynccontextmanager
async def running_envoy(
    folder: Path, *, await_keys: bool = True, **options: Any
) -> AsyncIterator[Gateway]:
    """Run an Envoy with the configuration of ``options`` until the block ends."""
    port = free_port()
    config = folder / f"envoy-{port}.json"
    config.write_text(envoy_config(port=port, **options))
    log_file = folder / f"access-{port}.log"
    with log_file.open("wb") as log, log_file.with_suffix(".err").open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            str(ENVOY), "-c", str(config), "--disable-hot-restart", "--concurrency", "1",
            "-l", "error", "--file-flush-interval-msec", "50", "--drain-time-s", "1",
            stdout=log, stderr=errors,
        )  # fmt: skip
    try:
        await wait_until_answered(f"http://127.0.0.1:{port}/healthz")
        if await_keys:
            await wait_for_keys(f"http://127.0.0.1:{port}/nothing")
        yield Gateway(f"http://127.0.0.1:{port}", log_file)
    finally:
        process.kill()
        await process.wait()


RunEnvoy = Callable[..., Awaitable[Gateway]]


@pytest.fixture
async def run_envoy(tmp_path: Path) -> AsyncIterator[RunEnvoy]:
    """``await run_envoy(upstreams=..., routes=..., doors=...)`` runs one more Envoy for a test."""
    async with AsyncExitStack() as running:

        async def start(**options: Any) -> Gateway:
            return await running.enter_async_context(running_envoy(tmp_path, **options))

        yield start


@pytest.fixture(scope="session")
async def running_signer() -> AsyncIterator[tuple[Signer, int]]:
    signer = Signer()
    async with serving(signer) as port:
        yield signer, port


@pytest.fixture
def signer(running_signer: tuple[Signer, int]) -> Signer:
    """Auth's part: it signs what the gateway believes."""
    return running_signer[0]


@pytest.fixture
def sign() -> type[Signer]:
    """Makes signers of one's own."""
    return Signer


@pytest.fixture
def table() -> tuple[Route, ...]:
    """The routes of the gateway under test."""
    return TABLE


@pytest.fixture
def gateway_secret() -> str:
    return SECRET


@pytest.fixture(scope="session")
async def gateway(
    running_backend: tuple[Backend, int],
    running_signer: tuple[Signer, int],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Gateway]:
    upstreams = dict.fromkeys(services_of(TABLE), Upstream("127.0.0.1", running_backend[1]))
    upstreams["gone"] = Upstream("127.0.0.1", free_port())
    upstreams["auth"] = Upstream("127.0.0.1", running_signer[1])
    doors = Doors(gateway_secret=SECRET, tokens=Tokens(), cors_origins=["https://app.example.com"])
    folder = tmp_path_factory.mktemp("envoy")
    async with running_envoy(folder, upstreams=upstreams, routes=TABLE, doors=doors) as running:
        yield running


@pytest.fixture
async def client(gateway: Gateway, backend: Backend) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=gateway.url, trust_env=False, timeout=20) as client:
        yield client
