"""Trees asked through XGBoost's C interface: what ``Booster.inplace_predict`` answers, bit for bit.

For one case the Python around that function costs several times what the trees do.
"""

from __future__ import annotations

import ctypes
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taxlien.services.ml.adapters.boosting import find_lib_path, xgboost

Singles = NDArray[np.float32]

# The library that xgboost has loaded: the same file is not loaded twice.
_library = ctypes.CDLL(find_lib_path()[0])
_library.XGBGetLastError.restype = ctypes.c_char_p
_ASKED = (
    b'{"type": 0, "training": false, "iteration_begin": 0, "iteration_end": 0, "missing": NaN,'
    b' "strict_shape": false, "cache_id": 0}'
)
_WIDTH = 4


class _Desk(threading.local):
    """Where a thread has its answers written to."""

    def __init__(self) -> None:
        self.shape = ctypes.POINTER(ctypes.c_uint64)()
        self.dimensions = ctypes.c_uint64()
        self.told = ctypes.POINTER(ctypes.c_float)()
        self.places = tuple(map(ctypes.byref, (self.shape, self.dimensions, self.told)))


def ask(trees: xgboost.Booster, matrix: Singles, margin: Singles | None = None) -> Singles:
    """Return what ``trees`` say of the rows of ``matrix`` (float32, NaN unknown), starting from ``margin``.

    Safe from several threads at once: nothing of the trees is changed. Raises ``RuntimeError``.
    """
    matrix = np.ascontiguousarray(matrix, np.float32)
    if margin is None:
        return _told(trees, matrix, None)
    margin = np.ascontiguousarray(margin, np.float32)
    holder = ctypes.c_void_p()
    _check(_library.XGProxyDMatrixCreate(ctypes.byref(holder)))
    try:
        _check(_library.XGDMatrixSetInfoFromInterface(holder, b"base_margin", _where(margin)))
        return _told(trees, matrix, holder)
    finally:
        _library.XGDMatrixFree(holder)


def _told(trees: xgboost.Booster, matrix: Singles, holder: ctypes.c_void_p | None) -> Singles:
    where, places = _where(matrix), _desk.places
    _check(_library.XGBoosterPredictFromDense(trees.handle, where, _ASKED, holder, *places))
    return _copied()


def _copied() -> Singles:
    """Return the answer, copied at once: its place belongs to the trees, and the next is written there."""
    desk = _desk
    shape = desk.shape[: desk.dimensions.value]
    size = _WIDTH
    for length in shape:
        size *= length
    return np.frombuffer(ctypes.string_at(desk.told, size), np.float32).reshape(shape)


def _where(array: Singles) -> bytes:
    """Tell where an array lies, as NumPy's array interface does."""
    place: int = array.__array_interface__["data"][0]
    shape = ",".join(map(str, array.shape))
    return f'{{"data":[{place},true],"shape":[{shape}],"typestr":"<f4","version":3}}'.encode()


def _check(failed: Any) -> None:
    if failed:
        raise RuntimeError(_library.XGBGetLastError().decode(errors="replace")[:300])


_desk = _Desk()
