"""The counties that ship: their names, and what day it is there."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from taxlien.kit.reference import reference_text

_ELSEWHERE = ZoneInfo("America/New_York")


class County(NamedTuple):
    """A county by its FIPS code."""

    name: str
    zone: ZoneInfo


@cache
def _counties() -> dict[str, County]:
    rows = csv.DictReader(io.StringIO(reference_text("counties.csv")))
    return {row["fips"]: County(row["name"], ZoneInfo(row["time_zone"])) for row in rows}


def county_name(fips: str) -> str:
    """Return a county's name; its code where there is no such county."""
    found = _counties().get(fips)
    return found.name if found else fips


def day_in(fips: str, now: datetime) -> date:
    """Return the day it is in a county at ``now``; Eastern time where the county is not known."""
    found = _counties().get(fips)
    return now.astimezone(found.zone if found else _ELSEWHERE).date()
