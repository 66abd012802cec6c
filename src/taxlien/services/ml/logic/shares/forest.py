"""The shares of features in a forest's answers: of each piece of each tree one row of a table."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .pieces import Parts, pieces_of
from .tables import Floats, tables_of
from .tree import Bins, Singles, Tree

AT_ONCE = 24
"""Cases whose bins are found together: more would need memory that no cache holds."""
_LINE = 64
"""Bytes that the processor's memory hands over at once."""
_WIDTHS = (4, 8)
"""Rows of so many shares lie in one line, and are copied by few instructions: narrower ones are filled up.
What is wider is filled up to an even number."""


class _Drawer(NamedTuple):
    """Tables of pieces with rows of one width, one under the other; ``pieces`` and ``shares`` are the places
    of its pieces among all, and of what is found in it."""

    table: Singles
    pieces: slice
    shares: slice


class _Desk(threading.local):
    """Where a thread lays what belongs to one case. It is used again for the next: memory that was just used
    is near, and shares of many cases side by side would drive trees and tables away from there."""

    def __init__(self, features: int, pieces: int, found: int, shares: int) -> None:
        self.rows = np.empty((features, pieces), np.uint16)
        self.row = np.empty(pieces, np.uint16)
        self.places = np.empty(pieces, np.int64)
        self.found = np.empty(found, np.float32)
        self.by_feature = np.empty(shares, np.float32)


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
        told.sort(key=lambda pair: _filled_up(len(pair[0])))
        self._drawers = list(_drawers([table for _, table in told]))
        self._begin = _begins([len(table) for _, table in told], self._drawers)
        self._rows = _rows_by_bin([parts for parts, _ in told], self._bins)
        self._by_feature, self._told, self._first = _order([parts for parts, _ in told])
        found = self._drawers[-1].shares.stop if told else 0
        self._desk = _Desk(len(self._told), len(told), found, len(self._by_feature))

    def shares(self, matrix: Singles) -> Floats:
        """Return (cases, features) what each adds to the answer of each case, against what is said where
        nothing is known of it; unknown is NaN. What is told of a case does not depend on the others."""
        told = np.zeros((len(matrix), self._width))
        for start in range(0, len(matrix) if self._drawers else 0, AT_ONCE):
            some = slice(start, start + AT_ONCE)
            self._tell(self._bins.numbers(matrix[some])[:, self._told], told[some])
        return told

    def _tell(self, numbers: NDArray[np.int64], told: Floats) -> None:
        desk = self._desk
        looked_up = [
            (table, desk.places[pieces], desk.found[shares].reshape(-1, table.shape[1]))
            for table, pieces, shares in self._drawers
        ]
        # No place can lie outside; "clip" writes where it is told to, "raise" would go by a copy.
        for case, of_case in zip(told, numbers, strict=True):
            self._rows.take(of_case, axis=0, out=desk.rows, mode="clip")
            np.add.reduce(desk.rows, axis=0, out=desk.row)
            np.add(desk.row, self._begin, out=desk.places)
            for table, places, found in looked_up:
                table.take(places, axis=0, out=found, mode="clip")
            desk.found.take(self._by_feature, out=desk.by_feature, mode="clip")
            case[self._told] = np.add.reduceat(desk.by_feature, self._first)


def _filled_up(features: int) -> int:
    """Return the width of the rows that hold the shares of so many features."""
    return next((width for width in _WIDTHS if features <= width), features + features % 2)


def _drawers(tables: Sequence[Singles]) -> Iterator[_Drawer]:
    first = begin = 0
    for width, some in groupby(tables, key=lambda table: _filled_up(table.shape[1])):
        alike = list(some)
        filled = _in_line(sum(map(len, alike)), width)
        row = 0
        for one in alike:
            filled[row : row + len(one), : one.shape[1]] = one
            row += len(one)
        after, end = first + len(alike), begin + len(alike) * width
        yield _Drawer(filled, slice(first, after), slice(begin, end))
        first, begin = after, end


def _in_line(rows: int, width: int) -> Singles:
    """Return zeros that begin where a line does."""
    size = rows * width
    more = np.zeros(size + _LINE // 4, np.float32)
    begin = -more.ctypes.data % _LINE // more.itemsize
    return more[begin : begin + size].reshape(rows, width)


def _order(pieces: Sequence[Parts]) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Return where the shares of all pieces lie among what is found, feature by feature; the features that
    have any, and where the shares of each begin."""
    places: list[int] = []
    features: list[int] = []
    begin = 0
    for parts in pieces:
        places += range(begin, begin + len(parts))
        features += parts
        begin += _filled_up(len(parts))
    of_share = np.array(features, np.intp)
    order = np.argsort(of_share, kind="stable")
    told, first = np.unique(of_share[order], return_index=True)
    return np.array(places, np.intp)[order], told, first


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
