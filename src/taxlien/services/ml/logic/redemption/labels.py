"""What became of liens, and how long they were watched: the outcomes that teach.

A certificate that is still open was watched until its county was last heard of. A deed or a void sale
without a date counts as ended when the owner's time was over by law. What has no day of sale, or an
end before it, teaches nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import msgspec
import numpy as np
from numpy.typing import NDArray

from taxlien.interfaces.rulebook import load_rulebook
from taxlien.law.errors import NoRule
from taxlien.services.ml.logic.survival import DAYS_A_MONTH, EDGES, intervals_seen

from .columns import EPOCH, Columns, Floats

_FEWEST_ENDINGS = 20
_FEW = 0.05  # share of a sale


@dataclass(frozen=True)
class Outcomes:
    """Liens with a known course. ``days`` from the sale to redemption, infinite without; ``watched`` to
    the last news whether redeemed or not, or to a deed or a void sale, which ``deeded`` and ``void``
    tell; infinite for the redeemed of a sale that is settled."""

    columns: Columns
    days: Floats
    watched: Floats
    deeded: NDArray[np.bool_]
    void: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.days)

    def only(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> Outcomes:
        """Return the liens of a mask or of indices."""
        return Outcomes(
            self.columns.only(chosen),
            self.days[chosen],
            self.watched[chosen],
            self.deeded[chosen],
            self.void[chosen],
        )

    def came_by(self, months: int) -> tuple[NDArray[np.bool_], Floats]:
        """Return for which liens it is known whether they were redeemed by then, and whether they were.

        An end in another way is an answer too. But the sale must have been followed so long: of a young
        one some redeemed and some were lost already, and a share among them alone would be of nothing.
        """
        limit = months * DAYS_A_MONTH
        known = (self.watched >= limit) | self.deeded | self.void
        return known & (self.followed >= limit), (self.days <= limit).astype(np.float64)

    @cached_property
    def followed(self) -> Floats:
        """How many days the sale of each lien was followed: as any of it that did not end otherwise."""
        _, sale = np.unique(
            np.rec.fromarrays([self.columns.county, self.columns.day]), return_inverse=True
        )
        longest = np.zeros(int(sale.max(initial=-1)) + 1)
        np.maximum.at(longest, sale, np.where(self.deeded | self.void, 0.0, self.watched))
        return np.asarray(longest[sale], np.float64)

    @cached_property
    def told_to(self) -> Floats:
        """To which day the course of each lien is told, for ``intervals_seen``: one that ended otherwise
        was not redeemed in the whole interval of its end, where its sale was followed so long."""
        edges = np.array(EDGES) * DAYS_A_MONTH
        whole = edges[np.minimum(np.searchsorted(edges, self.watched), len(edges) - 1)]
        ended = self.deeded | self.void
        return np.where(ended, np.minimum(whole, self.followed), self.watched)


def paid_back(outcomes: Outcomes) -> Outcomes:
    """Return the same with void sales as liens that were paid on the day they became void: what was laid
    out comes back then, by the law's refund (docs/law.md), and no principal is lost."""
    return Outcomes(
        outcomes.columns,
        np.where(outcomes.void, outcomes.watched, outcomes.days),
        np.where(outcomes.void, outcomes.followed, outcomes.watched),
        outcomes.deeded,
        np.zeros(len(outcomes), dtype=bool),
    )


def as_of(outcomes: Outcomes, day: float) -> Outcomes:
    """Return what was known of ``outcomes`` on the morning of ``day``: of the sales before it alone."""
    sold = outcomes.only(outcomes.columns.day < day)
    since = day - 1 - sold.columns.day
    ended = np.minimum(sold.days, sold.watched)
    later = ended > since
    return Outcomes(
        sold.columns,
        np.where(sold.days > since, np.inf, sold.days),
        np.minimum(sold.watched, since),
        sold.deeded & ~later,
        sold.void & ~later,
    )


class Endings(msgspec.Struct, frozen=True):
    """Hazards of a deed and of a void sale by interval, and ``n`` liens behind them."""

    deeded: tuple[float, ...]
    void: tuple[float, ...]
    n: int


def outcomes_of(
    columns: Columns, status: NDArray[np.str_], redeemed: Floats, ended: Floats, heard: Floats
) -> Outcomes:
    """Return what became of ``columns``; days as numbers, NaN unknown; ``heard`` is the county's last
    news."""
    deeded, void = status == "foreclosed", status == "void"
    days = np.where(np.isfinite(redeemed), redeemed - columns.day, np.inf)
    over = np.where((deeded | void) & np.isnan(ended), _law_ends(columns), ended)
    watched = np.where(deeded | void, over, heard) - columns.day
    watched = np.where(
        np.isfinite(days)
        & _settled(columns, np.isinf(days) & (status != "redeemed"), deeded | void),
        np.inf,
        watched,
    )
    said = (status != "redeemed") | np.isfinite(redeemed)
    good = np.isfinite(columns.day) & (days >= 0) & (watched >= 0) & said
    return Outcomes(columns, days, watched, deeded, void).only(good)


def _settled(
    columns: Columns, unpaid: NDArray[np.bool_], otherwise: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return which liens are of a sale that ended: next to none is open, and owners did lose some."""
    keys = np.rec.fromarrays([columns.county, columns.day])
    _, which = np.unique(keys, return_inverse=True)
    n = np.bincount(which)
    lost = np.bincount(which, weights=otherwise) / n
    still = np.bincount(which, weights=unpaid & ~otherwise) / n
    return np.asarray((still <= _FEW) & (lost >= _FEW))[which]


def _law_ends(columns: Columns) -> Floats:
    """Return the day on which the owner's time is over by law, NaN without a rule."""
    found: dict[tuple[bytes, float], float] = {}
    for state, day in set(zip(columns.state.tolist(), columns.day.tolist(), strict=True)):
        if np.isfinite(day):
            found[state, day] = _end_of(state.decode(), day)
    return np.array(
        [
            found.get(key, np.nan)
            for key in zip(columns.state.tolist(), columns.day.tolist(), strict=True)
        ]
    )


def _end_of(state: str, day: float) -> float:
    try:
        rule = load_rulebook().find(state, date.fromordinal(int(day) + EPOCH))
    except NoRule:
        return float("nan")
    return day + (rule.redemption_months or 12) * DAYS_A_MONTH + 1


def learn_endings(outcomes: Outcomes) -> Mapping[str, Endings]:
    """Return the other ends of each state that tells enough of them; no other state is guessed at."""
    found = {}
    for state in sorted(set(outcomes.columns.state.tolist())):
        mine = outcomes.only(outcomes.columns.state == state)
        otherwise = mine.deeded | mine.void
        if int(otherwise.sum()) < _FEWEST_ENDINGS:
            continue
        case, place, ended = intervals_seen(
            np.where(otherwise, mine.watched, mine.days), mine.told_to
        )
        opened = np.maximum(np.bincount(place, minlength=len(EDGES)), 1)
        deeded, void = (
            np.bincount(place, weights=ended * way[case], minlength=len(EDGES)) / opened
            for way in (mine.deeded, mine.void)
        )
        found[state.decode()] = Endings(tuple(deeded.tolist()), tuple(void.tolist()), len(mine))
    return found
