"""Time to an end in steps: each case is asked about interval by interval, while it is still open.

Intervals are half open, in months of 365.25 / 12 days after the sale: (0, 3], (3, 6] ... An interval that
was not watched to its end says nothing, of those that ended in it neither: they alone would flatter it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

EDGES: tuple[int, ...] = (3, 6, 9, 12, 18, 24, 36, 48, 60)
"""Months at which intervals end; the last is the horizon of everything that is said."""
DAYS_A_MONTH = 365.25 / 12
NEARLY = 7.0
"""Days that an interval may lack of having been watched to its end: sales of a county lie a year apart but
for some days, and what the last one tells of its first year is worth more than they are."""
_MIDDLES = (np.array(EDGES) + np.array((0, *EDGES[:-1]))) / 2


def intervals_seen(days: Floats, watched: Floats) -> tuple[Indices, Indices, Floats]:
    """Return (case, interval, ended in it) for every interval in which a case was open and watched.

    ``days`` from the sale to the end (infinite while open), ``watched`` to the last news, also of those
    that ended.
    """
    cases, places, ended = [], [], []
    low = 0.0
    for place, months in enumerate(EDGES):
        high = months * DAYS_A_MONTH
        opened = (days > low) if place else np.ones(len(days), dtype=bool)
        chosen = np.flatnonzero(opened & (watched >= high - NEARLY))
        cases.append(chosen)
        places.append(np.full(len(chosen), place, np.int64))
        ended.append((days[chosen] <= high).astype(np.float64))
        low = high
    return np.concatenate(cases), np.concatenate(places), np.concatenate(ended)


def came_by(days: Floats, watched: Floats, months: int) -> tuple[NDArray[np.bool_], Floats]:
    """Return which cases were watched for ``months``, and for all whether it came by then."""
    limit = months * DAYS_A_MONTH
    return watched >= limit, (days <= limit).astype(np.float64)


def incidence(redeem: Floats, others: Floats) -> tuple[Floats, Floats]:
    """Return the chances to have ended by each edge: redeemed, and in each other way.

    ``redeem`` (cases, intervals) and ``others`` (ways, intervals) are hazards: the chance to end in an
    interval, given open at its beginning. Where they add up to more than one, they share it.
    """
    total = redeem + others.sum(0)
    share = np.where(total > 1, 1 / np.maximum(total, 1), 1.0)
    still = np.cumprod(1 - total * share, axis=1)
    begun = np.column_stack([np.ones(len(redeem)), still[:, :-1]]) * share
    redeemed = np.cumsum(begun * redeem, axis=1)
    ended = np.cumsum(begun[None] * others[:, None, :], axis=2)
    return redeemed, ended


def expected_months(redeemed: Floats) -> Floats:
    """Return the mean months to redemption of those that redeem within the horizon; intervals count at
    their middle. NaN where none does."""
    parts = redeemed.copy()
    parts[:, 1:] -= redeemed[:, :-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(parts @ _MIDDLES / redeemed[:, -1], np.float64)


def logit(p: Floats) -> Floats:
    """Return log odds; what is surer than one in a hundred thousand counts as that."""
    held = np.minimum(np.maximum(p, 1e-5), 1 - 1e-5)
    return np.asarray(np.log(held / (1 - held)), np.float64)


def chance(odds: Floats) -> Floats:
    """Return the probability of log odds."""
    return np.asarray(1 / (1 + np.exp(-odds)), np.float64)
