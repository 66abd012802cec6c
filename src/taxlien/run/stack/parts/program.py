"""A program of our own beside the servers: the API, a worker."""

from __future__ import annotations

import shutil
import signal
import sysconfig
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from taxlien.run.stack import probes
from taxlien.run.stack.errors import MissingProgram
from taxlien.run.stack.parts.part import Site
from taxlien.run.stack.processes import Forks, Launch, StopSteps


@dataclass(frozen=True)
class Program:
    """A program to start once the servers answer. It finds them by the stack's environment.

    ``{port}`` in ``command``, ``environment`` and ``offers`` becomes the port it was given, and
    ``{port of NAME}`` that of another part, started before it or beside it, or the port labelled so:
    ``further_ports`` are usual ports by label, beside the first, which has the program's name.
    Ready means: ``ready_path`` answers 200 on the port labelled ``ready_port`` (the first, unless
    named); or, without a port, ``check`` raises nothing; or, with neither, that it was started.
    ``forks``: who can make it by forking, where ``command`` is ``python -m MODULE ...`` of that server.
    """

    name: str
    command: Sequence[str]
    title: str = ""
    usual_port: int | None = None
    further_ports: Mapping[str, int] = field(default_factory=dict)
    ready_path: str = "/ready"
    ready_port: str | None = None
    check: Callable[[Site], Awaitable[None]] | None = None
    environment_of_its_own: Mapping[str, str] = field(default_factory=dict)
    offers: Mapping[str, str] = field(default_factory=dict)
    start_seconds: float = 60.0
    stop_steps: StopSteps = ((signal.SIGTERM, 20.0),)
    replaced_by: str | None = None
    forks: Forks | None = None

    def __post_init__(self) -> None:
        if not self.title:
            object.__setattr__(self, "title", self.name)

    @cached_property
    def usual_ports(self) -> Mapping[str, int]:
        """The first port, labelled with the program's name, and those further; none where it listens
        nowhere."""
        first = {} if self.usual_port is None else {self.name: self.usual_port}
        return {**first, **self.further_ports}

    def program(self) -> Path:
        """Return the program's file: a path, or a name beside the interpreter or on the PATH."""
        name = self.command[0]
        found = shutil.which(name, path=sysconfig.get_path("scripts")) or shutil.which(name)
        if found is None:
            raise MissingProgram(name, "taxlien")
        return Path(found).absolute()

    def clear(self, site: Site) -> list[str]:
        """Nothing: our programs keep their state in the servers."""
        return []

    async def prepare(self, site: Site) -> Launch:
        """Fill in the port and the settings of the servers."""
        filled = [self._fill(word, site) for word in self.command[1:]]
        own = {name: self._fill(v, site) for name, v in self.environment_of_its_own.items()}
        return Launch(
            [str(self.program()), *filled],
            environment={**site.environment(), **own},
            folder=Path.cwd(),
            forks=self.forks,
        )

    async def probe(self, site: Site) -> str:
        """Ask ``ready_path``, or ``check``."""
        if self.usual_port is not None:
            port = site.ports[self.ready_port or self.name]
            status, body = await probes.http_get(port, self.ready_path)
            if status != 200:
                raise ValueError(f"{self.ready_path} answers {status}: {body[:200]}")
        if self.check is not None:
            await self.check(site)
        return ""

    async def provision(self, site: Site) -> None:
        """Nothing: a program makes what it needs itself."""

    def environment(self, site: Site) -> dict[str, str]:
        """Return what it offers to those started after it."""
        return {name: self._fill(value, site) for name, value in self.offers.items()}

    def _fill(self, word: str, site: Site) -> str:
        filled = word.replace("{port}", str(site.ports.get(self.name, "")))
        for name, port in {**site.upstreams(), **site.ports}.items():
            filled = filled.replace(f"{{port of {name}}}", str(port))
        return filled
