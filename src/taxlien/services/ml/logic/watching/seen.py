"""What taught a model, as bins: kept in its artifact, so that what comes later can be held against it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from .check import FEWEST
from .drift import Drift, Places, Reference, drift, reference

FILE = "seen.json"

Values = Mapping[str, NDArray[np.float64]]


def dump(taught: Values, places: Places | None = None) -> bytes:
    """Return the file: the bins of every feature, and of the counties (``places``) that taught enough."""
    return msgspec.json.encode([reference(name, values, places) for name, values in taught.items()])


def read(files: Mapping[str, bytes]) -> list[Reference]:
    """Return the bins of an artifact's files; none where nobody wrote them down.

    Raises ``msgspec.ValidationError``, ``msgspec.DecodeError``.
    """
    return msgspec.json.decode(files[FILE], type=list[Reference]) if FILE in files else []


def compared(files: Mapping[str, bytes], now: Values, places: Places | None = None) -> list[Drift]:
    """Return the drift of every feature; none where there is nothing to compare, or too little: of
    ``places`` (the county of each value) that taught nothing there is nothing."""
    found = [drift(one, now[one.feature], places) for one in read(files)]
    return [one for one in found if one.rows >= FEWEST]
