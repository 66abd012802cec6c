"""Calibration drift: whether as many came true as the model said, once the outcomes are known.

Outcomes of independent predictions p have the sum's mean sum(p) and variance sum(p (1 - p))
(Spiegelhalter 1986). Owners of one county act together, so the variance is widened by the spread
between counties (a design effect, at least one).

Values of any kind (misses, losses) are held against what was expected of them by their mean, with the
standard error that groups of them have who move together (Liang and Zeger 1986, with the factor
G / (G - 1)), and Student's t of G - 1 degrees: few groups tell little.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

SIGMAS = 3.29  # once in a thousand times by chance
LEAST_GAP = 0.02  # of the share: less than this is no reason to wake anybody
BY_CHANCE = 0.001
FEWEST_GROUPS = 3


class ComingTrue(msgspec.Struct, frozen=True):
    """``expected`` and ``observed`` shares of ``rows`` predictions; ``z``: their gap in sigmas."""

    rows: int
    expected: float
    observed: float
    z: float
    drifted: bool


def coming_true(
    predicted: NDArray[np.float64], came: NDArray[np.bool_], county: NDArray[np.int64]
) -> ComingTrue | None:
    """Return how predictions compare with what came of them; None without any."""
    if not len(predicted):
        return None
    expected, observed = float(predicted.mean()), float(came.mean())
    spread = (predicted * (1 - predicted)).sum() * _design_effect(predicted, came, county)
    z = float((came.sum() - predicted.sum()) / np.sqrt(spread)) if spread > 0 else 0.0
    far = abs(z) > SIGMAS and abs(observed - expected) > LEAST_GAP
    return ComingTrue(len(predicted), expected, observed, z, far)


def _design_effect(
    predicted: NDArray[np.float64], came: NDArray[np.bool_], county: NDArray[np.int64]
) -> float:
    """Return how much more counties differ among themselves than independent liens would."""
    _, group = np.unique(county, return_inverse=True)
    groups = int(group.max()) + 1
    if groups < 2:
        return 1.0
    gap = np.bincount(group, weights=came - predicted)
    variance = np.bincount(group, weights=predicted * (1 - predicted))
    share = variance / variance.sum() if variance.sum() > 0 else np.full(groups, 1 / groups)
    apart = gap - share * gap.sum()  # the drift common to all is what is tested, not its spread
    known = variance > 0
    if known.sum() < 2:
        return 1.0
    return max(1.0, float((apart[known] ** 2 / variance[known]).sum() / (known.sum() - 1)))


class Beside(msgspec.Struct, frozen=True):
    """The mean of ``rows`` values of ``groups`` groups less what was expected, ``t`` in standard errors;
    ``chance``: what |t| exceeds once in a thousand times."""

    rows: int
    groups: int
    gap: float
    t: float
    chance: float

    @property
    def more(self) -> bool:
        """Tell whether they are more than expected, beyond chance."""
        return self.t > self.chance

    @property
    def less(self) -> bool:
        """Tell whether they are less than expected, beyond chance."""
        return self.t < -self.chance


def beside(
    values: NDArray[np.float64], expected: NDArray[np.float64] | float, group: NDArray[np.int64]
) -> Beside | None:
    """Return how values lie to what was expected of them; None where too few groups tell."""
    names, which = np.unique(group, return_inverse=True)
    n, groups = len(values), len(names)
    if groups < FEWEST_GROUPS:
        return None
    off = values - expected
    gap = float(off.mean())
    together = np.bincount(which, weights=off - gap)
    error = float(np.sqrt((together**2).sum() * groups / (groups - 1)) / n)
    error = max(error, float(off.std()) / np.sqrt(n))  # never surer than independent ones would be
    t = gap / error if error > 0 else float(np.sign(gap)) * np.inf if gap else 0.0
    return Beside(n, groups, gap, t, float(stdtrit(groups - 1, 1 - BY_CHANCE / 2)))
