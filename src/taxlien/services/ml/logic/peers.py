"""Simple ways of saying what a model says, taught on the same rows: what a model has to be better than."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_ROUNDS = 25
_RIDGE = 1.0


def logistic(taught: Floats, came: Floats, asked: Floats) -> Floats:
    """Return the chances of ``asked`` by a logistic regression of ``came`` (0 or 1) on ``taught``.

    Columns are standardised; what is not known is the mean, and a column of its own says so.
    """
    middle = np.nanmean(np.where(np.isfinite(taught).any(0), taught, 0.0), axis=0)
    spread = np.nanstd(np.where(np.isfinite(taught).any(0), taught, 0.0), axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    gaps = ~np.isfinite(taught).all(0)

    def terms(rows: Floats) -> Floats:
        known = np.isfinite(rows)
        scaled = np.clip(np.where(known, (rows - middle) / spread, 0.0), -8, 8)
        return np.column_stack([scaled, ~known[:, gaps], np.ones(len(rows))])

    known, weights = terms(taught), np.zeros(taught.shape[1] + int(gaps.sum()) + 1)
    for _ in range(_ROUNDS):
        chance = 1 / (1 + np.exp(-np.clip(known @ weights, -30, 30)))
        pull = known.T @ (came - chance) - _RIDGE * weights
        bend = (known * (chance * (1 - chance))[:, None]).T @ known + _RIDGE * np.eye(len(weights))
        step = np.linalg.solve(bend, pull)
        weights = weights + step
        if np.abs(step).max() < 1e-6:
            break
    return np.asarray(1 / (1 + np.exp(-np.clip(terms(asked) @ weights, -30, 30))), np.float64)


def rate_of(places: NDArray[np.bytes_], came: Floats, asked: NDArray[np.bytes_]) -> Floats:
    """Return for each of ``asked`` the mean of ``came`` in its place, and where it has none of all."""
    return _by_place(places, came, asked, np.mean)


def middle_of(places: NDArray[np.bytes_], values: Floats, asked: NDArray[np.bytes_]) -> Floats:
    """Return for each of ``asked`` the median of ``values`` in its place, and where it has none of all."""
    return _by_place(places, values, asked, np.median)


def _by_place(
    places: NDArray[np.bytes_], values: Floats, asked: NDArray[np.bytes_], mean: object
) -> Floats:
    assert callable(mean)
    found = np.full(len(asked), float(mean(values)) if len(values) else np.nan)
    for place in np.unique(places):
        found[asked == place] = float(mean(values[places == place]))
    return found
