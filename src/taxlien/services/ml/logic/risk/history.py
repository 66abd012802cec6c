"""What became of a parcel at earlier sales, as it was known on the day before a sale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from taxlien.services.ml.logic.redemption.columns import Columns, Floats


@dataclass(frozen=True)
class Parcels:
    """Earlier liens of a county's parcels, sorted by parcel: ``ended`` is the day of redemption,
    infinite while open; ``unsold`` ones nobody bought, or the county had to take."""

    parcel: Floats
    day: Floats
    ended: Floats
    unsold: Floats

    def before(self, parcel: Floats, day: Floats) -> Floats:
        """Return (cases, 3) what ``History.before`` does."""
        low = self.parcel.searchsorted(parcel, "left")
        count = self.parcel.searchsorted(parcel, "right") - low
        # Every earlier lien of every case, side by side: ``case`` it belongs to, ``at`` where it lies.
        case = np.repeat(np.arange(len(parcel)), count)
        at = np.arange(len(case)) - np.repeat(np.cumsum(count) - count, count) + low[case]
        was = self.day[at] < day[case]
        unsold = self.unsold[at] > 0
        redeemed = self.ended[at] < day[case]
        kinds = (was & redeemed & ~unsold, was & ~redeemed & ~unsold, was & unsold)
        counts = [np.bincount(case[kind], minlength=len(parcel)) for kind in kinds]
        return np.column_stack(counts).astype(np.float64)


@dataclass(frozen=True)
class History:
    """Counties by FIPS code."""

    counties: Mapping[bytes, Parcels]

    def before(self, columns: Columns) -> Floats:
        """Return (cases, 3) how often each parcel was redeemed, sold and left open, and not sold before
        the day of the case's sale. NaN where the county has no history, or parcel or day is unknown."""
        found = np.full((len(columns), 3), np.nan)
        placed = np.isfinite(columns.parcel) & np.isfinite(columns.day)
        for county in np.unique(columns.county):
            known = self.counties.get(bytes(county))
            if known is not None:
                rows = np.flatnonzero(placed & (columns.county == county))
                found[rows] = known.before(columns.parcel[rows], columns.day[rows])
        return found


def history_of(columns: Columns, ended: Floats, unsold: Floats) -> History:
    """Return the history that liens make; those without parcel, county or day make none."""
    counties = {}
    for name in sorted(set(columns.county.tolist()) - {b""}):
        mine = np.flatnonzero(
            (columns.county == name) & np.isfinite(columns.parcel) & np.isfinite(columns.day)
        )
        mine = mine[
            np.lexsort((unsold[mine], ended[mine], columns.day[mine], columns.parcel[mine]))
        ]
        counties[name] = Parcels(columns.parcel[mine], columns.day[mine], ended[mine], unsold[mine])
    return History(counties)
