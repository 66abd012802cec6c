"""Predictions that no longer come true are told; chance and counties that act together are not."""

from __future__ import annotations

import numpy as np

from taxlien.services.ml.logic.watching.coming_true import beside, coming_true


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


def far(random: np.random.Generator, shift: float, spread: float, runs: int) -> int:
    found = 0
    for _ in range(runs):
        sale = np.repeat(np.arange(8), random.integers(20, 400, 8))
        moved = random.normal(0, spread, 8)[sale] + shift
        judged = beside(random.exponential(1.0, len(sale)) + moved, 1.0, sale)
        assert judged is not None
        found += judged.more
    return found


def test_misses_of_few_sales_that_move_together_are_told_apart_from_chance() -> None:
    random = np.random.default_rng(6)
    assert far(random, shift=0.0, spread=0.3, runs=300) <= 6
    assert far(random, shift=0.5, spread=0.1, runs=50) >= 48
    assert beside(np.ones(9), 0.5, np.repeat([1, 2], [4, 5])) is None
    certain = beside(np.ones(9), 0.5, np.repeat([1, 2, 3], 3))
    assert certain is not None
    assert certain.more
    assert not certain.less
