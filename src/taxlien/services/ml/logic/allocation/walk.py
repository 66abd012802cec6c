"""Choosing as a walk: liens are offered one by one, a policy says buy or pass.

This is what the learned policy plays while it is trained and while it serves: one code for both. The
liens are offered from the best expected profit per dollar to the worst.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .candidate import Floats, Wishes
from .judging import TAIL, Chosen
from .scenarios import Scenarios

FEATURES = (
    "cost_share",  # of the budget
    "room_share",  # of the budget, still to spend
    "county_room_share",  # of the county's limit, or of the budget where there is none
    "return",  # expected profit of the lien per dollar
    "spread",  # standard deviation of it per dollar
    "own_tail",  # mean profit per dollar in the lien's worst 5 % of the futures
    "added_profit",  # per dollar; what buying adds to the choice's expected profit less weighed CVaR
    "added_tail",  # per dollar; what buying adds to the mean profit of the choice's worst futures
    "value_share",  # value of the choice so far, of the budget
    "left_share",  # of the liens, still to be offered
    "weight",  # of risk, from 0 to 2
)

Policy = Callable[[NDArray[np.float32]], bool]


class Walk:
    """One walk through the candidates of a problem."""

    def __init__(self, scenarios: Scenarios, wishes: Wishes) -> None:
        self.scenarios = scenarios
        self.wishes = wishes
        self.chosen: Chosen = np.zeros(len(scenarios.cost), dtype=bool)
        self.order = np.argsort(-scenarios.mean_profit / scenarios.cost, kind="stable")
        self.at = 0
        self.room = wishes.budget
        limit = wishes.max_per_county or wishes.budget
        self.county_room = np.full(int(scenarios.county.max(initial=0)) + 1, limit)
        self.county_limit = limit
        self._together = np.zeros(len(scenarios.profit))
        self._worst = max(1, round(TAIL * len(scenarios.profit)))
        self.value = 0.0
        self._skip_unaffordable()

    @property
    def over(self) -> bool:
        return self.at >= len(self.order)

    def look(self) -> NDArray[np.float32]:
        """Return what the policy sees of the lien on offer, in the order of FEATURES."""
        lien = int(self.order[self.at])
        cost = float(self.scenarios.cost[lien])
        profit = self.scenarios.profit[:, lien]
        added_mean = float(profit.mean())
        added_tail = self._tail(self._together + profit) - self._tail(self._together)
        seen = [
            cost / self.wishes.budget,
            self.room / self.wishes.budget,
            float(self.county_room[self.scenarios.county[lien]]) / self.county_limit,
            added_mean / cost,
            float(profit.std()) / cost,
            self._tail(profit) / cost,
            (added_mean + self.wishes.weight_of_risk * added_tail) / cost,
            added_tail / cost,
            self.value / self.wishes.budget,
            1.0 - self.at / len(self.order),
            self.wishes.weight_of_risk,
        ]
        return np.clip(np.array(seen, dtype=np.float32), -10.0, 10.0)

    def step(self, *, buy: bool) -> float:
        """Go on to the next lien that fits; return what this one added to the choice's value."""
        lien = int(self.order[self.at])
        before = self.value
        if buy:
            self.chosen[lien] = True
            self.room -= float(self.scenarios.cost[lien])
            self.county_room[self.scenarios.county[lien]] -= self.scenarios.cost[lien]
            self._together = self._together + self.scenarios.profit[:, lien]
            risk = self.wishes.weight_of_risk * self._tail(self._together)
            self.value = float(self._together.mean()) + risk
        self.at += 1
        self._skip_unaffordable()
        return self.value - before

    def _skip_unaffordable(self) -> None:
        while not self.over:
            lien = int(self.order[self.at])
            room = min(self.room, float(self.county_room[self.scenarios.county[lien]]))
            if self.scenarios.cost[lien] <= room:
                return
            self.at += 1

    def _tail(self, profit: Floats) -> float:
        return float(np.partition(profit, self._worst - 1)[: self._worst].mean())


def follow(policy: Policy, scenarios: Scenarios, wishes: Wishes) -> Chosen:
    """Return what the policy buys; it keeps the limits, since only what fits is offered."""
    walk = Walk(scenarios, wishes)
    while not walk.over:
        walk.step(buy=policy(walk.look()))
    return walk.chosen
