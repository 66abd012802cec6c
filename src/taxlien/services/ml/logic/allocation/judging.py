"""What a choice is worth: one judge for all ways of choosing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .candidate import Floats, Wishes
from .scenarios import Scenarios

TAIL = 0.05  # CVaR is the mean loss of the worst 5 % of the futures

Chosen = NDArray[np.bool_]


@dataclass(frozen=True)
class Figures:
    """Of a choice, in US dollars: what it costs, returns and may lose.

    ``cvar`` is the mean loss in the worst 5 % of the futures (negative: a gain even then).
    ``value`` is what choosing maximises: expected profit less CVaR times the weight of risk.
    ``timeline[m]`` is the cash expected by the end of month ``m + 1``.
    """

    liens: int
    cost: float
    expected_profit: float
    cvar: float
    value: float
    p_loss: float
    timeline: tuple[float, ...]

    @property
    def expected_return_pct(self) -> float | None:
        return None if self.cost == 0 else 100.0 * self.expected_profit / self.cost


def tail_loss(profit: Floats) -> float:
    """Return CVaR of the futures' profits (Rockafellar and Uryasev 2000, on equal weights)."""
    worst = max(1, round(TAIL * len(profit)))
    return float(-np.partition(profit, worst - 1)[:worst].mean())


def judge(chosen: Chosen, scenarios: Scenarios, wishes: Wishes) -> Figures:
    """Return the figures of a choice in these futures."""
    profit = scenarios.profit[:, chosen].sum(axis=1)
    cvar = tail_loss(profit) if chosen.any() else 0.0
    mean = float(profit.mean()) if chosen.any() else 0.0
    return Figures(
        liens=int(chosen.sum()),
        cost=float(scenarios.cost[chosen].sum()),
        expected_profit=mean,
        cvar=cvar,
        value=mean - wishes.weight_of_risk * cvar,
        p_loss=float((profit < 0).mean()),
        timeline=_timeline(chosen, scenarios, wishes),
    )


def keeps_limits(chosen: Chosen, scenarios: Scenarios, wishes: Wishes) -> bool:
    """Return whether a choice stays within budget and county limits (to a cent)."""
    spent = scenarios.cost * chosen
    if spent.sum() > wishes.budget + 0.005:
        return False
    if wishes.max_per_county is None:
        return True
    by_county = np.bincount(scenarios.county, weights=spent)
    return bool((by_county <= wishes.max_per_county + 0.005).all())


def _timeline(chosen: Chosen, scenarios: Scenarios, wishes: Wishes) -> tuple[float, ...]:
    month = scenarios.month[:, chosen].ravel()
    paid = scenarios.proceeds[:, chosen].ravel()
    by_month = np.bincount(month, weights=paid, minlength=wishes.horizon_months + 1)
    received = by_month[1 : wishes.horizon_months + 1] / len(scenarios.profit)
    return tuple(float(each) for each in np.cumsum(received))
