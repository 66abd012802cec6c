"""Drift of what a model sees: the population stability index of every feature against its training.

PSI = sum over bins of (now - then) * ln(now / then) of the shares (Siddiqi 2006: under 0.1 stable,
over 0.25 shifted). Few rows alone give a PSI above zero: without any drift it is about
chi-square(bins - 1) * (1 / rows then + 1 / rows now) (Yurdakul 2018), so an alarm also asks that the
PSI be beyond what chance gives once in a thousand times.

An import brings one county and training had many: that is no drift. Where training kept counts by county,
what is expected now is those counts in the proportion in which counties come now, and the rows then are
as many as they are worth so weighted (Kish 1965).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

Level = Literal["stable", "watch", "drifted"]
Places = NDArray[np.str_]

BINS = 10
WATCH, DRIFTED = 0.1, 0.25
BY_CHANCE = 0.001
FEWEST_OF_A_PLACE = 200
MOST_PLACES = 500
_HALF = 0.5  # a row, added to every bin: an empty bin is a rare one, not an impossible one


class Reference(msgspec.Struct, frozen=True):
    """A feature as training saw it: edges between its bins and how many rows fell into each.

    The last count is of rows without a value. ``edges`` are the inner ones, growing. ``by_place`` are
    counts of each county that taught enough.
    """

    feature: str
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    by_place: Mapping[str, tuple[int, ...]] = {}


class Drift(msgspec.Struct, frozen=True):
    """The PSI of a feature over ``rows`` rows, and what it means."""

    feature: str
    psi: float
    rows: int
    level: Level


def reference(feature: str, values: NDArray[np.float64], places: Places | None = None) -> Reference:
    """Return a feature's bins: tenths of its values, fewer where many rows share a value; with ``places``,
    the county of each value, also the counts of those with ``FEWEST_OF_A_PLACE`` rows, the largest first."""
    known = values[~np.isnan(values)]
    edges = np.unique(np.quantile(known, np.arange(1, BINS) / BINS)) if known.size else known
    by_place: dict[str, tuple[int, ...]] = {}
    if places is not None:
        names, rows = np.unique(places, return_counts=True)
        for k in np.argsort(-rows, kind="stable")[:MOST_PLACES]:
            if rows[k] >= FEWEST_OF_A_PLACE:
                by_place[str(names[k])] = _counts(values[places == names[k]], edges)
    return Reference(feature, tuple(map(float, edges)), _counts(values, edges), by_place)


def drift(then: Reference, values: NDArray[np.float64], places: Places | None = None) -> Drift:
    """Return how far ``values`` are from the feature's training; no rows are no drift. With ``places``
    only those of counties that taught count, where training kept them apart."""
    edges = np.array(then.edges)
    if places is None or not then.by_place:
        before = np.array(then.counts, dtype=np.float64)
        after = np.array(_counts(values, edges), dtype=np.float64)
    else:
        taught = np.isin(places, list(then.by_place))
        values, places = values[taught], places[taught]
        before = _expected(then.by_place, places)
        after = np.array(_counts(values, edges), dtype=np.float64)
    psi = stability(before, after)
    return Drift(then.feature, psi, len(values), _level(psi, before, after))


def _expected(by_place: Mapping[str, tuple[int, ...]], places: Places) -> NDArray[np.float64]:
    """Return the counts of training in the proportion in which ``places`` come now."""
    names, rows = np.unique(places, return_counts=True)
    if not len(names):
        return np.zeros(1)
    taught = np.array([by_place[str(name)] for name in names], dtype=np.float64)
    size, weight = taught.sum(1), rows / rows.sum()
    worth = 1 / (weight**2 / size).sum()
    return np.asarray(worth * (weight[:, None] * taught / size[:, None]).sum(0))


def stability(before: NDArray[np.float64], after: NDArray[np.float64]) -> float:
    """Return the PSI between two counts of the same bins (0 where either has no row)."""
    if not before.sum() or not after.sum():
        return 0.0
    was = (before + _HALF) / (before + _HALF).sum()
    now = (after + _HALF) / (after + _HALF).sum()
    return float(((now - was) * np.log(now / was)).sum())


def drifted(found: Sequence[Drift]) -> list[Drift]:
    """Return the features to raise an alarm for, the farthest first."""
    return sorted((each for each in found if each.level == "drifted"), key=lambda each: -each.psi)


def _level(psi: float, before: NDArray[np.float64], after: NDArray[np.float64]) -> Level:
    if not before.sum() or not after.sum():
        return "stable"
    chance = float(chdtri(len(before) - 1, BY_CHANCE)) * (1 / before.sum() + 1 / after.sum())
    if psi <= max(WATCH, chance):
        return "stable"
    return "drifted" if psi > DRIFTED else "watch"


def _counts(values: NDArray[np.float64], edges: NDArray[np.float64]) -> tuple[int, ...]:
    known = values[~np.isnan(values)]
    found = np.bincount(np.searchsorted(edges, known, side="right"), minlength=len(edges) + 1)
    return (*map(int, found), int(len(values) - known.size))
