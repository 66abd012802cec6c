"""Trees asked past the engine's own Python say the same bits; the shares of features are Shapley values."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from math import comb

import numpy as np
import pytest
import xgboost

from taxlien.services.ml.adapters.fixed_trees import held_at
from taxlien.services.ml.adapters.tree_calls import ask
from taxlien.services.ml.logic.shares import pieces
from taxlien.services.ml.logic.shares.forest import Forest
from taxlien.services.ml.logic.shares.tree import Tree

WIDTH, PLACE = 6, 5


@pytest.fixture(scope="module")
def asked() -> np.ndarray:
    made = np.random.default_rng(2)
    matrix = made.normal(0, 1, (400, WIDTH)).astype(np.float32)
    matrix[:, PLACE] = made.integers(0, 4, 400)
    matrix[:, :PLACE][made.random((400, PLACE)) < 0.1] = np.nan
    return matrix


@pytest.fixture(scope="module")
def trees(asked: np.ndarray) -> xgboost.Booster:
    known = np.nan_to_num(asked)
    pull = known[:, 0] * known[:, PLACE] + np.abs(known[:, 1]) - known[:, PLACE]
    settings = {"objective": "binary:logistic", "max_depth": 5, "nthread": 1, "verbosity": 0}
    return xgboost.train(settings, xgboost.DMatrix(asked, (pull > 0).astype(float)), 12)


def test_the_answer_is_the_engines_own(trees: xgboost.Booster, asked: np.ndarray) -> None:
    margin = np.linspace(-2, 2, len(asked)).astype(np.float32)
    for rows in (slice(0, 1), slice(3, 12), slice(None), slice(7, 8)):
        part, start = asked[rows], margin[rows]
        assert np.array_equal(ask(trees, part), trees.inplace_predict(part))
        own = trees.inplace_predict(part, base_margin=start)
        assert np.array_equal(ask(trees, part, start), own)
    with pytest.raises(RuntimeError, match="base_margin"):
        ask(trees, asked, margin[:3])


def test_threads_that_ask_at_once_get_each_its_own(
    trees: xgboost.Booster, asked: np.ndarray
) -> None:
    parts = [asked[begin : begin + 9] for begin in range(0, 90, 9)]
    alone = [ask(trees, part, part[:, PLACE]) for part in parts]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda part: ask(trees, part, part[:, PLACE]), parts * 20))
    assert all(np.array_equal(one, alone[n % 10]) for n, one in enumerate(together))


def test_shares_are_those_the_engine_finds_walking_through_its_trees(
    trees: xgboost.Booster, asked: np.ndarray
) -> None:
    """The last feature is held at a value no split asks for: no tree is changed."""
    known = trees.predict(xgboost.DMatrix(asked), pred_contribs=True)[:, :WIDTH]
    forest = Forest(held_at(trees, WIDTH, 0.0), WIDTH)
    told = forest.shares(asked)
    assert told == pytest.approx(known, abs=2e-6)
    assert np.array_equal(
        np.concatenate([forest.shares(asked[n : n + 1]) for n in range(9)]), told[:9]
    )


def test_threads_that_look_shares_up_at_once_get_each_its_own(
    trees: xgboost.Booster, asked: np.ndarray
) -> None:
    forest = Forest(held_at(trees, PLACE, 1.0), WIDTH)
    told = forest.shares(asked)
    parts = [slice(n, n + 9) for n in range(0, len(asked), 9)] * 4
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda part: forest.shares(asked[part]), parts))
    for part, shares in zip(parts, found, strict=True):
        assert np.array_equal(shares, told[part])


def test_trees_with_a_feature_held_say_the_same_and_their_shares_add_up(
    trees: xgboost.Booster, asked: np.ndarray
) -> None:
    at = asked.copy()
    at[:, PLACE] = 2
    held = held_at(trees, PLACE, 2.0)
    told = trees.predict(xgboost.DMatrix(at), output_margin=True)
    added = np.array(
        [sum(left_out(tree, row, set(range(WIDTH))) for tree in held) for row in at[:40]]
    )
    start = told[:40] - added
    assert start == pytest.approx(np.full(40, start[0]), abs=1e-5)
    shares = Forest(held, WIDTH).shares(at)
    assert not shares[:, PLACE].any()
    of_nothing = sum(left_out(tree, at[0], set()) for tree in held)
    assert shares.sum(1) + of_nothing + start[0] == pytest.approx(told, abs=1e-5)


def test_shares_are_shapley_values_over_all_coalitions(
    trees: xgboost.Booster, asked: np.ndarray
) -> None:
    held = held_at(trees, PLACE, 1.0)
    told = Forest(held, WIDTH).shares(asked[:4])
    players = [feature for feature in range(WIDTH) if feature != PLACE]
    for row, shares in zip(asked[:4], told, strict=True):
        worth = {
            coalition: sum(left_out(tree, row, set(coalition)) for tree in held)
            for size in range(len(players) + 1)
            for coalition in combinations(players, size)
        }
        for one in players:
            share = 0.0
            for coalition, value in worth.items():
                if one not in coalition:
                    weight = 1 / (len(players) * comb(len(players) - 1, len(coalition)))
                    share += weight * (worth[tuple(sorted((*coalition, one)))] - value)
            assert shares[one] == pytest.approx(share, abs=1e-6)


@pytest.mark.parametrize("growth", [0.0, 50.0])
def test_however_trees_are_cut_into_pieces_their_shares_are_the_same(
    trees: xgboost.Booster, asked: np.ndarray, growth: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = held_at(trees, PLACE, 3.0)
    told = Forest(held, WIDTH).shares(asked)
    monkeypatch.setattr(pieces, "GROWTH", growth)
    assert Forest(held, WIDTH).shares(asked) == pytest.approx(told, abs=1e-6)


def test_a_forest_that_asks_nothing_tells_of_no_shares() -> None:
    leaf = Tree([-1], [-1], [0], [0.5], [0], [9.0])
    assert not Forest([leaf], 3).shares(np.zeros((2, 3), np.float32)).any()
    assert Forest([], 3).shares(np.zeros((2, 3), np.float32)).shape == (2, 3)


def test_a_path_too_long_for_a_table_is_refused() -> None:
    inner, nodes = range(0, 28, 2), range(29)  # every second node asks for one more feature
    tree = Tree(
        left=[n + 1 if n in inner else -1 for n in nodes],
        right=[n + 2 if n in inner else -1 for n in nodes],
        feature=[n // 2 for n in nodes],
        bound=[0.5] * 29,
        unknown_left=[0] * 29,
        weight=[1.0] * 29,
    )
    with pytest.raises(ValueError, match="too many ways"):
        Forest([tree], 15)


def left_out(tree: Tree, row: np.ndarray, known: set[int], node: int = 0) -> float:
    """Return what a tree says of ``row`` where only the features ``known`` are looked at: elsewhere both
    branches count, by what taught them."""
    left, right, feature = tree.left[node], tree.right[node], tree.feature[node]
    if left == -1:
        return float(tree.bound[node])
    if feature not in known:
        both = [tree.weight[child] * left_out(tree, row, known, child) for child in (left, right)]
        return sum(both) / tree.weight[node]
    value = row[feature]
    goes_left = tree.unknown_left[node] if np.isnan(value) else value < np.float32(tree.bound[node])
    return left_out(tree, row, known, left if goes_left else right)
