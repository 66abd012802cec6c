"""What was bid before, by groups of liens. It can be asked only about sales before a day.

The memory of a group fades: a sale ``1 / FADING`` years older counts 1/e as much.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    """Sales of groups of one kind, by group and day. ``mean`` and ``weight`` fade, ``last`` is one sale.

    ``weight`` is how many bids the group had up to that day, faded to that day.
    """

    parts: tuple[Part, ...]
    stats: tuple[str, ...]
    moments: Codes
    weight: Singles
    count: Singles
    mean: Singles
    last: Singles

    def before(self, columns: Columns, groups: Groups | None = None) -> Singles:
        """Return, for every case, what is known of its group from sales strictly before its day.

        A row is: fading means, means of the last sale, weight, count and age in years of the last
        sale. NaN where there was none.
        """
        width = len(self.stats)
        found = np.full((len(columns), 2 * width + 3), np.nan, np.float32)
        if not len(self.moments) or not len(columns):
            return found
        codes, known = (groups or Groups(columns)).codes(self.parts)
        begins = codes << _DAY_BITS
        place = self.moments.searchsorted(begins | columns.day.astype(np.uint64), "left") - 1
        moment = self.moments[np.maximum(place, 0)]
        known &= (place >= 0) & (moment >> _DAY_BITS == codes)
        rows = known.nonzero()[0]
        if not len(rows):
            return found
        place = place[rows]
        age = (columns.day[rows] - (moment[rows] & _DAY).astype(np.int64)) / YEAR
        weight = self.weight[place] * np.exp(-FADING * age)
        told = (self.mean[place], self.last[place], weight[:, None], self.count[place][:, None])
        found[rows] = np.concatenate([*told, age[:, None]], axis=1, dtype=np.float32)
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
        return Level(parts, tuple(values), moment, empty, empty, shape, shape)
    starts = np.flatnonzero(np.r_[True, moment[1:] != moment[:-1]])
    count = np.diff(np.r_[starts, len(moment)]).astype(np.float64)
    sums = np.add.reduceat(table, starts, axis=0)
    moment = moment[starts]
    latest = float(day.max())
    aged = np.exp(
        FADING * np.maximum((moment & _DAY).astype(np.float64) - latest, -40 * YEAR) / YEAR
    )
    faded = _running(np.column_stack([count, sums]) * aged[:, None], moment >> _DAY_BITS)
    return Level(
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
