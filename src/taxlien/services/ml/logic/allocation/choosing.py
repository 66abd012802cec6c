"""The ways to choose side by side, judged in futures none of them has seen; the best one is served."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from . import exact, greedy
from .candidate import Candidate, Wishes, affordable
from .judging import Chosen, Figures, judge
from .scenarios import draw
from .walk import Policy, follow

MOST_CANDIDATES = 400
FUTURES = 2_000  # that greedy and the policy choose in, and that all are judged in
PROGRAM_FUTURES = 500  # the program grows with every future
PROGRAM_CANDIDATES = 200
NOTHING = "none"


@dataclass(frozen=True)
class Plan:
    """``bought`` by lien id; ``methods`` has the figures of every way, in futures none chose in.

    ``none`` buys nothing: it is the best where every other choice is not worth its risk. ``gap`` is the
    program's: the best value in its own futures is at most this share above its own. ``shares`` are of
    what is laid out, redeemed by the end of each month.
    """

    method: str
    bought: tuple[str, ...]
    costs: tuple[float, ...]
    methods: dict[str, Figures]
    gap: float | None
    out_of_time: bool = False
    shares: tuple[float, ...] = ()

    @property
    def figures(self) -> Figures:
        return self.methods[self.method]


def choose(
    candidates: Sequence[Candidate],
    wishes: Wishes,
    policy: Policy | None,
    seed: int,
    program_seconds: float = np.inf,
) -> Plan:
    """Return the best plan found. Candidates that do not fit alone, or are too many, are left out.

    The same candidates, wishes, policy and seed give the same plan, unless the program was out of time.
    """
    offered = _most_promising(affordable(list(candidates), wishes), wishes, seed, MOST_CANDIDATES)
    seen = draw(offered, wishes, FUTURES, seed)
    fresh = draw(offered, wishes, FUTURES, seed + 1)
    choices: dict[str, Chosen] = {"greedy": greedy.choose(seen, wishes)}
    choices[NOTHING] = np.zeros(len(offered), dtype=bool)
    solution, out_of_time = None, False
    try:
        solution, choices["program"] = _program(offered, wishes, seed + 2, program_seconds)
    except exact.OutOfTime:
        out_of_time = True
    if policy is not None:
        choices["policy"] = follow(policy, seen, wishes)
    figures = {name: judge(chosen, fresh, wishes) for name, chosen in choices.items()}
    best = max(sorted(figures), key=lambda name: (figures[name].value, name == NOTHING))
    picked = [each for each, taken in zip(offered, choices[best], strict=True) if taken]
    return Plan(
        method=best,
        bought=tuple(each.lien_id for each in picked),
        costs=tuple(each.cost for each in picked),
        methods=figures,
        gap=None if solution is None else solution.gap,
        out_of_time=out_of_time,
        shares=_redeemed(picked, wishes),
    )


def _redeemed(picked: Sequence[Candidate], wishes: Wishes) -> tuple[float, ...]:
    if not picked:
        return (0.0,) * wishes.horizon_months
    curves = np.array([each.redeemed_by[: wishes.horizon_months] for each in picked])
    costs = np.array([each.cost for each in picked])
    return tuple((costs @ curves / costs.sum()).tolist())


def _program(
    offered: list[Candidate], wishes: Wishes, seed: int, seconds: float
) -> tuple[exact.Solution | None, Chosen]:
    """Return the program's solution and its choice among all that is offered (none: buys nothing)."""
    chosen = np.zeros(len(offered), dtype=bool)
    fewer = _most_promising(offered, wishes, seed, PROGRAM_CANDIDATES)
    if not fewer:
        return None, chosen
    solution = exact.solve(draw(fewer, wishes, PROGRAM_FUTURES, seed), wishes, seconds)
    if solution is not None:
        names = {each.lien_id for each, taken in zip(fewer, solution.chosen, strict=True) if taken}
        chosen = np.array([each.lien_id in names for each in offered])
    return solution, chosen


def _most_promising(
    candidates: list[Candidate], wishes: Wishes, seed: int, most: int
) -> list[Candidate]:
    """Return at most so many candidates: those with the best expected profit per dollar."""
    if len(candidates) <= most:
        return candidates
    drawn = draw(candidates, wishes, 200, seed)
    best = np.argsort(-drawn.mean_profit / drawn.cost, kind="stable")[:most]
    return [candidates[index] for index in sorted(best)]
