"""What a county's sales have shown: the list of a sale, and what was known the day before it.

Two questions are answered, and no other: ``sale(day)``, the list that was offered, which is published
before the bidding; and ``before(day)``, the certificates of earlier days as they stood on the day
before. Sales of one day do not see each other's outcomes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from .columns import Floats

MOST_KEPT = 64
LONGEST_DAYS = 730.0
"""Days open count up to this many: beyond, slow is slow."""


@dataclass(frozen=True, slots=True)
class Sale:
    """The list of one sale, by parcel number; sums run from the left, one entry more than liens."""

    parcel: Floats
    log_face: Floats
    face_sum: Floats
    premium_sum: Floats
    by_face: Floats
    faces: Floats
    same: Floats


@dataclass(frozen=True, slots=True)
class Before:
    """Certificates sold before a day, by parcel number and day of sale, as known the day before.

    ``open_days`` were open that long (held at ``LONGEST_DAYS``), ``still`` were not redeemed.
    """

    parcel: Floats
    day: Floats
    log_face: Floats
    open_days: Floats
    days_sum: Floats
    still_sum: Floats
    paid_parcel: Floats


@dataclass(frozen=True)
class County:
    """The certificates of a county and the later taxes paid on them. ``ended`` is infinite while open."""

    day: Floats
    parcel: Floats
    face: Floats
    premium: Floats
    ended: Floats
    paid_day: Floats
    paid_parcel: Floats
    _sales: dict[float, Sale | None] = field(default_factory=dict, repr=False, compare=False)
    _before: dict[float, Before] = field(default_factory=dict, repr=False, compare=False)

    def sale(self, day: float) -> Sale | None:
        """Return the list of the sale on ``day``; None where nothing is known of it."""
        if day not in self._sales:
            chosen = (self.day == day) & np.isfinite(self.parcel)
            self._sales[day] = (
                sale_of(self.parcel[chosen], self.face[chosen], self.premium[chosen])
                if chosen.any()
                else None
            )
        return self._sales[day]

    def before(self, day: float) -> Before:
        """Return what was known on the day before ``day``; of a day without a known sale, on the day before
        its month: else each day anybody may ask about would be worked out and kept."""
        if self.sale(day) is None:
            day = first_of_month(day)
        known = self._before.get(day)
        if known is None:
            known = self._as_of(day)
            for oldest in list(self._before)[: len(self._before) + 1 - MOST_KEPT]:
                self._before.pop(oldest, None)
            self._before[day] = known
        return known

    def has_taxes(self, day: float) -> bool:
        """Tell whether holders paid later taxes in the month of ``day``, which is no day of a sale."""
        return first_of_month(day) in self._months and self.sale(day) is None

    @cached_property
    def _months(self) -> frozenset[float]:
        return frozenset(map(first_of_month, self.paid_day.tolist()))

    def _as_of(self, day: float) -> Before:
        chosen = np.flatnonzero((self.day < day) & np.isfinite(self.parcel))
        order = chosen[np.lexsort((self.day[chosen], self.parcel[chosen]))]
        ended, sold = self.ended[order], self.day[order]
        still = (ended >= day).astype(np.float64)
        days = np.minimum(np.minimum(ended, day) - sold, LONGEST_DAYS)
        return Before(
            parcel=self.parcel[order],
            day=sold,
            log_face=log_face(self.face[order]),
            open_days=days,
            days_sum=_sums(days),
            still_sum=_sums(still),
            paid_parcel=np.sort(self.paid_parcel[self.paid_day < day]),
        )


@dataclass(frozen=True)
class History:
    """Counties by FIPS code."""

    counties: Mapping[bytes, County]


def sale_of(parcel: Floats, face: Floats, premium: Floats) -> Sale:
    """Return a sale's list; parcels have numbers, faces and premiums may be NaN."""
    order = np.lexsort((face, parcel))
    logs = log_face(face[order])
    faces, same = np.unique(face[np.isfinite(face)], return_counts=True)
    return Sale(
        parcel=parcel[order],
        log_face=logs,
        face_sum=_sums(np.nan_to_num(logs)),
        premium_sum=_sums((np.nan_to_num(premium[order]) > 0).astype(np.float64)),
        by_face=np.sort(logs[np.isfinite(logs)]),
        faces=faces,
        same=same.astype(np.float64),
    )


def first_of_month(day: float) -> float:
    """Return the first day of the month of ``day``, in days since 1970-01-01."""
    month = np.datetime64(int(day), "D").astype("datetime64[M]")
    return float(month.astype("datetime64[D]").astype(np.int64))


def log_face(face: Floats) -> Floats:
    """Return the logarithm of dollars; below a dollar counts as one."""
    return np.asarray(np.log(np.maximum(face, 1.0)), np.float64)


def _sums(values: Floats) -> Floats:
    return np.concatenate([[0.0], np.cumsum(values)])
