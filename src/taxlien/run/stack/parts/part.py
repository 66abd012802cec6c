"""What a part of the stack is: a server (or program) that can be started, asked and stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from taxlien.run.stack.home import StackHome
from taxlien.run.stack.processes import Launch, StopSteps


class State(StrEnum):
    """Where a part is in its life."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    RESTARTING = "restarting"
    FAILED = "failed"
    STOPPING = "stopping"
    STOPPED = "stopped"
    EXTERNAL = "external"


@dataclass(frozen=True)
class Site:
    """Where a part works: the home, its passwords, the ports given to it, by label.

    ``environment`` returns the settings that the parts up by now offer, ``upstreams`` the first
    port of each part that was begun, by name, and all its ports, by label.
    """

    home: StackHome
    secrets: Mapping[str, str]
    ports: Mapping[str, int]
    environment: Callable[[], Mapping[str, str]]
    upstreams: Callable[[], Mapping[str, int]]


class Part(Protocol):
    """A server of the stack. One file each; the stack knows nothing else of them."""

    @property
    def name(self) -> str:
        """Short name: folder, log file, key in ``stack.json``."""

    @property
    def title(self) -> str:
        """The name that people know."""

    @property
    def usual_ports(self) -> Mapping[str, int]:
        """Ports by label; 0 for any. The first is the one that clients use."""

    @property
    def replaced_by(self) -> str | None:
        """The setting that, given from outside, replaces this part."""

    @property
    def start_seconds(self) -> float:
        """How long it may take to answer (recovery after a crash included)."""

    @property
    def stop_steps(self) -> StopSteps:
        """Signals and the seconds to wait after each; SIGKILL comes last by itself."""

    def program(self) -> Path:
        """Return the server's program. Raises MissingProgram."""

    def clear(self, site: Site) -> list[str]:
        """Remove what a killed run left behind; say in words what. Its processes are gone."""

    async def prepare(self, site: Site) -> Launch:
        """Make folders, configuration and first data; return how to start."""

    async def probe(self, site: Site) -> str:
        """Return the version the server answers with. Raises any exception until it answers."""

    async def provision(self, site: Site) -> None:
        """Make what clients expect to find (roles, a database). Done at every start."""

    def environment(self, site: Site) -> dict[str, str]:
        """Return the settings by which clients find it."""
