"""Checks of models by name: what does the arithmetic loads engines, and is loaded when it is asked for."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import cast

from taxlien.services.ml.logic.watching.check import Found
from taxlien.services.ml.logic.watching.trial import Measured

_CHECKS = "taxlien.services.ml.adapters.checks"
Files = Mapping[str, bytes]
Misses = tuple[Measured, Measured]


def features(files: Files, rows: Sequence[Sequence[float | None]]) -> Found:
    """Return ``checks.features``."""
    return cast(Found, pkgutil.resolve_name(f"{_CHECKS}:features")(files, rows))


def outcomes(
    files: Files, challenger: Files | None, frame: Path, taught_on: date
) -> tuple[Found, Misses | None]:
    """Return ``checks.outcomes``."""
    found = pkgutil.resolve_name(f"{_CHECKS}:outcomes")(files, challenger, frame, taught_on)
    return cast(tuple[Found, Misses | None], found)
