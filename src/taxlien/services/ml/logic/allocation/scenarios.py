"""Futures of the candidates: when each is redeemed and what it returns, drawn together.

Owners of one county share its economy, and all share the country's: the time of redemption follows
a one-factor Gaussian copula with a national and a county part (Li 2000; Vasicek 2002). The margins
are the curves of the redemption model, untouched by the correlation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from .candidate import Candidate, Floats, Wishes

NATIONAL_SHARE = 0.05  # of the variance; the field publishes none, so both are said in every answer
COUNTY_SHARE = 0.10


@dataclass(frozen=True)
class Scenarios:
    """``profit[s, i]`` of candidate ``i`` in future ``s`` (US dollars); ``month`` it pays, 0 when open."""

    cost: Floats
    county: NDArray[np.intp]
    profit: Floats
    month: NDArray[np.int64]
    proceeds: Floats

    @property
    def mean_profit(self) -> Floats:
        return np.asarray(self.profit.mean(axis=0))


def draw(candidates: Sequence[Candidate], wishes: Wishes, count: int, seed: int) -> Scenarios:
    """Return ``count`` futures; the same seed and candidates give the same futures."""
    names = sorted({each.county_fips for each in candidates})
    county = np.array([names.index(each.county_fips) for each in candidates], dtype=np.intp)
    cost = np.array([each.cost for each in candidates])
    chance = _uniforms(county, len(names), count, np.random.default_rng(seed))
    proceeds = np.empty_like(chance)
    month = np.zeros(chance.shape, dtype=np.int64)
    for index, each in enumerate(candidates):
        proceeds[:, index], month[:, index] = _returns(each, wishes, chance[:, index])
    return Scenarios(cost, county, proceeds - cost, month, proceeds)


def _uniforms(
    county: NDArray[np.intp], counties: int, count: int, random: np.random.Generator
) -> Floats:
    nation = random.standard_normal((count, 1))
    local = random.standard_normal((count, counties))[:, county]
    own = random.standard_normal((count, len(county)))
    rest = 1.0 - NATIONAL_SHARE - COUNTY_SHARE
    together = NATIONAL_SHARE**0.5 * nation + COUNTY_SHARE**0.5 * local + rest**0.5 * own
    return np.asarray(ndtr(together), dtype=np.float64)


def _returns(
    candidate: Candidate, wishes: Wishes, chance: Floats
) -> tuple[Floats, NDArray[np.int64]]:
    """Return what comes back by the horizon in each future and in which month (0: still open)."""
    last = len(candidate.redeemed_by)
    at = np.searchsorted(candidate.redeemed_by, chance)  # the first month that reaches the chance
    redeemed = at < last
    month = np.where(redeemed, at + 1, last)
    paid = np.where(redeemed, candidate.payoff[np.minimum(at, last - 1)], candidate.recovery)
    late = month > wishes.horizon_months
    open_value = candidate.cost * (1.0 - wishes.open_haircut_pct / 100.0)
    return np.where(late, open_value, paid), np.where(late, 0, month)
