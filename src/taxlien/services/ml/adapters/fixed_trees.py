"""Trees with one feature held at a value: what is asked with it can be explained with fewer leaves.

Where a forest is always explained at the same value of a feature, the branches of its other values say
nothing, and how the feature shares in an answer is no reason that anybody asked for.
"""

from __future__ import annotations

from typing import Any

import msgspec

from taxlien.services.ml.adapters.boosting import xgboost

_KEPT = (
    "base_weights", "default_left", "loss_changes", "split_conditions", "split_indices", "split_type",
)  # fmt: skip
_NO_PARENT = 2_147_483_647


def held_at(trees: xgboost.Booster, feature: int, value: float) -> xgboost.Booster:
    """Return ``trees`` as they answer where ``feature`` is ``value``; its splits are gone.

    The weight of a node, by which SHAP mixes its branches, is that of the leaves that are left.
    """
    told = msgspec.json.decode(bytes(trees.save_raw("json")))
    model = told["learner"]["gradient_booster"]["model"]
    model["trees"] = [_held(tree, feature, value) for tree in model["trees"]]
    held = xgboost.Booster(model_file=bytearray(msgspec.json.encode(told)))
    held.set_param({"nthread": 1})
    return held


def _held(tree: dict[str, Any], feature: int, value: float) -> dict[str, Any]:
    left, right = tree["left_children"], tree["right_children"]
    splits, bounds = tree["split_indices"], tree["split_conditions"]

    def settled(node: int) -> int:
        while left[node] != -1 and splits[node] == feature:
            node = left[node] if value < bounds[node] else right[node]
        return node

    nodes, parents = [settled(0)], [_NO_PARENT]  # of the tree as it was, in their new order
    lefts: list[int] = []
    for number, node in enumerate(nodes):  # grows meanwhile
        lefts.append(-1 if left[node] == -1 else len(nodes))
        if left[node] != -1:
            # Side by side: a predictor finds the right child behind the left one.
            nodes += [settled(left[node]), settled(right[node])]
            parents += [number, number]
    weights = [tree["sum_hessian"][node] for node in nodes]
    for number in range(len(nodes) - 1, -1, -1):
        if (first := lefts[number]) != -1:
            weights[number] = weights[first] + weights[first + 1]
    kept = {name: [tree[name][node] for node in nodes] for name in _KEPT}
    return {
        **tree,
        **kept,
        "left_children": lefts,
        "right_children": [-1 if first == -1 else first + 1 for first in lefts],
        "parents": parents,
        "sum_hessian": weights,
        "tree_param": {**tree["tree_param"], "num_nodes": str(len(nodes))},
    }
