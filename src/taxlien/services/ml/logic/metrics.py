"""How good probabilities are: sharpness, ranking and honesty, each against what nobody needs a model for."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BINS = 10
_DRAWS, _SEED = 40, 7
_LEAST = 1e-6  # a probability of nothing or everything would make one miss infinitely bad


class Bin(msgspec.Struct, frozen=True):
    """One row of a reliability table: of ``n`` cases said to be ``predicted`` on average, ``observed``
    came true."""

    n: int
    predicted: float
    observed: float


class Scores(msgspec.Struct, frozen=True):
    """What a set of predicted probabilities is worth. ``auc`` is null where all outcomes are equal."""

    n: int
    base_rate: float
    brier: float
    log_loss: float
    auc: float | None
    ece: float
    reliability: tuple[Bin, ...]


def scores_of(outcome: Floats, predicted: Floats, bins: int = BINS) -> Scores:
    """Score ``predicted`` (0..1) against ``outcome`` (0 or 1). Raises ValueError for no cases."""
    if not len(outcome):
        raise ValueError("no cases to score")
    return Scores(
        n=len(outcome),
        base_rate=float(np.mean(outcome)),
        brier=brier(outcome, predicted),
        log_loss=log_loss(outcome, predicted),
        auc=auc(outcome, predicted),
        ece=ece(outcome, predicted, bins),
        reliability=reliability(outcome, predicted, bins),
    )


def brier(outcome: Floats, predicted: Floats) -> float:
    """Return the mean squared error of probabilities; 0 is perfect."""
    return float(np.mean((predicted - outcome) ** 2))


def log_loss(outcome: Floats, predicted: Floats) -> float:
    """Return the mean negative log likelihood, in nats."""
    p = np.clip(predicted, _LEAST, 1 - _LEAST)
    return float(-np.mean(outcome * np.log(p) + (1 - outcome) * np.log(1 - p)))


def auc(outcome: Floats, predicted: Floats) -> float | None:
    """Return how often a case that came true was ranked above one that did not; ties count half."""
    positive = float(np.sum(outcome))
    negative = len(outcome) - positive
    if not positive or not negative:
        return None
    _, inverse, counts = np.unique(predicted, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    rank = (last - (counts - 1) / 2)[inverse]
    above = float(np.sum(rank[outcome > 0])) - positive * (positive + 1) / 2
    return above / (positive * negative)


def ece(outcome: Floats, predicted: Floats, bins: int = BINS) -> float:
    """Return the expected calibration error over bins of equal width, weighted by their cases."""
    table = reliability(outcome, predicted, bins)
    return sum(b.n * abs(b.observed - b.predicted) for b in table) / len(outcome)


def ece_by_chance(predicted: Floats, bins: int = BINS) -> float:
    """Return the calibration error in the mean of outcomes drawn from ``predicted`` itself: what luck alone
    comes to with so many cases. The same for the same chances."""
    made = np.random.default_rng(_SEED)
    drawn = (made.random(len(predicted)) < predicted for _ in range(_DRAWS))
    return float(np.mean([ece(came.astype(np.float64), predicted, bins) for came in drawn]))


def reliability(outcome: Floats, predicted: Floats, bins: int = BINS) -> tuple[Bin, ...]:
    """Return what was said beside what happened, by bins of equal width; empty bins are left out."""
    place = np.clip((predicted * bins).astype(np.int64), 0, bins - 1)
    n = np.bincount(place, minlength=bins)
    said = np.bincount(place, weights=predicted, minlength=bins)
    came = np.bincount(place, weights=outcome, minlength=bins)
    return tuple(
        Bin(int(n[k]), float(said[k] / n[k]), float(came[k] / n[k])) for k in range(bins) if n[k]
    )
