"""Scores of probabilities agree with scikit-learn's, whatever is predicted."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from taxlien.services.ml.logic import metrics


@pytest.mark.parametrize("decimals", [1, 3, 8])
def test_scores_are_those_of_scikit_learn(decimals: int) -> None:
    made = np.random.default_rng(decimals)
    said = np.clip(np.round(made.random(800), decimals), 0.001, 0.999)
    came = (made.random(800) < said).astype(float)
    scores = metrics.scores_of(came, said)
    assert scores.brier == pytest.approx(brier_score_loss(came, said))
    assert scores.log_loss == pytest.approx(log_loss(came, said))
    assert scores.auc == pytest.approx(roc_auc_score(came, said))
    assert scores.ece < 0.06
    assert sum(b.n for b in scores.reliability) == 800


def test_a_wrong_level_is_seen_by_the_calibration_error() -> None:
    came = np.repeat([1.0, 0.0], [60, 40])
    assert metrics.ece(came, np.full(100, 0.9)) == pytest.approx(0.3)
    assert metrics.ece(came, np.full(100, 0.6)) == pytest.approx(0.0)


def test_ranking_means_nothing_where_all_outcomes_are_equal() -> None:
    assert metrics.auc(np.ones(5), np.linspace(0, 1, 5)) is None


def test_no_cases_are_not_scored() -> None:
    with pytest.raises(ValueError, match="no cases"):
        metrics.scores_of(np.empty(0), np.empty(0))


def test_luck_alone_is_less_with_more_cases_and_the_same_each_time() -> None:
    few, many = np.full(100, 0.3), np.full(10_000, 0.3)
    assert metrics.ece_by_chance(few) > 5 * metrics.ece_by_chance(many) > 0
    assert metrics.ece_by_chance(few) == metrics.ece_by_chance(few)
