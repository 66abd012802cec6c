"""What the gateway's checks cost: the token check and the quota, each against the same route without it.

    python bench/gateway.py [--requests 3000] [--connections 16]

One Envoy for each way, one service behind them all, one Valkey; all ways take turns in the same run, so that
noise of the machine hits them alike. Latency is of one request after the other on one connection; the
rate is of many connections at once. The service answers at once, so that nothing else is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from granian.constants import Interfaces
from granian.server.embed import Server
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import OKPKey
from rich.console import Console
from rich.table import Table

from taxlien.run.stack import Envoy, Stack
from taxlien.services.gateway.logic.envoy import Doors, Upstream, envoy_config
from taxlien.services.gateway.logic.envoy_identity import Tokens
from taxlien.services.gateway.logic.envoy_quotas import Quotas
from taxlien.services.gateway.logic.routes import JWKS_PATH, Route

SECRET = "b" * 64
PATH = "/v1/things"
ROUTES = (Route(path=PATH, service="things"),)
ROUND = 100
WARM_UP = 200
RATE_SECONDS = 2.0


class Way(NamedTuple):
    """One way to ask: through the port of an Envoy (or past it), with a token or without."""

    name: str
    port: int
    token: str | None = None
    peer: str | None = None

    def request(self) -> bytes:
        """Return the request as bytes."""
        token = f"authorization: Bearer {self.token}\r\n" if self.token else ""
        return f"GET {PATH} HTTP/1.1\r\nhost: bench\r\n{token}\r\n".encode()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: list[str], **environment: str) -> Iterator[None]:
    """Run a program until the block ends."""
    process = subprocess.Popen(
        command, env={**os.environ, **environment},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()  # a killed server would leave its workers behind
        process.wait(30)


def serve_things(port: int, key_set: str) -> None:
    """Be the service behind the gateway: answer at once, and publish the keys."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = key_set.encode() if scope["path"] == JWKS_PATH else b'{"ok":true}'
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    server = Server(app, port=port, interface=Interfaces.ASGINL, log_enabled=False)
    asyncio.run(server.serve())


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> int:
    """Send a request and read the whole answer; return its status."""
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
    await reader.readexactly(length)
    return int(head[9:12])


async def latencies(ways: list[Way], count: int) -> dict[str, list[float]]:
    """Return milliseconds of ``count`` requests for each way, all taking turns."""
    found: dict[str, list[float]] = {way.name: [] for way in ways}
    open_ways = [(way, *await asyncio.open_connection("127.0.0.1", way.port)) for way in ways]
    for round_number in range((count + WARM_UP) // ROUND):
        for way, reader, writer in open_ways:
            request = way.request()
            for _ in range(ROUND):
                began = time.perf_counter()
                status = await ask(reader, writer, request)
                took = (time.perf_counter() - began) * 1000
                assert status == 200, f"{way.name}: {status}"
                if round_number >= WARM_UP // ROUND:
                    found[way.name].append(took)
    for _, _, writer in open_ways:
        writer.close()
    return found


async def rate(way: Way, connections: int) -> float:
    """Return answers a second with ``connections`` that ask without pause."""
    answered = 0
    end = time.perf_counter() + RATE_SECONDS

    async def keep_asking() -> None:
        nonlocal answered
        reader, writer = await asyncio.open_connection("127.0.0.1", way.port)
        request = way.request()
        while time.perf_counter() < end:
            status = await ask(reader, writer, request)
            answered += status == 200
        writer.close()

    await asyncio.gather(*(keep_asking() for _ in range(connections)))
    return answered / RATE_SECONDS


async def wait_for(port: int, request: bytes, seconds: float = 30.0) -> None:
    """Return when ``port`` answers ``request`` with 200."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                status = await ask(reader, writer, request)
                writer.close()
            except (OSError, asyncio.IncompleteReadError):
                status = 0
            if status == 200:
                return
            await asyncio.sleep(0.05)


def sign(key: OKPKey) -> str:
    """Return an access token as auth makes it."""
    now = int(time.time())
    claims = {
        "iss": "taxlien", "aud": "taxlien", "iat": now, "exp": now + 900, "jti": str(uuid4()),
        "sub": str(uuid4()), "user_id": str(uuid4()), "sid": str(uuid4()), "tier": "enterprise",
        "email": "investor@example.com", "email_verified": True, "roles": ["investor"],
        "roles_text": "investor",
    }  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        return jwt.encode({"alg": "EdDSA", "kid": key.kid}, claims, key, algorithms=["EdDSA"])


def table_of(ways: list[Way], found: dict[str, list[float]], rates: dict[str, float]) -> Table:
    table = Table(title="one GET, milliseconds on one connection; answers a second on many")
    for column in ("way", "p50", "p99", "added p50", "added p99", "answers/s"):
        table.add_column(column, justify="left" if column == "way" else "right")
    middle = {name: statistics.median(values) for name, values in found.items()}
    high = {name: statistics.quantiles(values, n=100)[98] for name, values in found.items()}
    for way in ways:
        added = ("", "")
        if way.peer:
            added = (
                f"{middle[way.name] - middle[way.peer]:+.3f}",
                f"{high[way.name] - high[way.peer]:+.3f}",
            )
        table.add_row(
            way.name,
            f"{middle[way.name]:.3f}",
            f"{high[way.name]:.3f}",
            *added,
            f"{rates[way.name]:,.0f}",
        )
    return table


async def measure(requests: int, connections: int) -> None:
    key = OKPKey.generate_key("Ed25519", {"kid": "bench", "alg": "EdDSA", "use": "sig"})
    key_set = json.dumps({"keys": [key.as_dict(private=False)]})
    token = sign(key)
    things, counter = free_port(), free_port()
    upstreams = {
        "things": Upstream("127.0.0.1", things),
        "auth": Upstream("127.0.0.1", things),
        "gateway": Upstream("127.0.0.1", counter),
    }
    every_door = {
        "open": Doors(gateway_secret=SECRET),
        "tokens": Doors(gateway_secret=SECRET, tokens=Tokens()),
        "quotas": Doors(gateway_secret=SECRET, tokens=Tokens(), quotas=Quotas()),
    }
    ports = {name: free_port() for name in every_door}
    ways = [
        Way("the service itself", things),
        Way("Envoy, no checks", ports["open"], peer="the service itself"),
        Way("Envoy checks tokens, none sent", ports["tokens"], peer="Envoy, no checks"),
        Way(
            "Envoy checks the token sent", ports["tokens"], token, "Envoy checks tokens, none sent"
        ),
        Way("... and asks for the quota", ports["quotas"], token, "Envoy checks the token sent"),
    ]
    with tempfile.TemporaryDirectory() as folder, ExitStack() as programs:
        stack = Stack(Path(folder) / "home", ["valkey"], ports={"valkey": 0}, settings={})
        await stack.start()
        this = [sys.executable, __file__, "--serve", str(things), "--keys", key_set]
        programs.enter_context(running(this))
        programs.enter_context(
            running(
                [
                    sys.executable,
                    "-m",
                    "taxlien.run",
                    "run",
                    "--services",
                    "gateway",
                    "--port",
                    str(counter),
                ],
                TAXLIEN_CACHE_URL=stack.environment()["TAXLIEN_CACHE_URL"],
                TAXLIEN_GATEWAY_SECRET=SECRET,
                TAXLIEN_GATEWAY_LIMITS='{"enterprise": "900000000/60"}',
            )
        )
        for name, doors in every_door.items():
            config = Path(folder) / f"{name}.json"
            config.write_text(
                envoy_config(port=ports[name], upstreams=upstreams, routes=ROUTES, doors=doors)
            )
            program = str(Envoy(lambda *_: "").program())
            options = ["--disable-hot-restart", "--concurrency", "1", "-l", "off"]
            programs.enter_context(running([program, "-c", str(config), *options]))
        # Before it, requests would pass uncounted.
        await wait_for(counter, b"GET /health HTTP/1.1\r\nhost: bench\r\n\r\n")
        for way in ways:
            await wait_for(way.port, way.request())
        found = await latencies(ways, requests)
        rates = {way.name: await rate(way, connections) for way in ways}
        await stack.stop()
    Console(width=110).print(table_of(ways, found, rates))
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(
        f"{requests:,} requests a way; {connections} connections for the rate; load of the machine {load}"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=3_000)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--keys", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve_things(options.serve, options.keys)
    else:
        asyncio.run(measure(options.requests, options.connections))


if __name__ == "__main__":
    main()
