"""Predictions that no longer come true are told; chance and counties that act together are not."""

from __future__ import annotations

import numpy as np

from taxlien.services.ml.logic.watching.coming_true import coming_true


def alarms(random: np.random.Generator, shift: float, county_spread: float, runs: int) -> int:
    found = 0
    for _ in range(runs):
        county = random.integers(0, 30, 3_000)
        predicted = random.uniform(0.5, 0.95, 3_000)
        moved = random.normal(0, county_spread, 30)[county] - shift
        came = random.random(3_000) < np.clip(predicted + moved, 0, 1)
        judged = coming_true(predicted, came, county)
        assert judged is not None
        found += judged.drifted
    return found


def test_alarm_comes_with_a_shift_and_not_by_chance() -> None:
    random = np.random.default_rng(4)
    assert alarms(random, shift=0.0, county_spread=0.0, runs=300) == 0
    assert alarms(random, shift=0.08, county_spread=0.0, runs=50) == 50


def test_counties_that_act_together_are_not_taken_for_a_drift() -> None:
    assert alarms(np.random.default_rng(5), shift=0.0, county_spread=0.08, runs=300) <= 3


def test_nothing_known_is_nothing_judged() -> None:
    nothing = np.array([])
    assert coming_true(nothing, nothing.astype(bool), nothing.astype(np.int64)) is None
    certain = coming_true(np.ones(3), np.ones(3, dtype=bool), np.zeros(3, dtype=np.int64))
    assert certain is not None
    assert not certain.drifted
