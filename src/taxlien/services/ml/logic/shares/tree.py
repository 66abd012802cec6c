"""A tree of decisions as plain lists, and which values of a feature its bounds can tell apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Singles = NDArray[np.float32]

LEAF = -1


@dataclass(frozen=True, slots=True)
class Tree:
    """Nodes side by side, the first is the root. ``left`` and ``right`` are -1 at a leaf.

    A value below ``bound`` goes left, an unknown one left where ``unknown_left``; at a leaf ``bound`` is
    what it adds to the answer. ``weight`` is how much of what taught came by.
    """

    left: Sequence[int]
    right: Sequence[int]
    feature: Sequence[int]
    bound: Sequence[float]
    unknown_left: Sequence[int]
    weight: Sequence[float]


class Bins:
    """The ranges of values that a forest can tell apart, of each feature; the last bin is the unknown."""

    def __init__(self, trees: Sequence[Tree], width: int) -> None:
        found: list[set[np.float32]] = [set() for _ in range(width)]
        for tree in trees:
            for node, feature in enumerate(tree.feature):
                if tree.left[node] != LEAF:
                    found[feature].add(np.float32(tree.bound[node]))
        ordered = [sorted(bounds) for bounds in found]
        self.count = [len(bounds) + 2 for bounds in ordered]
        self.first = np.concatenate([[0], np.cumsum(self.count)]).astype(np.int64)
        self._unknown = self.first[1:] - 1
        self._place = [{bound: place for place, bound in enumerate(bounds)} for bounds in ordered]
        # Side by side, so that one comparison finds the bins of all features.
        self._bounds = np.full((width, max(map(len, ordered), default=0)), np.inf, np.float32)
        for feature, bounds in enumerate(ordered):
            self._bounds[feature, : len(bounds)] = bounds

    def all_of(self, feature: int) -> int:
        """Return the set of all bins of a feature, a bit each."""
        return (1 << self.count[feature]) - 1

    def going_left(self, tree: Tree, node: int) -> int:
        """Return the set of bins that go left at a node."""
        feature = tree.feature[node]
        below = (2 << self._place[feature][np.float32(tree.bound[node])]) - 1
        unknown = 1 << (self.count[feature] - 1) if tree.unknown_left[node] else 0
        return below | unknown

    def numbers(self, matrix: Singles) -> NDArray[np.int64]:
        """Return (cases, features) the bin of each value, all features' bins counted through."""
        place = (matrix[:, :, None] >= self._bounds).sum(axis=2) + self.first[:-1]
        return np.where(np.isnan(matrix), self._unknown, place)
