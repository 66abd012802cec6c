"""The role api: one process that serves in its own loop, or several below a parent that keeps them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import uvloop
from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.log import LogLevels
from granian.server.embed import Server

from taxlien.run.application import create

BACKPRESSURE = 512  # requests at once, the rest waits in the kernel


def serve_alone(host: str, port: int) -> None:
    """Serve until SIGTERM or Ctrl-C, without a second interpreter as parent; ends the process.

    Raises ``SettingsError`` in words and ``OSError`` for a taken port.
    """
    served = uvloop.run(_serve(host, port))
    sys.stdout.flush()
    sys.stderr.flush()
    # All is closed. A thread of the HTTP server may still let go of a connection that a client kept
    # open, which aborts the process when the interpreter ends under it.
    os._exit(0 if served else 1)


async def _serve(host: str, port: int) -> bool:
    """Return whether it ended because it was asked to."""
    asked_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked_to_stop.set)
    server = Server(
        create,
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        http=HTTPModes.auto,
        backpressure=BACKPRESSURE,
        log_access=False,
        log_level=LogLevels.error,  # its warning says that this way is an experiment
        websockets=False,
    )
    serving = asyncio.create_task(server.serve())
    stopping = asyncio.create_task(asked_to_stop.wait())
    await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not serving.done():
        server.stop()  # type: ignore[no-untyped-call]
    await serving
    return asked_to_stop.is_set()


def serve_below_parent(host: str, port: int, processes: int) -> None:
    """Serve by several processes, each started again when it dies, until SIGTERM or Ctrl-C."""
    Granian(
        "taxlien.run.application:create",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        http=HTTPModes.auto,
        workers=processes,
        backpressure=BACKPRESSURE,
        respawn_failed_workers=True,
        log_access=False,
        log_level=LogLevels.warning,
        websockets=False,
    ).serve()
