"""Counties by FIPS code, as shipped: their names, and the time zone that their days are of."""

from __future__ import annotations

import csv
import io
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from taxlien.kit.reference import reference_text


class County(NamedTuple):
    """A county or county equivalent. ``full_name`` is as in ``Polk County``."""

    fips: str
    name: str
    full_name: str
    state: str
    time_zone: str

    @property
    def zone(self) -> ZoneInfo:
        """Return the zone of the county's dates and hours."""
        return ZoneInfo(self.time_zone)


def county_of(fips: str) -> County | None:
    """Return the county of a FIPS code, or None."""
    return _counties().get(fips)


@cache
def _counties() -> dict[str, County]:
    rows = csv.DictReader(io.StringIO(reference_text("counties.csv")))
    return {row["fips"]: County(*(row[name] for name in County._fields)) for row in rows}
