"""Groups of liens as numbers: a county, a parcel, its block, liens of like amount."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .columns import KEY_WIDTH, Columns

Part = Literal[
    "state", "county", "parcel", "short4", "short6", "short8", "head6", "face", "value", "homestead"
]
Codes = NDArray[np.uint64]

_DAY_BITS = np.uint64(16)
_SHORTER: Mapping[Part, int] = {"short4": 4, "short6": 6, "short8": 8}
_rng = np.random.default_rng(20_061_231)  # the numbers of saved histories depend on it
_TEXT = _rng.integers(1, 2**63, (3, KEY_WIDTH), np.uint64) * np.uint64(2) + np.uint64(1)
_NUMBER = _rng.integers(1, 2**63, 4, np.uint64) * np.uint64(2) + np.uint64(1)


Coded = tuple[Codes, NDArray[np.bool_]]


class Groups:
    """The groups that cases belong to. What several kinds of group share is worked out once."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._parts: dict[tuple[Part, int], Coded] = {}
        self._parcel: tuple[Codes, NDArray[np.int64]] | None = None

    def codes(self, kinds: Sequence[tuple[Part, ...]]) -> Coded:
        """Return (kinds, cases) a number of 48 bits for the group of every case, and whether the group is
        known.

        Two groups of a million share a number with a chance of about 0.002.
        """
        codes = np.empty((len(kinds), len(self._columns)), np.uint64)
        known = np.empty(codes.shape, np.bool_)
        for row, parts in enumerate(kinds):
            codes[row], known[row] = self._part(parts[0], 0)
            for place, part in enumerate(parts[1:], 1):
                code, is_known = self._part(part, place)
                codes[row] += code
                known[row] &= is_known
        codes ^= codes >> np.uint64(29)
        codes *= _NUMBER[3]
        codes >>= _DAY_BITS
        return codes, known

    def _part(self, part: Part, place: int) -> Coded:
        known = self._parts.get((part, place))
        if known is None:
            known = self._parts[part, place] = self._work_out(part, place)
        return known

    def _work_out(self, part: Part, place: int) -> Coded:
        columns = self._columns
        if part in ("state", "county"):
            values = getattr(columns, part)
            numbers = _TEXT[0 if part == "state" else 1]
            return _hashed(_letters(values).astype(np.uint64), numbers), values != b""
        if part == "face":
            known = columns.face > 0
            return _numbered(np.floor(5 * np.log(np.where(known, columns.face, 1.0))), place), known
        if part == "value":
            known = columns.assessed > 0
            number = np.floor(4 * np.log(np.where(known, columns.assessed, 1.0)))
            return _numbered(number, place), known
        if part == "homestead":
            known = np.isfinite(columns.homestead)
            return _numbered(np.where(known, columns.homestead, 0.0), place), known
        return self._beginning(part)

    def _beginning(self, part: Part) -> Coded:
        """Number a parcel by its key, or by so much of it as its neighbours share."""
        if self._parcel is None:
            written = _letters(self._columns.parcel)
            told = written.astype(np.uint64) * _TEXT[2][: written.shape[1]]
            # The number of a beginning is the sum up to its last letter.
            self._parcel = told.cumsum(axis=1, dtype=np.uint64), (written != 0).sum(1)
        sums, length = self._parcel
        keep = np.minimum(length, 6) if part == "head6" else length - _SHORTER.get(part, 0)
        known = keep > 0
        return sums[np.arange(len(sums)), np.where(known, keep - 1, 0)], known


def group_codes(columns: Columns, parts: tuple[Part, ...]) -> Coded:
    """Return the groups of one kind: see ``Groups.codes``."""
    codes, known = Groups(columns).codes([parts])
    return codes[0], known[0]


def _letters(values: NDArray[np.bytes_]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(values).view(np.uint8).reshape(len(values), values.itemsize)


def _hashed(letters: NDArray[np.uint64], numbers: Codes) -> Codes:
    return np.asarray(letters @ numbers[: letters.shape[1]], np.uint64)


def _numbered(values: NDArray[np.float64], place: int) -> Codes:
    number: Codes = (values.astype(np.int64) + 1_000).astype(np.uint64)
    return np.asarray(number * _NUMBER[place % 3], np.uint64)
