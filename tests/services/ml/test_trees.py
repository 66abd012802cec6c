"""Trees asked past the engine's own Python say the same bits; held ones explain what they say."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import xgboost

from taxlien.services.ml.adapters.fixed_trees import held_at
from taxlien.services.ml.adapters.tree_calls import ask, explain

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


def test_trees_with_a_feature_held_say_the_same_and_their_shares_add_up(
    trees: xgboost.Booster, asked: np.ndarray
) -> None:
    at = asked.copy()
    at[:, PLACE] = 2
    held = held_at(trees, PLACE, 2.0)
    assert np.array_equal(ask(held, at), ask(trees, at))
    shares = explain(held, at)
    assert not shares[:, PLACE].any()
    margin = trees.predict(xgboost.DMatrix(at), output_margin=True)
    assert shares.sum(1) == pytest.approx(margin, abs=1e-5)
    assert np.array_equal(
        explain(trees, at), trees.predict(xgboost.DMatrix(at), pred_contribs=True)
    )
