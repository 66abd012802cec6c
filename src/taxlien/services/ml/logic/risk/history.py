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


@dataclass(frozen=True)
class History:
    """Counties by FIPS code."""

    counties: Mapping[bytes, Parcels]

    def before(self, columns: Columns) -> Floats:
        """Return (cases, 3) how often each parcel was redeemed, sold and left open, and not sold before
        the day of the case's sale. NaN where the county has no history, or parcel or day is unknown."""
        found = np.full((len(columns), 3), np.nan)
        rows = zip(
            columns.county.tolist(), columns.parcel.tolist(), columns.day.tolist(), strict=True
        )
        for number, (county, parcel, day) in enumerate(rows):
            known = self.counties.get(county)
            if known is None or parcel != parcel or day != day:
                continue
            low, high = np.searchsorted(known.parcel, (parcel, np.nextafter(parcel, np.inf)))
            earlier = slice(low, high)
            was = known.day[earlier] < day
            unsold = known.unsold[earlier] > 0
            redeemed = known.ended[earlier] < day
            found[number] = (
                np.sum(was & redeemed & ~unsold),
                np.sum(was & ~redeemed & ~unsold),
                np.sum(was & unsold),
            )
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
