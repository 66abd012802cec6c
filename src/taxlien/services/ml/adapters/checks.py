"""The checks of models: arithmetic that loads engines, and is loaded when a model is to be checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taxlien.services.ml.logic.about import FILE, read
from taxlien.services.ml.logic.risk.meaning import HORIZON
from taxlien.services.ml.logic.table import read_table
from taxlien.services.ml.logic.watching import seen
from taxlien.services.ml.logic.watching.check import FEATURES, FEWEST, Found
from taxlien.services.ml.logic.watching.drift import Drift
from taxlien.services.ml.logic.watching.taught import taught_by
from taxlien.services.ml.logic.watching.trial import Measured

from . import (
    auction_model,
    losses_since,
    outcomes_since,
    prices_since,
    redemption_model,
    risk_model,
)
from .watcher import Challenger, Since

Files = Mapping[str, bytes]
Misses = Mapping[str, tuple[Measured, Measured]]
_LEVELS = ("stable", "watch", "drifted")


def features(files: Files, rows: Sequence[Sequence[Any]]) -> Found:
    """Hold what came lately (the county, then ``FEATURES``) against what taught the model."""
    places = np.array([row[0] for row in rows], np.str_)
    table = np.array([row[1:] for row in rows], np.float64).reshape(len(rows), len(FEATURES))
    found = seen.compared(files, dict(zip(FEATURES, table.T, strict=True)), places)
    if not found:
        why = "too few liens came lately" if len(rows) < FEWEST else "their counties taught nothing"
        if seen.FILE not in files:
            why = "its training kept no bins"
        return Found("features", "unknown", len(rows), why)
    worst = max(found, key=lambda one: (_LEVELS.index(one.level), one.psi))
    return Found("features", worst.level, found[0].rows, ", ".join(map(_words, found)))


def since(name: str, files: Files, taught_on: date) -> Since:
    """Return from which days on liens are needed to tell what came of what a model said."""
    taught = taught_by(read(files[FILE]), taught_on)
    if name == "price":
        return Since(taught.of_source, taught.last_sale, news=False)
    months = HORIZON if name == "risk" else outcomes_since.MONTHS
    return Since({}, taught.followed(months), news=True)


def outcomes(
    name: str, files: Files, challenger: Challenger | None, frame: Path, taught_on: date
) -> tuple[Found, Misses]:
    """Hold what a model said against what came of it since; and the misses of champion and challenger on
    liens that taught neither, by metric, where there is one."""
    table, about = read_table(frame), read(files[FILE])
    taught = taught_by(about, taught_on)
    if name == "risk":
        return losses_since.judged(risk_model.load(files), table, taught), {}
    if name == "price":
        found = prices_since.judged(auction_model.load(files), table, taught, about)
    else:
        found = outcomes_since.judged(redemption_model.load(files), table, taught)
    if challenger is None:
        return found, {}
    other = taught_by(read(challenger.files[FILE]), challenger.taught_on)
    either, both = taught.or_later(other), (files, challenger.files)
    if name == "price":
        missed = prices_since.misses([auction_model.load(one) for one in both], table, either)
    else:
        missed = outcomes_since.misses([redemption_model.load(one) for one in both], table, either)
    return found, {metric: _pair(values) for metric, values in missed.items()}


def _pair(values: Sequence[NDArray[np.float64]]) -> tuple[Measured, Measured]:
    champion, challenger = map(_measured, values)
    return champion, challenger


def _measured(miss: NDArray[np.float64]) -> Measured:
    return Measured(len(miss), float(miss.sum()), float((miss**2).sum()))


def _words(one: Drift) -> str:
    return f"{one.feature} {one.psi:.3f} {one.level}"
