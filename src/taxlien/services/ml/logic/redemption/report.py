"""How good a redemption model is on liens it never saw, beside what needs no model."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from taxlien.services.ml.logic.metrics import Scores, scores_of
from taxlien.services.ml.logic.survival import EDGES

from .answer import ASKED
from .columns import Floats
from .labels import Outcomes


def report_of(outcomes: Outcomes, redeemed: Floats) -> Mapping[int, Scores]:
    """Score ``redeemed`` (liens, edges: chance by each edge) at the asked months that are known."""
    found = {}
    for months in ASKED:
        known, came = outcomes.came_by(months)
        if known.any():
            found[months] = scores_of(came[known], redeemed[known, EDGES.index(months)])
    return found


def brier_of_rate(taught: Outcomes, tested: Outcomes, months: int) -> float:
    """Return the Brier score of telling everybody the taught rate."""
    known, came = taught.came_by(months)
    rate = float(np.mean(came[known])) if known.any() else 0.5
    known, came = tested.came_by(months)
    return float(np.mean((came[known] - rate) ** 2))
