"""Serve the simulator: one process, one loop, one socket."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

import uvloop

from taxlien.run.simulator.serving.protocol import HttpProtocol
from taxlien.run.simulator.serving.simulator import Simulator


async def serve(simulator: Simulator, port: int, announce: Callable[[int], None]) -> None:
    """Serve on 127.0.0.1 until asked to stop. ``announce`` is told the port: port 0 is any free one.

    OSError where the port is taken.
    """
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    open_now: set[HttpProtocol] = set()
    server = await loop.create_server(
        lambda: HttpProtocol(simulator.respond, open_now), "127.0.0.1", port, backlog=512
    )
    bound = server.sockets[0].getsockname()[1]
    simulator.origin = f"http://127.0.0.1:{bound}"
    announce(bound)
    await stopped.wait()
    server.close()
    for connection in tuple(open_now):
        connection.close()


def run(simulator: Simulator, port: int, announce: Callable[[int], None]) -> None:
    """Serve in a loop of its own."""
    uvloop.run(serve(simulator, port, announce))
