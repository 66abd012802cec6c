"""The facts of many liens as columns: what the features of redemption are made from.

Money in US dollars, days since 1970-01-01, unknown is NaN; text is ASCII bytes, empty where unknown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taxlien.services.ml.logic.case import Case

Floats = NDArray[np.float64]

EPOCH = date(1970, 1, 1).toordinal()
_OTHER_THAN_DIGITS = re.compile(r"\D+")
_MOST_DIGITS = 15  # a float holds them exactly


@dataclass(frozen=True, slots=True)
class Columns:
    """Liens side by side; every array has one entry a lien. ``parcel`` is the number in the parcel's
    key: near numbers lie near one another in most counties."""

    state: NDArray[np.bytes_]
    county: NDArray[np.bytes_]
    day: Floats
    face: Floats
    premium: Floats
    parcel: Floats

    def __len__(self) -> int:
        return len(self.day)

    def only(self, chosen: Any) -> Columns:
        """Return the liens of a mask, a slice or indices."""
        return Columns(*(getattr(self, field.name)[chosen] for field in fields(self)))


def parcel_number(key: str | None) -> float:
    """Return the digits of a parcel's key as a number, NaN without any."""
    digits = _OTHER_THAN_DIGITS.sub("", key or "")[:_MOST_DIGITS]
    return float(digits) if digits else float("nan")


def columns_of_cases(cases: Sequence[Case]) -> Columns:
    """Return cases as columns."""
    return Columns(
        state=np.array([(case.state or "").encode() for case in cases], "S2"),
        county=np.array([(case.county_fips or "").encode() for case in cases], "S5"),
        day=_floats([c.sale_date.toordinal() - EPOCH if c.sale_date else None for c in cases]),
        face=_floats([case.face_amount for case in cases]),
        premium=_floats([case.premium for case in cases]),
        parcel=np.array([parcel_number(case.parcel_key) for case in cases], np.float64),
    )


def _floats(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], np.float64)
