"""Checks of models by name: what does the arithmetic loads engines, and is loaded when it is asked for."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, cast

from taxlien.services.ml.logic.watching.check import Found
from taxlien.services.ml.logic.watching.trial import Measured

HELD = ("redemption", "price", "risk")
"""Models of which it can be told whether what they said came true."""

_CHECKS = "taxlien.services.ml.adapters.checks"
Files = Mapping[str, bytes]
Misses = Mapping[str, tuple[Measured, Measured]]


@dataclass(frozen=True)
class Challenger:
    """The files of a model on trial, and the day by which it had learned."""

    files: Files
    taught_on: date


@dataclass(frozen=True)
class Since:
    """After which day a lien is needed: of its source, or ``otherwise``; ``news``: also for what became of
    it since, not for its sale alone."""

    of_source: Mapping[str, date]
    otherwise: date
    news: bool


def features(files: Files, rows: Sequence[Sequence[Any]]) -> Found:
    """Return ``checks.features``."""
    return cast(Found, _of("features")(files, rows))


def since(name: str, files: Files, taught_on: date) -> Since:
    """Return ``checks.since``."""
    return cast(Since, _of("since")(name, files, taught_on))


def outcomes(
    name: str, files: Files, challenger: Challenger | None, frame: Path, taught_on: date
) -> tuple[Found, Misses]:
    """Return ``checks.outcomes``."""
    found = _of("outcomes")(name, files, challenger, frame, taught_on)
    return cast(tuple[Found, Misses], found)


def _of(name: str) -> Any:
    return pkgutil.resolve_name(f"{_CHECKS}:{name}")
