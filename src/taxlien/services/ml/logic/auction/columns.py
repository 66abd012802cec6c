"""The facts of many cases as columns: what the features of an auction are made from.

Money in US dollars and flags are floats, unknown is NaN; a day counts from 1900-01-01; text is ASCII
bytes, empty where unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taxlien.services.ml.logic.case import Case

Floats = NDArray[np.float64]
Days = NDArray[np.int64]

EPOCH = date(1900, 1, 1).toordinal()
LAST_DAY = 65_535
KEY_WIDTH = 24


@dataclass(frozen=True, slots=True)
class Columns:
    """Cases side by side; every array has one entry a case."""

    state: NDArray[np.bytes_]
    county: NDArray[np.bytes_]
    parcel: NDArray[np.bytes_]
    day: Days
    face: Floats
    assessed: Floats
    homestead: Floats
    most: Floats

    def __len__(self) -> int:
        return len(self.day)

    def only(self, chosen: Any) -> Columns:
        """Return the cases of a mask, a slice or indices."""
        return Columns(*(getattr(self, field.name)[chosen] for field in fields(self)))


def day_number(day: date) -> int:
    """Return the day as it is counted here, held within 1900 and 2079."""
    return min(max(day.toordinal() - EPOCH, 0), LAST_DAY)


def day_of(number: int) -> date:
    """Return the date of a day's number."""
    return date.fromordinal(number + EPOCH)


def columns_of_cases(
    cases: Sequence[Case], days: Sequence[int], most: Sequence[float | None]
) -> Columns:
    """Return cases as columns. ``days`` are their sales, ``most`` the rates their laws start from."""
    nan = float("nan")
    return Columns(
        state=_text([case.state for case in cases], 2),
        county=_text([case.county_fips for case in cases], 5),
        parcel=_text([case.parcel_key for case in cases], KEY_WIDTH),
        day=np.asarray(days, np.int64),
        face=_floats([case.face_amount for case in cases]),
        assessed=_floats([case.assessed_value for case in cases]),
        homestead=_floats([nan if c.homestead is None else float(c.homestead) for c in cases]),
        most=_floats(most),
    )


def _text(values: Sequence[str | None], width: int) -> NDArray[np.bytes_]:
    told = [(value or "").encode("ascii", "ignore")[:width] for value in values]
    return np.array(told, dtype=f"S{width}")


def _floats(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], np.float64)
