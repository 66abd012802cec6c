"""Making probabilities honest: curves from what a model says to what came true, pooled between groups.

A curve is a plain table, so that a model's file carries it without code. A group with few cases mostly
keeps the curve of all (partial pooling): its own weighs n / (n + ``STRENGTH``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STRENGTH = 400.0
"""Cases at which a group's own curve weighs as much as that of all."""
_LEAST = 1e-4
_ROUNDS = 30
_RIDGE = 1e-3


class Curve(msgspec.Struct, frozen=True, dict=True):
    """A rising curve through points (``said``, ``true``), straight between them and flat outside."""

    said: tuple[float, ...]
    true: tuple[float, ...]
    n: int

    def __call__(self, predicted: Floats) -> Floats:
        """Return the calibrated probabilities of ``predicted``."""
        return np.interp(predicted, *self._points)

    @cached_property
    def _points(self) -> tuple[Floats, Floats]:
        return np.array(self.said), np.array(self.true)


class Pooled(msgspec.Struct, frozen=True, dict=True):
    """The curve of all, and one for each group (a state) that has cases."""

    overall: Curve
    groups: Mapping[str, Curve]

    def __call__(self, predicted: Floats, group: str | None) -> Floats:
        """Return ``predicted`` calibrated for ``group``; an unknown group has the curve of all."""
        return self._leaning.get(group, self.overall)(predicted)

    @cached_property
    def _leaning(self) -> dict[str | None, Curve]:
        """The curves of groups, each leaning on that of all: two curves mixed bend where either does."""
        found: dict[str | None, Curve] = {}
        for group, own in self.groups.items():
            weight = own.n / (own.n + STRENGTH)
            said = np.union1d(own.said, self.overall.said)
            true = weight * own(said) + (1 - weight) * self.overall(said)
            found[group] = Curve(tuple(said.tolist()), tuple(true.tolist()), own.n)
        return found


def isotonic(predicted: Floats, outcome: Floats, weight: Floats | None = None) -> Curve:
    """Return the rising steps nearest to ``outcome`` in squares, joined at the middle of each step."""
    order = np.argsort(predicted, kind="stable")
    w = np.ones(len(order)) if weight is None else weight[order]
    steps = _pooled_steps(predicted[order], outcome[order], w)
    return Curve(tuple(s[0] for s in steps), tuple(s[1] for s in steps), len(order))


def beta(predicted: Floats, outcome: Floats, points: int = 101) -> Curve:
    """Return the beta calibration (Kull, Silva Filho and Flach 2017) as a table: logistic regression on
    ln p and -ln(1-p), whose slopes may not fall."""
    p = np.clip(predicted, _LEAST, 1 - _LEAST)
    terms = np.column_stack([np.log(p), -np.log(1 - p), np.ones(len(p))])
    kept = [0, 1, 2]
    slopes = _logistic(terms, outcome)
    while (bad := [k for k in kept[:-1] if slopes[kept.index(k)] < 0]) and len(kept) > 1:
        kept.remove(min(bad, key=lambda k: slopes[kept.index(k)]))
        slopes = _logistic(terms[:, kept], outcome)
    grid = np.clip(np.linspace(0, 1, points), _LEAST, 1 - _LEAST)
    on_grid = np.column_stack([np.log(grid), -np.log(1 - grid), np.ones(points)])[:, kept]
    true = 1 / (1 + np.exp(-on_grid @ slopes))
    return Curve(tuple(grid.tolist()), tuple(true.tolist()), len(p))


def pooled(
    predicted: Floats,
    outcome: Floats,
    groups: NDArray[np.str_],
    curve_of: Callable[[Floats, Floats], Curve] = isotonic,
) -> Pooled:
    """Return curves of all and of each of ``groups`` (same length; "" belongs to no group)."""
    named = sorted(set(groups.tolist()) - {""})
    own = {g: curve_of(predicted[groups == g], outcome[groups == g]) for g in named}
    return Pooled(curve_of(predicted, outcome), own)


def shrunk_rate(hits: float, n: float, prior: float, strength: float) -> float:
    """Return a rate of ``hits`` in ``n`` cases, drawn to ``prior`` as if it had been seen in
    ``strength`` cases more (the mean of a beta-binomial)."""
    return (hits + prior * strength) / (n + strength)


def _pooled_steps(said: Floats, outcome: Floats, weight: Floats) -> list[tuple[float, float]]:
    """Pool adjacent violators: (middle of what was said, mean outcome) of each step, rising."""
    steps: list[list[float]] = []  # said x weight, outcome x weight, weight
    for x, y, w in zip(said.tolist(), outcome.tolist(), weight.tolist(), strict=True):
        steps.append([x * w, y * w, w])
        while len(steps) > 1 and steps[-2][1] * steps[-1][2] >= steps[-1][1] * steps[-2][2]:
            last = steps.pop()
            steps[-1] = [a + b for a, b in zip(steps[-1], last, strict=True)]
    return [(x / w, y / w) for x, y, w in steps]


def _logistic(terms: Floats, outcome: Floats) -> Floats:
    """Return coefficients of a logistic regression by Newton's steps, with a hair of ridge."""
    found = np.zeros(terms.shape[1])
    for _ in range(_ROUNDS):
        p = 1 / (1 + np.exp(-np.clip(terms @ found, -30, 30)))
        pull = terms.T @ (outcome - p) - _RIDGE * found
        bend = (terms * (p * (1 - p))[:, None]).T @ terms + _RIDGE * np.eye(len(found))
        step = np.linalg.solve(bend, pull)
        found = found + step
        if np.max(np.abs(step)) < 1e-8:
            break
    return found
