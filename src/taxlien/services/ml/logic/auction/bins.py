"""A distribution as chances of bins: values that come again and again stand alone, the rest by quantiles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .columns import Floats

NARROW = 48
"""Bins between four standard deviations below and above, where a sale may move by such."""
ALONE = 0.03
"""The share of all bids from which a value is a bin of its own: the floor, the rate nobody bid below."""


@dataclass(frozen=True, slots=True)
class Bins:
    """Bins in the order of their values, ``low`` to ``high``; equal where a value stands alone."""

    low: Floats
    high: Floats

    def __len__(self) -> int:
        return len(self.low)

    def numbers(self, values: Floats) -> NDArray[np.int64]:
        """Return the bin of every value; one between two bins belongs to the nearer."""
        number = np.minimum(np.searchsorted(self.high, values, "left"), len(self) - 1)
        below = np.maximum(number - 1, 0)
        return np.where(self.low[number] - values > values - self.high[below], below, number)

    def quantiles(self, chances: Floats, levels: Sequence[Floats | float]) -> Floats:
        """Return (levels, cases) the values that so much of a case's chances lies at or below."""
        sums = np.cumsum(chances, axis=1)
        wanted = np.empty((len(levels), len(sums)))
        for row, level in zip(wanted, levels, strict=True):
            row[:] = level
        wanted *= sums[:, -1]
        below = (sums < wanted[:, :, None] - 1e-9).sum(2)
        number = np.minimum(below, len(self) - 1)
        rows = np.arange(len(sums))
        chance = np.maximum(chances[rows, number], 1e-12)
        share = np.clip((wanted - sums[rows, number] + chance) / chance, 0.0, 1.0)
        width = self.high[number] - self.low[number]
        return np.asarray(self.low[number] + share * width, np.float64)

    def quantile(self, chances: Floats, level: Floats | float) -> Floats:
        """Return the value that ``level`` of a case's chances lies at or below."""
        return np.asarray(self.quantiles(chances, [level])[0])

    def moved(self, spread: float, alone: float) -> tuple[Bins, Floats]:
        """Return narrow bins, and the matrix that takes chances of these bins to theirs, as if every value
        but ``alone`` were off by a normal distance of standard deviation ``spread``: what a whole sale
        moves by."""
        stays = self.low == alone
        low, high = self.low[~stays], self.high[~stays]
        near = np.linspace(-4, 4, NARROW + 1) * spread
        first, last = min(low.min(), near[0]) - 4 * spread, max(high.max(), near[-1]) + 4 * spread
        outer = np.linspace(0, 1, NARROW // 8 + 1)
        edges = np.concatenate([first + (near[0] - first) * outer[:-1], near,
                                near[-1] + (last - near[-1]) * outer[1:]])  # fmt: skip
        width = np.maximum(high - low, spread / 100)[:, None]
        below = _below((edges - low[:, None]) / spread) - _below(
            (edges - low[:, None] - width) / spread
        )
        share = np.diff(below * spread / width, axis=1)
        matrix = np.zeros((len(self), int(stays.sum()) + len(edges) - 1))
        matrix[stays, : int(stays.sum())] = np.eye(int(stays.sum()))
        matrix[~stays, int(stays.sum()) :] = share / share.sum(1, keepdims=True)
        kept = np.full(int(stays.sum()), alone)
        return Bins(np.r_[kept, edges[:-1]], np.r_[kept, edges[1:]]), matrix


def _below(z: Floats) -> Floats:
    """Return the integral of the normal distribution up to ``z``."""
    share = 0.5 * (1 + np.vectorize(math.erf)(z / math.sqrt(2)))
    return np.asarray(z * share + np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi), np.float64)


def learn_bins(values: Floats, count: int) -> Bins:
    """Return about ``count`` bins of equal share, and one more for each value that stands alone."""
    found, times = np.unique(values, return_counts=True)
    alone = found[times >= ALONE * len(values)]
    rest = values[~np.isin(values, alone)]
    edges = np.quantile(rest, np.linspace(0, 1, count + 1)[1:-1]) if len(rest) else np.zeros(0)
    marks = np.unique(np.concatenate([edges, alone]))
    # Even numbers are the open spaces between marks, odd ones the marks that stand alone.
    place = 2 * np.searchsorted(marks, values, "left")
    place += np.isin(values, alone)
    low, high = [], []
    for number in np.unique(place):
        inside = values[place == number]
        low.append(inside.min())
        high.append(inside.max())
    return Bins(np.array(low), np.array(high))
