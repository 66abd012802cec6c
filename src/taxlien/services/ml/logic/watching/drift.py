"""Drift of what a model sees: the population stability index of every feature against its training.

PSI = sum over bins of (now - then) * ln(now / then) of the shares (Siddiqi 2006: under 0.1 stable,
over 0.25 shifted). Few rows alone give a PSI above zero: without any drift it is about
chi-square(bins - 1) * (1 / rows then + 1 / rows now) (Yurdakul 2018), so an alarm also asks that the
PSI be beyond what chance gives once in a thousand times.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

Level = Literal["stable", "watch", "drifted"]

BINS = 10
WATCH, DRIFTED = 0.1, 0.25
BY_CHANCE = 0.001
_HALF = 0.5  # a row, added to every bin: an empty bin is a rare one, not an impossible one


class Reference(msgspec.Struct, frozen=True):
    """A feature as training saw it: edges between its bins and how many rows fell into each.

    The last count is of rows without a value. ``edges`` are the inner ones, growing.
    """

    feature: str
    edges: tuple[float, ...]
    counts: tuple[int, ...]


class Drift(msgspec.Struct, frozen=True):
    """The PSI of a feature over ``rows`` rows, and what it means."""

    feature: str
    psi: float
    rows: int
    level: Level


def reference(feature: str, values: NDArray[np.float64]) -> Reference:
    """Return a feature's bins: tenths of its values, fewer where many rows share a value."""
    known = values[~np.isnan(values)]
    edges = np.unique(np.quantile(known, np.arange(1, BINS) / BINS)) if known.size else known
    return Reference(feature, tuple(map(float, edges)), _counts(values, edges))


def drift(then: Reference, values: NDArray[np.float64]) -> Drift:
    """Return how far ``values`` are from the feature's training; no rows are no drift."""
    before = np.array(then.counts, dtype=np.float64)
    after = np.array(_counts(values, np.array(then.edges)), dtype=np.float64)
    psi = stability(before, after)
    return Drift(then.feature, psi, len(values), _level(psi, before, after))


def stability(before: NDArray[np.float64], after: NDArray[np.float64]) -> float:
    """Return the PSI between two counts of the same bins (0 where either has no row)."""
    if not before.sum() or not after.sum():
        return 0.0
    was = (before + _HALF) / (before + _HALF).sum()
    now = (after + _HALF) / (after + _HALF).sum()
    return float(((now - was) * np.log(now / was)).sum())


def drifted(found: Sequence[Drift]) -> list[Drift]:
    """Return the features to raise an alarm for, the farthest first."""
    return sorted((each for each in found if each.level == "drifted"), key=lambda each: -each.psi)


def _level(psi: float, before: NDArray[np.float64], after: NDArray[np.float64]) -> Level:
    if not before.sum() or not after.sum():
        return "stable"
    chance = float(chdtri(len(before) - 1, BY_CHANCE)) * (1 / before.sum() + 1 / after.sum())
    if psi <= max(WATCH, chance):
        return "stable"
    return "drifted" if psi > DRIFTED else "watch"


def _counts(values: NDArray[np.float64], edges: NDArray[np.float64]) -> tuple[int, ...]:
    known = values[~np.isnan(values)]
    found = np.bincount(np.searchsorted(edges, known, side="right"), minlength=len(edges) + 1)
    return (*map(int, found), int(len(values) - known.size))
