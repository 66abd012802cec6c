"""What was bid before, by groups of liens. It can be asked only about sales before a day.

The memory of a group fades: a sale ``1 / FADING`` years older counts 1/e as much.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .columns import Columns, Days, Floats
from .keys import Codes, Groups, Part, group_codes

FADING = 0.5
YEAR = 365.25
_DAY_BITS = np.uint64(16)
_DAY = np.uint64(0xFFFF)

Singles = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Level:
    """Sales of groups of one kind, by group and day: ``moments`` in rising order, and ``told``, a row each.

    A row is: fading means, means of that one sale, weight, and count. The weight is how many bids the group
    had up to that day, faded to that day.
    """

    parts: tuple[Part, ...]
    stats: tuple[str, ...]
    moments: Codes
    told: Singles

    @property
    def mean(self) -> Singles:
        return self.told[:, : len(self.stats)]

    @property
    def last(self) -> Singles:
        return self.told[:, len(self.stats) : 2 * len(self.stats)]

    @property
    def weight(self) -> Singles:
        return self.told[:, -2]

    @property
    def count(self) -> Singles:
        return self.told[:, -1]

    def before(self, columns: Columns) -> Singles:
        """Return what ``known_before`` does of this level alone."""
        return known_before([self], columns)


def level_from(
    parts: tuple[Part, ...], stats: tuple[str, ...], moments: Codes,
    weight: Singles, count: Singles, mean: Singles, last: Singles,
) -> Level:  # fmt: skip
    """Return a level of its columns."""
    return Level(parts, stats, moments, np.column_stack([mean, last, weight, count]))


def known_before(levels: Sequence[Level], columns: Columns) -> Singles:
    """Return, for every case, what is known of its groups from sales strictly before its day.

    Of each level it is: fading means, means of the last sale, weight, count and age in years of the last
    sale. NaN where there was none. All levels are asked at once: for few cases that costs a half.
    """
    days = columns.day.astype(np.uint64)
    codes, known = Groups(columns).codes([level.parts for level in levels])
    begins = (codes << _DAY_BITS) | days
    widths = [level.told.shape[1] + 1 for level in levels]
    ends = np.cumsum(widths)
    found = np.full((len(columns), int(ends[-1])), np.nan, np.float32)
    moments = np.zeros(codes.shape, np.uint64)
    places = []
    for k, level in enumerate(levels):
        place = level.moments.searchsorted(begins[k], "left") - 1
        places.append(place)
        if len(level.moments):
            moments[k] = level.moments[np.maximum(place, 0)]
            known[k] &= place >= 0
        else:
            known[k] = False
    known &= moments >> _DAY_BITS == codes
    age = (columns.day - (moments & _DAY).astype(np.int64)) / YEAR
    for k, level in enumerate(levels):
        rows = known[k].nonzero()[0]
        if len(rows):
            found[rows, ends[k] - widths[k] : ends[k] - 1] = level.told[places[k][rows]]
    found[:, ends - 1] = np.where(known, age, np.nan).T
    found[:, ends - 3] *= np.exp(-FADING * age).T
    return found


def names_of(name: str, stats: tuple[str, ...]) -> list[str]:
    """Return the names of the columns that a level answers."""
    means = [f"{name}.{stat}" for stat in stats] + [f"{name}.last_{stat}" for stat in stats]
    return [*means, f"{name}.weight", f"{name}.last_count", f"{name}.last_age"]


def level_of(columns: Columns, parts: tuple[Part, ...], values: Mapping[str, Floats]) -> Level:
    """Return the level of ``parts`` over these bids. ``values`` hold no NaN that counts: such are zero."""
    codes, known = group_codes(columns, parts)
    day = columns.day[known]
    moment = codes[known] << _DAY_BITS | day.astype(np.uint64)
    order = np.argsort(moment, kind="stable")
    moment = moment[order]
    table = np.column_stack([np.nan_to_num(column[known]) for column in values.values()])[order]
    if not len(moment):
        empty = np.zeros(0, np.float32)
        shape = np.zeros((0, len(values)), np.float32)
        return level_from(parts, tuple(values), moment, empty, empty, shape, shape)
    starts = np.flatnonzero(np.r_[True, moment[1:] != moment[:-1]])
    count = np.diff(np.r_[starts, len(moment)]).astype(np.float64)
    sums = np.add.reduceat(table, starts, axis=0)
    moment = moment[starts]
    latest = float(day.max())
    aged = np.exp(
        FADING * np.maximum((moment & _DAY).astype(np.float64) - latest, -40 * YEAR) / YEAR
    )
    faded = _running(np.column_stack([count, sums]) * aged[:, None], moment >> _DAY_BITS)
    return level_from(
        parts,
        tuple(values),
        moment,
        (faded[:, 0] / aged).astype(np.float32),
        count.astype(np.float32),
        (faded[:, 1:] / faded[:, :1]).astype(np.float32),
        (sums / count[:, None]).astype(np.float32),
    )


def _running(table: Floats, groups: NDArray[np.uint64]) -> Floats:
    """Return running sums that begin anew with every group."""
    sums = np.cumsum(table, axis=0)
    begins = np.r_[True, groups[1:] != groups[:-1]]
    first = np.flatnonzero(begins)[np.cumsum(begins) - 1]
    before = np.where(first[:, None] > 0, sums[np.maximum(first - 1, 0)], 0.0)
    return sums - before


def days_of(level: Level) -> Days:
    """Return the days of sales a level knows of, sorted."""
    return np.unique((level.moments & _DAY).astype(np.int64))
