"""Problems a policy learns on: investors of all kinds before a part of a pool of real candidates."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .candidate import Candidate, Wishes, affordable
from .scenarios import Scenarios, draw

Problem = tuple[Scenarios, Wishes]

FUTURES = 300
FEWEST, MOST = 20, 120  # candidates of a problem


def problems_from(pool: Sequence[Candidate]) -> Callable[[int], Problem]:
    """Return the problems of a pool by number: the same number is the same problem.

    The pool's curves come from the redemption model and its costs from what the liens cost, so that
    a policy practises on what it will serve. Raises ``ValueError`` where the pool is too small.
    """
    if len(pool) < FEWEST:
        raise ValueError(f"{len(pool)} liens can be practised on, {FEWEST} are the fewest")
    kept = sorted(pool, key=lambda each: each.lien_id)

    def problem(number: int) -> Problem:
        fitting, wishes = posed(kept, number)
        return draw(fitting, wishes, FUTURES, number), wishes

    return problem


def posed(kept: Sequence[Candidate], number: int) -> tuple[list[Candidate], Wishes]:
    """Return the candidates and the investor of a problem, of a pool in order of its ids."""
    while True:
        random = np.random.default_rng(number)
        size = min(len(kept), int(random.integers(FEWEST, MOST + 1)))
        offered = [kept[index] for index in random.choice(len(kept), size, replace=False)]
        wishes = _wishes(random, sum(each.cost for each in offered))
        if fitting := affordable(offered, wishes):
            return fitting, wishes
        number += 1_000_003


def _wishes(random: np.random.Generator, all_cost: float) -> Wishes:
    budget = all_cost * float(random.uniform(0.1, 0.8))
    capped = bool(random.random() < 0.5)
    return Wishes(
        budget=budget,
        risk_tolerance=float(random.uniform(0.0, 1.0)),
        max_per_county=budget * float(random.uniform(0.2, 0.6)) if capped else None,
        horizon_months=int(random.choice([12, 24, 36, 48])),
    )
