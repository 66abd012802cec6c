"""The shares of features in what a piece of a tree adds, for every way in which its features may lie.

What TreeSHAP finds (Lundberg, Erion and Lee 2018): a feature that is left out passes a node in the shares in
which what taught did. Let a leaf add ``v``, let feature ``j`` of its path let pass the share ``z[j]``, and
let ``o[j]`` be 1 where the case passes and 0 where not. The Shapley value of ``i`` is then

    v * (o[i] - z[i]) * integral over t from 0 to 1 of product over j != i of (t * o[j] + (1 - t) * z[j])

because a coalition's weight, |S|! (n - |S| - 1)! / n!, is the integral of t^|S| (1 - t)^(n - |S| - 1). Of a
path of n features the product is a polynomial of degree n - 1, which Gauss' points add up without error.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from .pieces import Leaf, Piece
from .tree import Singles

Floats = NDArray[np.float64]
_LEAST = 1e-12


def tables_of(pieces: Sequence[Piece]) -> list[Singles]:
    """Return for each piece (rows, features) the shares, both in the order of its ``parts``; the parts of
    the last feature change from row to row."""
    by_length: dict[int, list[Leaf]] = defaultdict(list)
    for piece in pieces:
        for leaf in piece.leaves:
            by_length[len(leaf.bins)].append(leaf)
    told: dict[int, Singles] = {}
    for leaves in by_length.values():
        told |= zip(map(id, leaves), _of_leaves(leaves), strict=True)
    return [_of_a_piece(piece, told) for piece in pieces]


@cache
def _points(count: int) -> tuple[Floats, Floats]:
    at, weight = np.polynomial.legendre.leggauss(count)
    return (at + 1) / 2, weight / 2


def _of_leaves(leaves: Sequence[Leaf]) -> Singles:
    """Return (leaves, features, ways) the shares in leaves with paths of one length. Bit ``j`` of the number
    of a way is 1 where the case passes by the path's feature ``j``."""
    passing = np.array([[*leaf.passing.values()] for leaf in leaves])
    value = np.array([leaf.value for leaf in leaves])
    count, length = passing.shape
    at, weight = _points((length + 1) // 2)
    out = np.maximum((1 - at)[:, None] * passing[:, None, :], _LEAST)  # leaves, points, features
    factors = (out, out + at[:, None])
    together = np.ones((count, len(at), 1))
    for j in range(length):
        together = np.concatenate([together * one[:, :, j, None] for one in factors], axis=2)
    shares = np.empty((count, length, 2**length), np.float32)
    for j in range(length):
        by_bit = together.reshape(count, len(at), -1, 2, 2**j)
        into = shares[:, j].reshape(count, -1, 2, 2**j)
        for bit, one in enumerate(factors):
            others = np.einsum("kt,kthl->khl", weight / one[:, :, j], by_bit[:, :, :, bit])
            into[:, :, bit] = others * (value * (bit - passing[:, j]))[:, None, None]
    return shares


def _of_a_piece(piece: Piece, told: Mapping[int, Singles]) -> Singles:
    """Return the sum over the leaves of a piece, row by row."""
    bits = [
        {f: (1 << place, b) for place, (f, b) in enumerate(leaf.bins.items())}
        for leaf in piece.leaves
    ]
    ways = np.zeros((len(bits), 1), np.intp)
    for feature, parts in piece.parts.items():
        here = [of.get(feature, (0, 0)) for of in bits]
        adds = np.array([[bit if part & bins else 0 for part in parts] for bit, bins in here])
        ways = (ways[:, :, None] + adds[:, None, :]).reshape(len(bits), -1)
    column = {feature: place for place, feature in enumerate(piece.parts)}
    shares = np.zeros((len(column), piece.rows), np.float32)
    for leaf, way in zip(piece.leaves, ways, strict=True):
        for feature, of_leaf in zip(leaf.bins, told[id(leaf)], strict=True):
            shares[column[feature]] += of_leaf[way]
    return np.ascontiguousarray(shares.T)
