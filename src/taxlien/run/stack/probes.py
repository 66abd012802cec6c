"""Real answers of real protocols, by hand and without a client library: quick enough to ask often.

Each probe raises OSError, EOFError or ValueError while the server cannot answer yet.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
LIMIT = 2.0  # seconds for one question


@contextlib.asynccontextmanager
async def connected(port: int, host: str = "127.0.0.1") -> AsyncIterator[Streams]:
    """Open a TCP connection for one short conversation."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        async with asyncio.timeout(LIMIT):
            yield reader, writer
    finally:
        writer.close()


async def http_get(port: int, path: str) -> tuple[int, str]:
    """Return status and body of ``GET path``."""
    async with connected(port) as (reader, writer):
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
        writer.write(request.encode())
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    words = head.split(None, 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/"):
        raise ValueError("no HTTP answer")
    return int(words[1]), body.decode(errors="replace")


async def valkey_version(port: int, password: str) -> str:
    """PING, and return the server's version."""
    async with connected(port) as (reader, writer):
        writer.write(f"AUTH {password}\r\nPING\r\nINFO server\r\n".encode())
        for expected in (b"+OK", b"+PONG"):
            answer = (await reader.readline()).strip()
            if answer != expected:  # it says -LOADING while it reads its data
                raise ValueError(answer.decode(errors="replace"))
        length = int((await reader.readline())[1:])
        info = (await reader.readexactly(length)).decode()
    values = dict(line.partition(":")[::2] for line in info.splitlines() if ":" in line)
    return values.get("valkey_version") or values["redis_version"]


async def jetstream_version(port: int, user: str, password: str) -> str:
    """Ask the JetStream API for its account's state, and return the server's version."""
    options = json.dumps({"user": user, "pass": password, "verbose": False, "pedantic": False})
    async with connected(port) as (reader, writer):
        hello = json.loads((await reader.readline()).removeprefix(b"INFO "))
        inbox = "_INBOX.readiness"
        writer.write(
            f"CONNECT {options}\r\nSUB {inbox} 1\r\nPUB $JS.API.INFO {inbox} 0\r\n\r\n".encode()
        )
        while not (line := await reader.readline()).startswith(b"MSG "):
            if line.startswith(b"-ERR") or not line:
                raise ValueError(line.decode(errors="replace"))
        answer = json.loads(await reader.readline())
    if "error" in answer:
        raise ValueError(str(answer["error"]))
    return str(hello["version"])
