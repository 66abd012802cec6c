"""A cable between us and a server, which can be cut for as long as a test wants."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit, urlunsplit


class Cable:
    """A TCP forwarder on a port of its own. While it is cut, connections end and new ones are refused.

    ``carried`` counts the connections that came through.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._far = str(parts.hostname), int(parts.port or 0)
        self._parts = parts
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.carried = 0

    @property
    def url(self) -> str:
        """The server's address by way of the cable."""
        login = self._parts.netloc.rpartition("@")[0]
        netloc = f"{login}@127.0.0.1:{self.port}" if login else f"127.0.0.1:{self.port}"
        return urlunsplit(self._parts._replace(netloc=netloc))

    async def join(self) -> None:
        """Let it be whole."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Cut it: nothing that is under way arrives."""
        if self._server is not None:
            self._server.close()
        for end in self._ends:
            end.transport.abort()

    async def _carry(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            far, there = await asyncio.open_connection(self._host, self._far)
            self._ends |= {back, there}
            self.carried += 1
            try:
                await asyncio.gather(_pump(near, there), _pump(far, back))
            finally:
                for end in (back, there):
                    self._ends.discard(end)
                    end.transport.abort()


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await source.read(65_536):
            target.write(piece)
            await target.drain()
    target.transport.abort()
