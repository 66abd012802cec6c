"""Curves make what is said true, rise, and lean on all cases where a group has few."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from taxlien.services.ml.logic import calibration, metrics


def too_sure(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Predictions that are further from the middle than the truth, and what came."""
    made = np.random.default_rng(7)
    true = made.random(n) * 0.96 + 0.02
    odds = (true / (1 - true)) ** 2
    return odds / (1 + odds), (made.random(n) < true).astype(float)


@pytest.mark.parametrize("curve_of", [calibration.isotonic, calibration.beta])
def test_a_curve_makes_too_sure_predictions_honest(curve_of: object) -> None:
    said, came = too_sure(6000)
    curve = curve_of(said[:4000], came[:4000])  # type: ignore[operator]
    held = curve(said[4000:])
    assert metrics.ece(came[4000:], held) < metrics.ece(came[4000:], said[4000:]) / 2
    assert np.all(np.diff(curve(np.linspace(0, 1, 200))) >= 0)


def test_steps_are_those_of_scikit_learn() -> None:
    said, came = too_sure(500)
    curve = calibration.isotonic(said, came)
    fitted = IsotonicRegression().fit_transform(said, came)
    assert sorted(set(np.round(curve.true, 9))) == sorted(set(np.round(fitted, 9)))


def test_a_group_with_few_cases_keeps_the_curve_of_all() -> None:
    said, came = too_sure(4000)
    groups = np.array(["CO"] * 3990 + ["FL"] * 10)
    came[groups == "FL"] = 0.0
    fitted = calibration.pooled(said, came, groups)
    middle = np.array([0.5])
    assert abs(fitted(middle, "FL")[0] - fitted(middle, "TX")[0]) < 0.03
    assert fitted(middle, None) == fitted.overall(middle)


def test_a_curve_travels_as_plain_text() -> None:
    said, came = too_sure(300)
    fitted = calibration.pooled(said, came, np.array(["CO", "SC", ""] * 100))
    again = msgspec.json.decode(msgspec.json.encode(fitted), type=calibration.Pooled)
    assert np.array_equal(again(said, "SC"), fitted(said, "SC"))


def test_a_rate_of_few_is_drawn_to_the_prior() -> None:
    assert calibration.shrunk_rate(0, 0, 0.9, 50) == 0.9
    assert calibration.shrunk_rate(500, 1000, 0.9, 50) == pytest.approx(0.519, abs=1e-3)
