"""How a family of models learns, and is measured on rows that taught it nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray


@dataclass(frozen=True)
class Measured:
    """How far a model was off: ``loss`` of each case (NaN: cannot be told), and the number of its parcel."""

    loss: NDArray[np.float64]
    cluster: NDArray[np.int64]
    metrics: Mapping[str, float]


class Learning(Protocol):
    """What training needs of a family."""

    def train(self, table: pl.DataFrame, memory: pl.DataFrame, seed: int) -> dict[str, bytes]:
        """Return the files of a model taught by ``table``, the same for the same rows and seed.

        ``memory`` has all rows: the model may remember them where it is asked for a later sale of the
        same parcel or county, and learns nothing from what ``table`` lacks. Raises ``ValueError``.
        """
        ...

    def measure(self, model: Any, table: pl.DataFrame) -> Measured:
        """Ask ``model`` what it says of the rows of ``table``, and compare, in one order of cases."""
        ...


def clusters_of(county: NDArray[np.bytes_], parcel: NDArray[Any]) -> NDArray[np.int64]:
    """Return one number for each parcel, or day, of each county: from 0 on, none left out."""
    _, of_county = np.unique(county, return_inverse=True)
    _, of_parcel = np.unique(parcel, return_inverse=True)
    both = np.asarray(of_county, np.int64) * (len(parcel) + 1) + of_parcel
    return np.asarray(np.unique(both, return_inverse=True)[1], np.int64)
