"""Where training runs and model versions are written down for people to look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

Alias = Literal["champion", "challenger"]


@dataclass(frozen=True)
class Run:
    """A training run. ``source`` is the address of the artifact, ``data_sha256`` names what taught it,
    ``pictures`` are SVG by the name of their file."""

    name: str
    artifact: str
    source: str
    data_sha256: str
    parameters: Mapping[str, str | int | float]
    metrics: Mapping[str, float]
    pictures: Mapping[str, bytes]


@dataclass(frozen=True)
class Version:
    """A registered version of a model, counted from 1."""

    name: str
    version: int
    run_id: str


class Registry(Protocol):
    """Keeps runs, versions and aliases. Its calls block: call them beside the loop."""

    def record(self, run: Run) -> Version:
        """Write a run down and register what it made as the next version."""
        ...

    def appoint(self, name: str, alias: Alias, version: int) -> None:
        """Let ``alias`` mean ``version``; repeating it changes nothing."""
        ...
