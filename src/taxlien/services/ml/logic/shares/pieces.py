"""A tree cut into pieces: leaves beside each other whose shares fit into one table.

A leaf is reached where each feature of its path lies in a set of bins (an integer, a bit a bin). A piece is
told apart no finer than its leaves need: the bins of a feature fall into parts, and each combination of
parts is a row of its table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

from .tree import LEAF, Bins, Tree

MOST_ROWS = 4_096
GROWTH = 3.0
"""Two pieces become one while that makes their tables together at most so many times as large: fewer pieces
are fewer places to look at, and larger tables are more memory."""

Parts = Mapping[int, Sequence[int]]


class Leaf(NamedTuple):
    """The bins in which each feature of the path leads here, the share of what taught that it lets pass,
    and what the leaf adds."""

    bins: dict[int, int]
    passing: dict[int, float]
    value: float


@dataclass(frozen=True, slots=True)
class Piece:
    """Leaves of one tree, and the parts that the bins of their features fall into."""

    leaves: Sequence[Leaf]
    parts: Parts

    @property
    def rows(self) -> int:
        return prod(map(len, self.parts.values()))


def pieces_of(tree: Tree, bins: Bins) -> list[Piece]:
    """Return the pieces of a tree; a tree that is a leaf has none, for no feature shares in it.

    Raises ``ValueError`` where a path has so many features that its table alone is too large.
    """
    done: list[Piece] = []

    def walk(node: int, leaf: Leaf, parts: Parts) -> Piece | None:
        """Return what lies below ``node``, which ``leaf`` is the way to, as one piece; None where it became
        several, which are done."""
        if tree.left[node] == LEAF:
            return Piece([leaf._replace(value=tree.bound[node])], parts)
        feature, left = tree.feature[node], bins.going_left(tree, node)
        every = bins.all_of(feature)
        both = []
        for child, way in ((tree.left[node], left), (tree.right[node], ~left)):
            here = leaf.bins.get(feature, every) & way
            part = leaf.passing.get(feature, 1.0) * tree.weight[child] / tree.weight[node]
            below = Leaf(leaf.bins | {feature: here}, leaf.passing | {feature: part}, 0.0)
            apart = [one for one in (here, every & ~here) if one]
            both.append(walk(child, _short_enough(below), {**parts, feature: apart}))
        first, second = both
        if first is not None and second is not None:
            joined = _joined(first, second)
            if joined is not None:
                return joined
        done.extend(piece for piece in both if piece is not None)
        return None

    whole = walk(0, Leaf({}, {}, 0.0), {})
    if whole is not None and whole.parts:
        done.append(whole)
    return done


def _short_enough(leaf: Leaf) -> Leaf:
    if 2 ** len(leaf.bins) > MOST_ROWS:
        raise ValueError(f"a path of {len(leaf.bins)} features has too many ways to lie")
    return leaf


def _joined(one: Piece, other: Piece) -> Piece | None:
    """Return two pieces as one; None where its table would be too large."""
    parts: dict[int, Sequence[int]] = dict(one.parts)
    for feature, theirs in other.parts.items():
        mine = parts.get(feature)
        if mine is None:
            parts[feature] = theirs
        elif mine is not theirs and mine != theirs:
            parts[feature] = [both for a in mine for b in theirs if (both := a & b)]
    rows = prod(map(len, parts.values()))
    apart = one.rows * len(one.parts) + other.rows * len(other.parts)
    if rows > MOST_ROWS or rows * len(parts) > GROWTH * apart:
        return None
    return Piece([*one.leaves, *other.leaves], parts)
