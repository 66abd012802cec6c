"""A distribution as chances of bins: values that come again and again stand alone, the rest by quantiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .columns import Floats

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
