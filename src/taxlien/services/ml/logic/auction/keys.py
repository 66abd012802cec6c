"""Groups of liens as numbers: a county, a parcel, its block, liens of like amount."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .columns import KEY_WIDTH, Columns

Part = Literal[
    "state", "county", "parcel", "short4", "short6", "short8", "head6", "face", "value", "homestead"
]
Codes = NDArray[np.uint64]

_DAY_BITS = np.uint64(16)
_CHUNK = 65_536
_rng = np.random.default_rng(20_061_231)  # the numbers of saved histories depend on it
_TEXT = _rng.integers(1, 2**63, (3, KEY_WIDTH), np.uint64) * np.uint64(2) + np.uint64(1)
_NUMBER = _rng.integers(1, 2**63, 4, np.uint64) * np.uint64(2) + np.uint64(1)


def group_codes(columns: Columns, parts: tuple[Part, ...]) -> tuple[Codes, NDArray[np.bool_]]:
    """Return a number of 48 bits for the group of every case, and whether the group is known.

    Two groups of a million share a number with a chance of about 0.002.
    """
    size = len(columns)
    codes, known = np.zeros(size, np.uint64), np.ones(size, bool)
    with np.errstate(over="ignore"):
        for start in range(0, size, _CHUNK):
            rows = slice(start, start + _CHUNK)
            piece = columns.only(rows) if size > _CHUNK else columns
            for place, part in enumerate(parts):
                code, is_known = _part(piece, part, place)
                codes[rows] += code
                known[rows] &= is_known
        codes ^= codes >> np.uint64(29)
        codes *= _NUMBER[3]
    return codes >> _DAY_BITS, known


def _part(columns: Columns, part: Part, place: int) -> tuple[Codes, NDArray[np.bool_]]:
    if part in ("state", "county"):
        values = getattr(columns, part)
        return _hashed(_letters(values), _TEXT[0 if part == "state" else 1]), values != b""
    if part == "face":
        known = columns.face > 0
        return _numbered(np.floor(5 * np.log(np.where(known, columns.face, 1.0))), place), known
    if part == "value":
        known = columns.assessed > 0
        return _numbered(np.floor(4 * np.log(np.where(known, columns.assessed, 1.0))), place), known
    if part == "homestead":
        known = np.isfinite(columns.homestead)
        return _numbered(np.where(known, columns.homestead, 0.0), place), known
    letters = _letters(columns.parcel)
    length = (letters != 0).sum(1)
    keep = length - {"short4": 4, "short6": 6, "short8": 8}.get(part, 0)
    if part == "head6":
        keep = np.minimum(length, 6)
    letters = np.where(np.arange(letters.shape[1]) < keep[:, None], letters, 0)
    return _hashed(letters, _TEXT[2]), keep > 0


def _letters(values: NDArray[np.bytes_]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(values).view(np.uint8).reshape(len(values), values.itemsize)


def _hashed(letters: NDArray[np.uint8], numbers: Codes) -> Codes:
    return np.asarray(letters.astype(np.uint64) @ numbers[: letters.shape[1]], np.uint64)


def _numbered(values: NDArray[np.float64], place: int) -> Codes:
    number: Codes = (values.astype(np.int64) + 1_000).astype(np.uint64)
    return np.asarray(number * _NUMBER[place % 3], np.uint64)
