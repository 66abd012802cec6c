"""How far the shares of whole groups of liens come to lie from what was said of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from taxlien.services.ml.logic.survival import EDGES, chance, logit

from .columns import Floats
from .labels import Outcomes

FOUR_OF_FIVE = 1.2816  # standard deviations that hold 80 % of a normal distribution
UNKNOWN_COUNTY = 0.5
UNKNOWN_STATE = 1.0
"""Standard deviations of log odds that a place nothing was learned of adds: chosen, since too few
counties teach to measure it."""
ADDED_SPREAD: Mapping[str, float] = {"state": UNKNOWN_COUNTY, "all": UNKNOWN_STATE}
"""What is added for each cell that is not the lien's own county."""
USUAL_SPREAD = 0.8
"""Where too few groups tell: wide, chosen."""
_LEAST = 0.05
_FEWEST_GROUPS = 4
_FEWEST_IN_A_GROUP = 30


def spreads_of(outcomes: Outcomes, redeemed: Floats, groups: NDArray[np.int64]) -> list[float]:
    """Return for each edge the standard deviation, in log odds, of groups' shares about what was said,
    without what the luck of few draws explains; where too few groups tell, a wide one."""
    return [spread_of(*known_of(outcomes, redeemed, groups, k)) for k in range(len(EDGES))]


def known_of(
    outcomes: Outcomes, redeemed: Floats, groups: NDArray[np.int64], edge: int
) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Return what came, what was said and the group of the liens that are known at an edge."""
    known, came = outcomes.came_by(EDGES[edge])
    return came[known], redeemed[known, edge], groups[known]


def interval_of(p: Floats, spread: Floats) -> tuple[Floats, Floats]:
    """Return the 80 % interval of probabilities whose log odds spread so."""
    odds = logit(p)
    return (
        np.minimum(chance(odds - FOUR_OF_FIVE * spread), p),
        np.maximum(chance(odds + FOUR_OF_FIVE * spread), p),
    )


def by_level(groups: NDArray[np.int64], said: Floats, levels: int = 3) -> NDArray[np.int64]:
    """Return ``groups`` cut into ``levels`` parts each, by what was said."""
    order = np.lexsort((said, groups))
    _, first, size = np.unique(groups[order], return_index=True, return_counts=True)
    place = np.arange(len(groups)) - np.repeat(first, size)
    part = np.empty(len(groups), np.int64)
    part[order] = place * levels // np.repeat(size, size)
    return groups * levels + part


def spread_of(came: Floats, said: Floats, groups: NDArray[np.int64]) -> float:
    """Return the standard deviation, in log odds, of groups' shares about what was said of them."""
    names, which = np.unique(groups, return_inverse=True)
    n = np.bincount(which, minlength=len(names)).astype(np.float64)
    enough = n >= _FEWEST_IN_A_GROUP
    if enough.sum() < _FEWEST_GROUPS:
        return USUAL_SPREAD
    share = (np.bincount(which, weights=came, minlength=len(n)) + 0.5)[enough] / (n[enough] + 1)
    mean = np.bincount(which, weights=said, minlength=len(n))[enough] / n[enough]
    least = np.minimum(mean * (1 - mean), share * (1 - share))
    luck = 1 / (n[enough] * np.clip(least, 1e-3, None))
    beyond = (logit(share) - logit(mean)) ** 2 - luck
    return float(np.sqrt(max(float(np.mean(beyond)), _LEAST**2)))
