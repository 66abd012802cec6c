"""Trees with one feature held at a value: what is asked with it can be explained with fewer leaves.

Where a forest is always explained at the same value of a feature, the branches of its other values say
nothing, and how the feature shares in an answer is no reason that anybody asked for.
"""

from __future__ import annotations

from typing import Any

import msgspec

from taxlien.services.ml.adapters.boosting import xgboost
from taxlien.services.ml.logic.shares.tree import LEAF, Tree


def held_at(trees: xgboost.Booster, feature: int, value: float) -> list[Tree]:
    """Return ``trees`` as they answer where ``feature`` is ``value``; its splits are gone.

    The weight of a node, by which Shapley values mix its branches, is that of the leaves that are left.
    """
    told = msgspec.json.decode(bytes(trees.save_raw("json")))
    model = told["learner"]["gradient_booster"]["model"]
    return [_held(tree, feature, value) for tree in model["trees"]]


def _held(tree: dict[str, Any], feature: int, value: float) -> Tree:
    left, right = tree["left_children"], tree["right_children"]
    splits, bounds = tree["split_indices"], tree["split_conditions"]

    def settled(node: int) -> int:
        while left[node] != LEAF and splits[node] == feature:
            node = left[node] if value < bounds[node] else right[node]
        return node

    nodes = [settled(0)]  # of the tree as it was, in their new order
    lefts: list[int] = []
    for node in nodes:  # grows meanwhile
        lefts.append(LEAF if left[node] == LEAF else len(nodes))
        if left[node] != LEAF:
            nodes += [settled(left[node]), settled(right[node])]
    weights = [tree["sum_hessian"][node] for node in nodes]
    for number in range(len(nodes) - 1, -1, -1):
        if (first := lefts[number]) != LEAF:
            weights[number] = weights[first] + weights[first + 1]
    return Tree(
        left=lefts,
        right=[LEAF if first == LEAF else first + 1 for first in lefts],
        feature=[splits[node] for node in nodes],
        bound=[bounds[node] for node in nodes],
        unknown_left=[tree["default_left"][node] for node in nodes],
        weight=weights,
    )
