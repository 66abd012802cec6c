"""What choosing needs to know of a lien, and what the investor asks for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Candidate:
    """A lien that can be bought.

    ``cost``: US dollars laid out today. ``redeemed_by``: probability of redemption by the end of
    month 1, 2, ... (grows, at most 1). ``payoff``: US dollars the law pays at redemption in each of
    those months, of the same length. ``recovery``: US dollars expected in the last of those months
    when the owner never redeems (a deed under the state's surplus rule, or nothing).
    """

    lien_id: str
    county_fips: str
    cost: float
    redeemed_by: Floats
    payoff: Floats
    recovery: float


@dataclass(frozen=True)
class Wishes:
    """What the investor allows. Money in US dollars; None is no limit.

    ``risk_tolerance`` from 0 (a dollar of CVaR weighs as two dollars of expected profit) to 1 (only
    the expected profit counts). ``horizon_months``: when the money is wanted back; what is open then
    counts at its cost less ``open_haircut_pct``, since nobody is obliged to buy it.
    """

    budget: float
    risk_tolerance: float = 0.5
    max_per_lien: float | None = None
    max_per_county: float | None = None
    horizon_months: int = 36
    open_haircut_pct: float = 25.0

    @property
    def weight_of_risk(self) -> float:
        """Dollars of expected profit given up for one dollar less of CVaR."""
        return 2.0 * (1.0 - self.risk_tolerance)


def affordable(candidates: list[Candidate], wishes: Wishes) -> list[Candidate]:
    """Return the candidates that could be bought alone, in a fixed order (liens are not divisible)."""
    most = min(
        limit
        for limit in (wishes.budget, wishes.max_per_lien, wishes.max_per_county)
        if limit is not None
    )
    fitting = (each for each in candidates if 0.0 < each.cost <= most)
    return sorted(fitting, key=lambda each: each.lien_id)
