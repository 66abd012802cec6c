"""Waits until somebody listens at a port of this machine."""

from __future__ import annotations

import asyncio


async def wait_for_port(port: int, seconds: float = 30) -> None:
    """Return as soon as a connection is taken. Raises ``TimeoutError`` after ``seconds``."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.01)
            else:
                writer.close()
                return
