"""One part under supervision: started until it answers, watched, restarted, stopped."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from taxlien.run.stack import ports, processes
from taxlien.run.stack.errors import PartFailed
from taxlien.run.stack.parts.part import Part, Site, State
from taxlien.run.stack.processes import POLL, Child

DEATHS, WINDOW = 5, 60.0  # this many deaths in so many seconds, and a part is given up
FIRST_DELAY, LONGEST_DELAY = 0.1, 5.0  # seconds before a restart, doubling
LIFE_AFTER_DEATH = 5.0  # seconds that children of a dead server get to end by themselves


@dataclass(frozen=True)
class Status:
    """A snapshot of one part, for displays and ``stack.json``."""

    name: str
    title: str
    state: State
    detail: str
    version: str
    port: int | None
    pid: int | None
    seconds: float
    restarts: int


class Supervised:
    """Keeps one part running. ``changed`` hears of every change of state.

    ``once``: it ends by itself and is not started again; then it is ``over``, and failed if it says so.
    """

    def __init__(
        self,
        part: Part,
        site: Site,
        changed: Callable[[Supervised], None],
        *,
        once: bool = False,
    ) -> None:
        self.part = part
        self.over = False
        self._once = once
        self.site = site
        self.child: Child | None = None
        self.failure: PartFailed | None = None
        self.state = State.WAITING
        self.restarts = 0
        self._changed = changed
        self._detail = ""
        self._version = ""
        self._began = time.monotonic()
        self._seconds = 0.0
        self._watcher: asyncio.Task[None] | None = None
        self._deaths: deque[float] = deque(maxlen=DEATHS)

    def status(self) -> Status:
        """Return a snapshot."""
        return Status(
            name=self.part.name,
            title=self.part.title,
            state=self.state,
            detail=self._detail,
            version=self._version,
            port=next(iter(self.site.ports.values()), None),
            pid=self.child.pid if self.child and self.child.returncode is None else None,
            seconds=self._seconds,
            restarts=self.restarts,
        )

    async def start(self) -> None:
        """Start the part and return when it answers. Raises PartFailed; nothing is left then."""
        self._began = time.monotonic()
        self._enter(State.STARTING)
        try:
            await self._launch()
        except BaseException as error:
            await self._end()
            self._enter(State.FAILED, str(error).partition("\n")[0])
            raise
        self._watcher = asyncio.create_task(self._watch(), name=f"watch {self.part.name}")

    async def stop(self) -> None:
        """Stop the part and everything it started."""
        if self.state in (State.STOPPED, State.WAITING):
            return
        if self.state is not State.FAILED:
            self._enter(State.STOPPING)
        if self._watcher is not None:
            self._watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watcher
        await self._end()
        with contextlib.suppress(PartFailed, OSError):
            self.part.clear(self.site)
        if self.state is not State.FAILED:
            self._enter(State.STOPPED)

    async def _launch(self) -> None:
        launch = await self.part.prepare(self.site)
        home, name = self.site.home, self.part.name
        marks = processes.marks_of(home.root, name)
        self.child = processes.spawn(launch, home.open_log(name), marks)
        await self._until_ready(self.child)
        await self.part.provision(self.site)
        self._seconds = time.monotonic() - self._began
        self._enter(State.READY)

    async def _until_ready(self, child: Child) -> None:
        deadline = time.monotonic() + self.part.start_seconds
        log = self.site.home.log(self.part.name)
        while True:
            try:
                async with asyncio.timeout(5):
                    self._version = await self.part.probe(self.site)
                if child.returncode is None:  # else something else answered on that port
                    return
            except Exception as error:  # whatever a server says while it wakes up
                reason: Exception = error
            if child.returncode is not None:
                words = f"it {ending(child.returncode)}{self._port_trouble()}"
                raise PartFailed(self.part.title, words, log)
            if time.monotonic() > deadline:
                words = f"no answer after {self.part.start_seconds:.0f} s ({reason})"
                raise PartFailed(self.part.title, words, log)
            await asyncio.sleep(POLL)

    def _port_trouble(self) -> str:
        users = ports.occupants(self.site.ports.values())
        return "".join(f"; port {port} is used by {user}" for port, user in users.items())

    async def _watch(self) -> None:
        while self.child is not None:
            status = await self.child.wait()
            how = ending(status)
            if self._once:
                self.over = True
                self._enter(State.FAILED if status else State.STOPPED, how if status else "")
                return
            while not await self._revive(how):
                how = "did not come back"
                if self.failure is not None:
                    return

    async def _revive(self, how: str) -> bool:
        """Start a dead part again. Return whether it answers; sets ``failure`` when given up."""
        now = time.monotonic()
        self._deaths.append(now)
        log = self.site.home.log(self.part.name)
        if len(self._deaths) == DEATHS and now - self._deaths[0] < WINDOW:
            words = f"it {how}: the {DEATHS}th time in {WINDOW:.0f} s, not restarted again"
            self.failure = PartFailed(self.part.title, words, log)
            self._enter(State.FAILED, words)
            return False
        recent = sum(1 for death in self._deaths if now - death < WINDOW)
        delay = min(FIRST_DELAY * 2 ** (recent - 1), LONGEST_DELAY)
        self.restarts += 1
        self._began = now
        self._enter(State.RESTARTING, f"{how}; restart {self.restarts}")
        await asyncio.sleep(delay)
        await self._end()
        try:
            await asyncio.to_thread(self._clear)
            await self._launch()
        except Exception as error:
            self._detail = str(error)
            await self._end()
            return False
        return True

    def _clear(self) -> None:
        """Let what the dead server started end (PostgreSQL's children do so by themselves)."""
        name, root = self.part.name, self.site.home.root
        rest = [p for p, part in processes.processes_of(root) if part == name]
        if rest:
            processes.stop_processes(rest, LIFE_AFTER_DEATH, signal.SIGTERM)
        self.part.clear(self.site)

    async def _end(self) -> None:
        if self.child is not None:
            await self.child.stop(self.part.stop_steps)

    def _enter(self, state: State, detail: str = "") -> None:
        self.state, self._detail = state, detail
        self._changed(self)


def ending(status: int) -> str:
    """Say in words how a process ended."""
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"
