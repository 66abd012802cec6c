"""Where jobs run: one event loop in a thread of its own, with one database per service, kept between jobs."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING

import uvloop

from taxlien.kit.database import Database
from taxlien.kit.jobs import Argument, Work
from taxlien.kit.settings import KitSettings

if TYPE_CHECKING:
    from taxlien.kit.jobs import Sender

POOL_SIZE = 4
_STOP_SECONDS = 20.0


class JobLoop:
    """Runs jobs for the threads that took them from the broker. A forked child begins anew by itself."""

    def __init__(self, settings: KitSettings, send: Callable[[], Sender]) -> None:
        self._settings = settings
        self._send = send
        self._lock = threading.Lock()
        self._pid: int | None = None
        self._loop: asyncio.AbstractEventLoop
        self._stop: asyncio.Event
        self._thread: threading.Thread
        self._databases: dict[str, Database] = {}

    def run(
        self, service: str, job: Callable[..., Awaitable[None]], arguments: Sequence[Argument]
    ) -> None:
        """Do one job and wait for its end. Raises what it raises."""
        self._begin()
        future: Future[None] = asyncio.run_coroutine_threadsafe(
            self._do(service, job, arguments), self._loop
        )
        future.result()

    def stop(self) -> None:
        """Ask jobs under way to leave the rest to others; new ones come to their end all the same."""
        with self._lock:
            if self._pid == os.getpid():
                self._loop.call_soon_threadsafe(self._stop.set)

    def close(self) -> None:
        """Close the databases and end the thread."""
        with self._lock:
            if self._pid != os.getpid():
                return
            closing = asyncio.run_coroutine_threadsafe(self._close(), self._loop)
            closing.result(_STOP_SECONDS)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_STOP_SECONDS)
            self._pid = None

    def _begin(self) -> None:
        with self._lock:
            if self._pid == os.getpid():
                return
            self._databases = {}
            self._loop = uvloop.new_event_loop()
            self._stop = asyncio.Event()
            self._thread = threading.Thread(target=self._loop.run_forever, name="jobs", daemon=True)
            self._thread.start()
            self._pid = os.getpid()

    async def _do(
        self, service: str, job: Callable[..., Awaitable[None]], arguments: Sequence[Argument]
    ) -> None:
        database = self._databases.get(service)
        if database is None:
            url = self._settings.database_url_for(service)
            database = Database(url, service=service, pool_size=POOL_SIZE)
            self._databases[service] = database
        await job(Work(database, self._send(), self._stop), *arguments)

    async def _close(self) -> None:
        for database in self._databases.values():
            await database.close()
        self._databases = {}
