"""Choosing by a mixed-integer program: the best choice in the drawn futures, with its proven gap.

Maximise mean profit - weight * CVaR over whole liens, with CVaR in the linear form of Rockafellar
and Uryasev (2000): the least of z + sum(e_s) / (tail * futures) over z and e_s >= loss_s - z,
e_s >= 0. HiGHS solves it. Effort is bounded by nodes, so that the same request has the same answer on
any machine; a limit of seconds is beside it for the day on which a machine is too busy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp
from scipy.sparse import csr_array, eye_array, hstack

from .candidate import Wishes
from .judging import TAIL, Chosen
from .scenarios import Scenarios

NODES = 50
GAP = 0.02
_SECONDS_OVER = "Time limit"


class OutOfTime(Exception):
    """The seconds were over: what was found by then depends on the machine, and is not used."""


@dataclass(frozen=True)
class Solution:
    """``gap``: how far the value can be below the best there is in these futures, as a share of it."""

    chosen: Chosen
    gap: float


def solve(scenarios: Scenarios, wishes: Wishes, seconds: float = np.inf) -> Solution | None:
    """Return the best choice found, or None where the solver found none within its nodes.

    Raises ``OutOfTime``.
    """
    futures, liens = scenarios.profit.shape
    weight = wishes.weight_of_risk
    tail = np.full(futures, weight / (TAIL * futures))
    found = milp(
        np.concatenate([-scenarios.mean_profit, np.array([weight]), tail]),
        constraints=[_tail(scenarios), _limits(scenarios, wishes)],
        integrality=np.concatenate([np.ones(liens), np.zeros(futures + 1)]),
        bounds=_bounds(futures, liens, with_tail=weight > 0),
        options={"node_limit": NODES, "mip_rel_gap": GAP, "time_limit": seconds},
    )
    if found.message.startswith(_SECONDS_OVER):
        raise OutOfTime
    return _read(found, liens)


def _tail(scenarios: Scenarios) -> LinearConstraint:
    """e_s + z + profit_s . x >= 0 in every future."""
    futures = len(scenarios.profit)
    parts = [csr_array(scenarios.profit), csr_array(np.ones((futures, 1))), eye_array(futures)]
    return LinearConstraint(hstack(parts, format="csr"), lb=0.0)


def _limits(scenarios: Scenarios, wishes: Wishes) -> LinearConstraint:
    futures, liens = scenarios.profit.shape
    rows = [scenarios.cost]
    most = [wishes.budget]
    if wishes.max_per_county is not None:
        for county in range(int(scenarios.county.max(initial=-1)) + 1):
            rows.append(np.where(scenarios.county == county, scenarios.cost, 0.0))
            most.append(wishes.max_per_county)
    padded = np.zeros((len(rows), liens + 1 + futures))
    padded[:, :liens] = rows
    return LinearConstraint(csr_array(padded), ub=np.array(most))


def _bounds(futures: int, liens: int, *, with_tail: bool) -> Bounds:
    """Without a weight of risk z has no price: it is held at zero rather than left unbounded."""
    lower = np.zeros(liens + 1 + futures)
    lower[liens] = -np.inf if with_tail else 0.0
    upper = np.concatenate([np.ones(liens), np.full(futures + 1, np.inf)])
    return Bounds(lower, upper)


def _read(found: OptimizeResult, liens: int) -> Solution | None:
    if found.x is None:
        return None
    best, bound = -float(found.fun), -float(found.mip_dual_bound)
    return Solution(found.x[:liens] > 0.5, max(0.0, bound - best) / max(abs(best), 1.0))
