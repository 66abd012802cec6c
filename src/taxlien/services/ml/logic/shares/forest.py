"""The shares of features in a forest's answers: of each piece of each tree one row of a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .pieces import Parts, pieces_of
from .tables import Floats, tables_of
from .tree import Bins, Singles, Tree

AT_ONCE = 24
"""Cases whose rows are looked up together: more would need memory that no cache holds."""


class _Drawer(NamedTuple):
    """Tables of pieces with as many features, one under the other; ``pieces`` are their places."""

    pieces: slice
    shares: Singles


class Forest:
    """Tables of all trees. They are a few times as large as the trees, and for one case they are read in a
    twentieth of the time that walking through the trees takes.

    ``width`` is how many features a case has. Raises ``ValueError`` for paths of too many features.
    """

    def __init__(self, trees: Sequence[Tree], width: int) -> None:
        self._width = width
        self._bins = Bins(trees, width)
        told: list[tuple[Parts, Singles]] = []
        for tree in trees:
            pieces = pieces_of(tree, self._bins)
            parts = (piece.parts for piece in pieces)  # their leaves are needed no longer
            told += zip(parts, tables_of(pieces), strict=True)
        told.sort(key=lambda pair: len(pair[0]))
        self._drawers = list(_drawers([table for _, table in told]))
        self._begin = _begins([len(table) for _, table in told], self._drawers)
        self._rows = _rows_by_bin([parts for parts, _ in told], self._bins)
        self._features = np.array([feature for parts, _ in told for feature in parts], np.intp)

    def shares(self, matrix: Singles) -> Floats:
        """Return (cases, features) what each adds to the answer of each case, against what is said where
        nothing is known of it; unknown is NaN. What is told of a case does not depend on the others."""
        told = np.zeros((len(matrix), self._width))
        for start in range(0, len(matrix) if self._drawers else 0, AT_ONCE):
            some = slice(start, start + AT_ONCE)
            self._add(matrix[some], told[some])
        return told

    def _add(self, matrix: Singles, told: Floats) -> None:
        numbers = self._bins.numbers(matrix)
        row = self._rows[numbers].sum(axis=1, dtype=np.uint16) + self._begin
        found = [
            d.shares.take(row[:, d.pieces], axis=0).reshape(len(row), -1) for d in self._drawers
        ]
        side_by_side = np.concatenate(found, axis=1, dtype=np.float64)
        for case, one in zip(told, side_by_side, strict=True):
            case += np.bincount(self._features, one, self._width)


def _drawers(tables: Sequence[Singles]) -> Iterator[_Drawer]:
    begin = 0
    for _, some in groupby(tables, key=lambda table: table.shape[1]):
        alike = list(some)
        end = begin + len(alike)
        yield _Drawer(slice(begin, end), np.concatenate(alike))
        begin = end


def _begins(rows: Sequence[int], drawers: Sequence[_Drawer]) -> NDArray[np.int64]:
    """Return where the table of each piece begins in its drawer."""
    ends = np.cumsum(rows, dtype=np.int64)
    begins = ends - rows
    for drawer in drawers:
        begins[drawer.pieces] -= begins[drawer.pieces.start]
    return begins


def _rows_by_bin(pieces: Sequence[Parts], bins: Bins) -> NDArray[np.uint16]:
    """Return (bins of all features, pieces) what each bin adds to the number of a row."""
    found = np.zeros((int(bins.first[-1]), len(pieces)), np.uint16)
    adding: dict[int, list[tuple[int, int, int]]] = {}  # of a feature: piece, what a bin adds, bins
    for place, parts in enumerate(pieces):
        step = 1
        for feature, of_feature in reversed(list(parts.items())):
            told = adding.setdefault(feature, [])
            told += [(place, step * number, part) for number, part in enumerate(of_feature)][1:]
            step *= len(of_feature)
    for feature, told in adding.items():
        places, adds, sets = zip(*told, strict=True) if told else ((), (), ())
        which, bin_number = _members(sets, bins.count[feature])
        rows = bins.first[feature] + bin_number
        found[rows, np.array(places, np.intp)[which]] = np.array(adds, np.uint16)[which]
    return found


def _members(sets: Sequence[int], count: int) -> tuple[NDArray[np.intp], ...]:
    """Return pairs of a set's place and a bin in it; sets are integers of ``count`` bits."""
    size = -(-count // 8)
    packed = np.frombuffer(b"".join(one.to_bytes(size, "little") for one in sets), np.uint8)
    return np.unpackbits(packed.reshape(-1, size), axis=1, count=count, bitorder="little").nonzero()
