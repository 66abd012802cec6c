"""Whether one model is better than another beyond noise: the same cases, drawn again and again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DRAWS = 2_000
SEED = 20_260_101
_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class Comparison:
    """Loss of the challenger minus that of the champion, a case: below zero is better.

    ``low`` to ``high`` holds 95 of 100 draws. ``cases`` counts what was compared, ``clusters`` the
    parcels they belong to: cases of one parcel are drawn together, since they are not independent.
    """

    difference: float
    low: float
    high: float
    cases: int
    clusters: int

    @property
    def better(self) -> bool:
        """Tell whether the challenger wins beyond noise."""
        return self.clusters > 1 and self.high < 0


def compare(
    champion: NDArray[np.float64],
    challenger: NDArray[np.float64],
    cluster: NDArray[np.int64],
    *,
    seed: int = SEED,
) -> Comparison:
    """Compare losses of the same cases, in one order; ``cluster`` numbers what belongs together.

    A case that either could not be measured on (NaN) is left out of both. Raises ``ValueError`` where
    the lengths differ.
    """
    if not len(champion) == len(challenger) == len(cluster):
        raise ValueError("losses of other cases cannot be compared")
    both = np.isfinite(champion) & np.isfinite(challenger)
    difference = (challenger - champion)[both]
    if not len(difference):
        return Comparison(0.0, 0.0, 0.0, 0, 0)
    _, number = np.unique(cluster[both], return_inverse=True)
    sums = np.bincount(number, difference).astype(np.float64)
    sizes = np.bincount(number).astype(np.float64)
    means = _drawn_means(sums, sizes, np.random.default_rng(seed))
    low, high = np.quantile(means, (0.025, 0.975))
    return Comparison(float(difference.mean()), float(low), float(high), len(difference), len(sums))


def _drawn_means(
    sums: NDArray[np.float64], sizes: NDArray[np.float64], random: np.random.Generator
) -> NDArray[np.float64]:
    count = len(sums)
    step = max(1, _AT_ONCE // count)
    means = []
    for start in range(0, DRAWS, step):
        drawn = random.integers(0, count, (min(step, DRAWS - start), count))
        means.append(sums[drawn].sum(1) / sizes[drawn].sum(1))
    return np.concatenate(means)
