"""HTTP/1.1 on a socket, as little as the simulator needs, with the means to break it on purpose."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import cast

from taxlien.run.simulator.serving.messages import Answer, Request

MAX_HEAD = 32_768
MAX_BODY = 4_000_000

Respond = Callable[[Request], Answer]


class HttpProtocol(asyncio.Protocol):
    """One connection. Requests are answered in their order; keep-alive and pipelining work."""

    def __init__(self, respond: Respond, open_now: set[HttpProtocol]) -> None:
        self._respond = respond
        self._open = open_now
        self._buffer = b""
        self._busy: asyncio.Task[None] | None = None
        self._drained = asyncio.Event()
        self._drained.set()
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are transports without being a subclass.
        self._transport = cast(asyncio.Transport, transport)
        self._open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._open.discard(self)
        self._drained.set()
        if self._busy:
            self._busy.cancel()

    def pause_writing(self) -> None:
        self._drained.clear()

    def resume_writing(self) -> None:
        self._drained.set()

    def close(self) -> None:
        """End the connection now."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._busy:
            self._proceed()

    def _proceed(self) -> None:
        """Answer every whole request in the buffer, until one takes its time."""
        while not self._busy and not self._transport.is_closing():
            parsed = self._next_request()
            if parsed is None:
                return
            answer = self._respond(parsed)
            close = parsed.headers.get("connection", "").lower() == "close"
            head_only = parsed.method == "HEAD"
            if answer.wait or answer.stream is not None or answer.reset_after is not None:
                task = asyncio.get_running_loop().create_task(self._slowly(answer, close))
                task.add_done_callback(self._done)
                self._busy = task
            else:
                # A false length leaves the peer waiting for more: the end of the connection tells it.
                close = close or answer.announced is not None
                self._transport.write(
                    answer.head(close=close) + (b"" if head_only else answer.body)
                )
                if close:
                    self._transport.close()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._busy = None
        if not task.cancelled() and not self._transport.is_closing():
            self._proceed()

    async def _slowly(self, answer: Answer, close: bool) -> None:
        if answer.wait:
            await asyncio.sleep(answer.wait)
        content = answer.head(close=close) + answer.body
        if answer.reset_after is not None:
            self._transport.write(content[: answer.reset_after])
            await asyncio.sleep(0)
            # Closing without lingering is what sends a reset, and not an orderly end.
            connection = self._transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()
            return
        self._transport.write(content)
        for chunk in answer.stream or ():
            await self._drained.wait()
            if self._transport.is_closing():
                return
            self._transport.write(chunk)
        if close:
            self._transport.close()

    def _next_request(self) -> Request | None:
        """Take the next whole request from the buffer; None while it is not there yet."""
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > MAX_HEAD:
                self._transport.abort()
            return None
        try:
            lines = self._buffer[:end].decode("latin-1").split("\r\n")
            method, target, _ = lines[0].split(" ")
            headers = {}
            for line in lines[1:]:
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            length = int(headers.get("content-length", "0"))
        except ValueError:
            length = -1
        if not 0 <= length <= MAX_BODY or "transfer-encoding" in headers:
            self._transport.write(Answer(b"Bad request", status=400).head(close=True))
            self._transport.close()
            return None
        whole = end + 4 + length
        if len(self._buffer) < whole:
            return None
        body, self._buffer = self._buffer[end + 4 : whole], self._buffer[whole:]
        path, _, query = target.partition("?")
        return Request(method, path, query, headers, body)
