"""What the tests of a trained model found, in figures: kept beside the model, drawn, and told in its card.

Whatever is compared is a miss (lower is better), on rows that taught nothing. ``weaknesses`` are read
off the figures: nobody writes them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from .metrics import Bin, ece, ece_by_chance, reliability
from .watching.drift import Drift, drift, reference

Floats = NDArray[np.float64]

WANTED = 0.8
"""Share of outcomes that intervals are meant to hold."""
HELD_WITHIN = 0.02
MOST_ECE = 0.02
FEWEST = 50
"""Cases below which a figure is told, and called neither strength nor weakness."""
MOST_NAMED = 5
_SAMPLE = 20_000


class Compared(msgspec.Struct, frozen=True):
    """A miss of the model beside those of simpler ways, by name, on the same ``n`` cases."""

    what: str
    measure: str
    n: int
    model: float
    peers: Mapping[str, float]


class Honesty(msgspec.Struct, frozen=True):
    """What was said beside what came true; ``error`` is the mean distance (ECE), ``auc`` the ranking.

    ``by_chance`` is the distance that chances with no fault at all have in the mean at this ``n``."""

    what: str
    n: int
    error: float
    bins: tuple[Bin, ...]
    auc: float | None = None
    by_chance: float | None = None


class Year(msgspec.Struct, frozen=True):
    """The miss of model and peer on the ``n`` sales of one year."""

    year: int
    n: int
    model: float
    peer: float


class ByYear(msgspec.Struct, frozen=True):
    """A miss year by year of sale."""

    what: str
    measure: str
    peer: str
    years: tuple[Year, ...]


class Held(msgspec.Struct, frozen=True):
    """The share of ``n`` outcomes that the 80 % interval held."""

    what: str
    n: int
    share: float


class Findings(msgspec.Struct, frozen=True):
    """All that was found. ``shifted`` is how far the features of the last sales are from those before."""

    compared: tuple[Compared, ...] = ()
    honesty: tuple[Honesty, ...] = ()
    by_year: tuple[ByYear, ...] = ()
    held: tuple[Held, ...] = ()
    shifted: tuple[Drift, ...] = ()


def joined(*some: Findings) -> Findings:
    """Return findings of several tests as one."""
    names = Findings.__struct_fields__
    return Findings(*(sum((getattr(one, name) for one in some), ()) for name in names))


def compared(what: str, measure: str, model: Floats, peers: Mapping[str, Floats]) -> Compared:
    """Return mean misses of the same cases; a measure that begins with ``median`` is one of middles."""
    mean = np.median if measure.startswith("median") else np.mean
    told = {name: _figure(mean(miss)) for name, miss in peers.items()}
    return Compared(what, measure, len(model), _figure(mean(model)), told)


def honesty(what: str, said: Floats, came: Floats, auc: float | None = None) -> Honesty:
    """Return the table of reliability of ``said``, 0 to 1. What came may be a part, as of a dollar: luck is
    then told of outcomes that come whole or not at all, which have most of it."""
    bins = tuple(
        Bin(one.n, _figure(one.predicted), _figure(one.observed)) for one in reliability(came, said)
    )
    ranked = None if auc is None else _figure(auc)
    luck = _figure(ece_by_chance(said))
    return Honesty(what, len(said), _figure(ece(came, said)), bins, ranked, luck)


def by_year(
    what: str, measure: str, years: NDArray[np.int64], model: Floats, peer: tuple[str, Floats]
) -> ByYear:
    """Return mean misses year by year, as ``compared`` does."""
    mean = np.median if measure.startswith("median") else np.mean
    name, other = peer
    found = [
        Year(int(year), int(of.sum()), _figure(mean(model[of])), _figure(mean(other[of])))
        for year in np.unique(years)
        for of in [years == year]
    ]
    return ByYear(what, measure, name, tuple(found))


def held(what: str, low: Floats, high: Floats, came: Floats) -> Held:
    """Return how many outcomes lie within their intervals; a cent off is within."""
    inside = (came >= low - 0.005) & (came <= high + 0.005)
    return Held(what, len(came), _figure(inside.mean()))


def shifted(
    names: Sequence[str], before: NDArray[np.floating], since: NDArray[np.floating]
) -> tuple[Drift, ...]:
    """Return how far each feature (a column) since some day is from before, the farthest first."""
    before, since = _some(before), _some(since)
    found = [
        drift(reference(name, before[:, k].astype(np.float64)), since[:, k].astype(np.float64))
        for k, name in enumerate(names)
    ]
    told = [msgspec.structs.replace(one, psi=_figure(one.psi)) for one in found]
    return tuple(sorted(told, key=lambda one: (-one.psi, one.feature)))


def weaknesses(found: Findings) -> list[str]:
    """Say in words where the figures speak against the model."""
    told = []
    for one in found.compared:
        for name, miss in one.peers.items():
            if one.n >= FEWEST and one.model >= miss:
                told.append(
                    f"{one.what}: {one.measure} {one.model:.4g}, no better than {name} ({miss:.4g}),"
                    f" n = {one.n:,}"
                )
    told += [
        f"{one.what}: the 80 % interval held {100 * one.share:.1f} %, n = {one.n:,}"
        for one in found.held
        if one.n >= FEWEST and abs(one.share - WANTED) > HELD_WITHIN
    ]
    told += [
        f"{one.what}: what was said was off by {one.error:.3f} in the mean (ECE), n = {one.n:,}"
        + ("" if one.by_chance is None else f", {one.by_chance:.3f} by luck alone")
        for one in found.honesty
        if one.n >= FEWEST and one.error > max(MOST_ECE, one.by_chance or 0.0)
    ]
    for each in found.by_year:
        worse = [str(y.year) for y in each.years if y.n >= FEWEST and y.model >= y.peer]
        if worse:
            told.append(
                f"{each.what}: {each.measure} no better than {each.peer} in {', '.join(worse)}"
            )
    far = [one.feature for one in found.shifted if one.level == "drifted"]
    if far:
        named = ", ".join(far[:MOST_NAMED])
        told.append(
            f"the last sales differ from those before in {len(far)} of {len(found.shifted)} features"
            f" (PSI over 0.25), most in {named}"
        )
    return told


def _some(rows: NDArray[np.floating]) -> NDArray[np.floating]:
    return rows[:: max(1, len(rows) // _SAMPLE)]


def _figure(value: float | np.floating) -> float:
    """Return six digits of a figure: more would differ between machines."""
    return float(f"{float(value):.6g}")
