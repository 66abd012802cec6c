"""The checks of models: arithmetic that loads engines, and is loaded when a model is to be checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import numpy as np

from taxlien.services.ml.logic.about import FILE, read
from taxlien.services.ml.logic.watching import seen
from taxlien.services.ml.logic.watching.check import FEATURES, FEWEST, Found
from taxlien.services.ml.logic.watching.coming_true import coming_true
from taxlien.services.ml.logic.watching.drift import Drift
from taxlien.services.ml.logic.watching.trial import Measured

from . import redemption_model
from .outcomes_since import CameOf, came_of

Files = Mapping[str, bytes]
_LEVELS = ("stable", "watch", "drifted")


def features(files: Files, rows: Sequence[Sequence[float | None]]) -> Found:
    """Hold what came lately (columns as ``FEATURES``) against what taught the model."""
    table = np.array(rows, np.float64).reshape(len(rows), len(FEATURES))
    found = seen.compared(files, dict(zip(FEATURES, table.T, strict=True)))
    if not found:
        why = "too few liens came lately" if seen.FILE in files else "its training kept no bins"
        return Found("features", "unknown", len(rows), why)
    worst = max(found, key=lambda one: (_LEVELS.index(one.level), one.psi))
    return Found("features", worst.level, len(rows), ", ".join(map(_words, found)))


def outcomes(
    files: Files, challenger: Files | None, frame: Path, taught_on: date
) -> tuple[Found, tuple[Measured, Measured] | None]:
    """Hold what the redemption model said against what came of it since; and the squared misses of
    champion and challenger on the same liens, where there is one."""
    last_sale = date.fromisoformat(str(read(files[FILE]).parameters["last_sale"]))
    artifacts = [files] if challenger is None else [files, challenger]
    models = [redemption_model.load(one) for one in artifacts]
    told = came_of(models, frame, taught_on, last_sale)
    judged = coming_true(told[0].predicted, told[0].came, told[0].county) if told else None
    if judged is None or judged.rows < FEWEST:
        rows = judged.rows if judged else 0
        return Found("outcomes", "unknown", rows, "too few outcomes since it was taught"), None
    words = (
        f"12 months: {judged.expected:.4f} expected, {judged.observed:.4f} came, z {judged.z:.2f}"
    )
    found = Found("outcomes", "drifted" if judged.drifted else "stable", judged.rows, words)
    return found, (_measured(told[0]), _measured(told[1])) if challenger is not None else None


def _measured(told: CameOf) -> Measured:
    miss = told.squared_miss
    return Measured(len(miss), float(miss.sum()), float((miss**2).sum()))


def _words(one: Drift) -> str:
    return f"{one.feature} {one.psi:.3f} {one.level}"
