"""The embedded stack: every server of one home, started together and kept running."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import os
import signal
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from pathlib import Path

import psutil

from taxlien.run.stack import external, ports, processes
from taxlien.run.stack.errors import PartFailed, StackError
from taxlien.run.stack.home import StackHome
from taxlien.run.stack.parts.nats import Nats
from taxlien.run.stack.parts.objects import Objects
from taxlien.run.stack.parts.part import Part, Site, State
from taxlien.run.stack.parts.postgres import Postgres
from taxlien.run.stack.parts.program import Program
from taxlien.run.stack.parts.valkey import Valkey
from taxlien.run.stack.supervised import Status, Supervised

EMBEDDED: Mapping[str, Callable[[], Part]] = {
    "postgres": Postgres,
    "valkey": Valkey,
    "nats": Nats,
    "objects": Objects,
}
Progress = Callable[[Status], None]
TRIES = 3  # to start a part, if meanwhile another program took one of its ports
GRACE = 15.0  # seconds for processes of a killed run to end


class Stack:
    """Servers from wheels, with their data in ``home``.

    ``parts``: names of embedded servers, or parts of your own; ``programs``: started after them,
    in order. ``ports``: usual ports by label that differ from the default. ``settings``: where a
    URL given from outside replaces a part (the environment of this process by default).

    Use it from the main thread: children end when the thread that started them does.
    """

    def __init__(
        self,
        home: Path,
        parts: Collection[str | Part] = tuple(EMBEDDED),
        programs: Sequence[Program] = (),
        ports: Mapping[str, int] | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.home = StackHome(home)
        self.notices: list[str] = []
        self._parts = [EMBEDDED[p]() if isinstance(p, str) else p for p in parts]
        self._programs = programs
        self._usual = dict(ports or {})
        self._settings = dict(os.environ if settings is None else settings)
        self._layers: list[list[Supervised]] = []
        self._external: dict[str, Status] = {}
        self._progress: Progress = lambda status: None
        self._changed = asyncio.Event()
        self._secrets: dict[str, str] = {}
        self._moved: dict[int, str] = {}
        self._started = time.time()
        self._running = False

    async def start(self, progress: Progress | None = None) -> None:
        """Start every part, in parallel, then every program, in order.

        Returns when all answer. Raises StackError; then nothing is left running.
        """
        self._progress = progress or self._progress
        notice = self.home.acquire()
        self._running = True
        try:
            self._secrets = self.home.secrets()
            if notice:
                self.notices.append(notice)
            await self._clear_leftovers()
            async with asyncio.TaskGroup() as group:
                self._layers.append([])
                for part in self._parts:
                    group.create_task(self._start(part, self._layers[0]))
            for program in self._programs:
                await self.start_program(program)
            await self._name_occupants()
            self._write_state()
        except BaseException as error:
            await self.stop()
            raise _first(error) from None

    async def start_part(self, part: Part) -> None:
        """Start one more part after the others; it is stopped before them. Raises StackError."""
        layer: list[Supervised] = []
        self._layers.append(layer)
        await self._start(part, layer)
        await self._name_occupants()
        self._write_state()

    async def start_program(self, program: Program) -> None:
        """Start one more program after the others; it is stopped before them."""
        await self.start_part(program)

    async def run_once(self, program: Program) -> None:
        """Start a program that ends by itself, and is a part until then. Nobody waits for it, and
        if it fails only the progress shows it."""
        supervised = Supervised(program, self._site(program), self._on_change, once=True)
        self._layers.append([supervised])
        await supervised.start()
        self._write_state()

    async def stop_part(self, name: str) -> None:
        """Stop one part; unknown names and parts given by a URL are left alone."""
        for layer in self._layers:
            for found in [s for s in layer if s.part.name == name]:
                await found.stop()
                layer.remove(found)
        self._write_state()

    async def stop(self) -> None:
        """Stop all, the last started first, and give the home back. Does nothing the second time."""
        if not self._running:
            return
        for layer in reversed(self._layers):
            await asyncio.gather(*(supervised.stop() for supervised in layer))
        self._layers.clear()
        self._running = False
        self.home.release()

    async def serve(self, begin: Callable[[], Awaitable[None]] | None = None) -> None:
        """Run until SIGINT, SIGTERM or SIGHUP, then stop everything; a second signal kills.

        ``begin`` starts what is wanted (by default, ``start``); a signal interrupts it. Raises
        PartFailed when a part died too often.
        """
        wanted = asyncio.Event()

        def interrupt() -> None:
            if wanted.is_set():
                self.kill()
            wanted.set()

        loop = asyncio.get_running_loop()
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        for number in numbers:
            loop.add_signal_handler(number, interrupt)
        try:
            if await _before(wanted, (begin or self.start)()):
                await _before(wanted, self.failed())
        finally:
            await self.stop()
            for number in numbers:
                loop.remove_signal_handler(number)

    async def failed(self) -> None:
        """Wait for a part to be given up; raise its PartFailed."""
        while True:
            self._changed.clear()
            for supervised in self._all():
                if supervised.failure is not None:
                    raise supervised.failure
            await self._changed.wait()

    def kill(self) -> None:
        """Kill every process of the stack at once."""
        for supervised in self._all():
            if supervised.child is not None and supervised.child.returncode is None:
                processes.kill_group(supervised.child.pid)

    def environment(self) -> dict[str, str]:
        """Return the settings (``TAXLIEN_*``) by which programs find the parts that are up."""
        given = {name: v for name, v in self._settings.items() if name in self._external_names()}
        made = {
            "TAXLIEN_SERVICE_SECRET": self._secrets["service_secret"],
            "TAXLIEN_GATEWAY_SECRET": self._secrets["gateway_secret"],
            "TAXLIEN_SEALING_KEYS": self._key("sealing_key"),
            "TAXLIEN_SEARCH_ID_KEYS": self._key("search_id_key"),
        }
        own = {name: self._settings.get(name) or value for name, value in made.items()}
        found = {"TAXLIEN_HOME": str(self.home.root), **own, **given}
        for supervised in self._all():
            if supervised.state in (State.READY, State.RESTARTING):
                found |= supervised.part.environment(supervised.site)
        return found

    def _key(self, secret: str) -> str:
        """Return a secret of this home as the one key of a ring."""
        return f"home:{base64.b64encode(bytes.fromhex(self._secrets[secret])).decode()}"

    def status(self) -> list[Status]:
        """Return a snapshot of every part, in the order of their start."""
        return [*self._external.values(), *(supervised.status() for supervised in self._all())]

    def _all(self) -> list[Supervised]:
        return [supervised for layer in self._layers for supervised in layer]

    def _external_names(self) -> set[str]:
        names = {self._replacement(part) for part in self._parts} & set(self._settings)
        names |= {status.detail for status in self._external.values()}
        names |= (
            {n for n in self._settings if n.startswith("TAXLIEN_OBJECTS_")}
            if any(name and name.startswith("TAXLIEN_OBJECTS_") for name in names)
            else set()
        )
        return {name for name in names if name}

    def _replacement(self, part: Part) -> str | None:
        """Return the setting that replaces ``part``, if it is set from outside."""
        return part.replaced_by if self._settings.get(part.replaced_by or "") else None

    async def _start(self, part: Part, layer: list[Supervised]) -> None:
        setting = self._replacement(part)
        if setting is not None:
            await external.check(setting, self._settings)
            status = Status(part.name, part.title, State.EXTERNAL, setting, "", None, None, 0.0, 0)
            self._external[part.name] = status
            self._progress(status)
            return
        for attempt in range(TRIES):
            supervised = Supervised(part, self._site(part, anew=attempt > 0), self._on_change)
            layer.append(supervised)
            try:
                self.notices += await asyncio.to_thread(part.clear, supervised.site)
                await supervised.start()
                return
            except PartFailed:
                stolen = [p for p in supervised.site.ports.values() if not ports.is_free(p)]
                if not stolen or attempt + 1 == TRIES:
                    raise
                layer.remove(supervised)

    def _site(self, part: Part, *, anew: bool = False) -> Site:
        """Choose the part's ports; ``anew``: none of those that another program just took."""
        last, given = self.home.last_ports(), {}
        taken = {port for s in self._all() for port in s.site.ports.values()}
        for label, usual in part.usual_ports.items():
            wanted = self._usual.get(label, usual)
            given[label] = ports.choose(
                0 if anew else wanted, None if anew else last.get(label), taken
            )
            taken.add(given[label])
        self.home.remember_ports(given)
        self._note_moved(part, given)
        return Site(self.home, self._secrets, given, self.environment, self._upstreams)

    def _note_moved(self, part: Part, given: Mapping[str, int]) -> None:
        """Say where a part went whose usual port is taken; its inner ports interest nobody."""
        for label, port in list(given.items())[:1]:
            wanted = self._usual.get(label, part.usual_ports[label])
            if wanted and port != wanted:
                self._moved[wanted] = f"{part.title} takes {port}"

    async def _name_occupants(self) -> None:
        """Turn what was noted into words; after the start, because looking takes a while."""
        users = await asyncio.to_thread(ports.occupants, tuple(self._moved))
        for wanted, words in self._moved.items():
            user = users.get(wanted, "another part of the stack")
            self.notices.append(f"port {wanted} is used by {user}: {words}")
        self._moved.clear()

    def _upstreams(self) -> dict[str, int]:
        labelled = {label: port for s in self._all() for label, port in s.site.ports.items()}
        return labelled | {s.name: s.port for s in self.status() if s.port is not None}

    async def _clear_leftovers(self) -> None:
        found = await asyncio.to_thread(lambda: list(processes.processes_of(self.home.root)))
        if not found:
            return
        self.notices.append(f"ended {len(found)} processes that a killed run left behind")
        servers = [process for process, part in found if part == "postgres"]
        others = [process for process, part in found if part != "postgres"]
        await asyncio.gather(
            asyncio.to_thread(processes.stop_processes, servers, GRACE, signal.SIGINT),
            asyncio.to_thread(processes.stop_processes, others, GRACE),
        )

    def _on_change(self, supervised: Supervised) -> None:
        self._changed.set()
        self._progress(supervised.status())
        for layer in self._layers:
            if supervised.over and supervised in layer:
                layer.remove(supervised)
        if supervised.over or supervised.state in (State.READY, State.RESTARTING, State.FAILED):
            self._write_state()

    def _write_state(self) -> None:
        parts = {}
        for supervised in self._all():
            status = supervised.status()
            parts[status.name] = {
                **dataclasses.asdict(status),
                "ports": dict(supervised.site.ports),
                "started": _started(status.pid),
                "log": str(self.home.log(status.name)),
            }
        parts |= {name: dataclasses.asdict(status) for name, status in self._external.items()}
        self.home.write_state(
            {
                "supervisor_pid": os.getpid(),
                "started": self._started,
                "environment": self.environment(),
                "parts": parts,
                "notices": self.notices,
            }
        )


async def _before(stop: asyncio.Event, work: Awaitable[None]) -> bool:
    """Wait for ``work`` or ``stop``, whichever is first; tell whether the work was done."""
    task = asyncio.ensure_future(work)
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((task, stopped), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
            return True
        return False
    finally:
        for waiting in (task, stopped):
            waiting.cancel()
        await asyncio.gather(task, stopped, return_exceptions=True)


def _first(error: BaseException) -> BaseException:
    """Return the one error that matters out of a group: a StackError if there is any."""
    if isinstance(error, OSError):
        return StackError(f"{error.filename or 'the disk'}: {error.strerror or error}")
    if not isinstance(error, BaseExceptionGroup):
        return error
    inner = [_first(found) for found in error.exceptions]
    return next((found for found in inner if isinstance(found, StackError)), inner[0])


def _started(pid: int | None) -> float | None:
    try:
        return psutil.Process(pid).create_time() if pid else None
    except psutil.Error:
        return None
