"""What taught a model, as bins: kept in its artifact, so that what comes later can be held against it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from .check import FEWEST
from .drift import Drift, Reference, drift, reference

FILE = "seen.json"

Values = Mapping[str, NDArray[np.float64]]


def dump(taught: Values) -> bytes:
    """Return the file: the bins of every feature."""
    return msgspec.json.encode([reference(name, values) for name, values in taught.items()])


def read(files: Mapping[str, bytes]) -> list[Reference]:
    """Return the bins of an artifact's files; none where nobody wrote them down.

    Raises ``msgspec.ValidationError``, ``msgspec.DecodeError``.
    """
    return msgspec.json.decode(files[FILE], type=list[Reference]) if FILE in files else []


def compared(files: Mapping[str, bytes], now: Values) -> list[Drift]:
    """Return the drift of every feature; none where there is nothing to compare, or too little."""
    return [drift(one, now[one.feature]) for one in read(files) if len(now[one.feature]) >= FEWEST]
