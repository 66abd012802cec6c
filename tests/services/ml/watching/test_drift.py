"""Drift is told when it is there, and hardly ever when it is not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from taxlien.services.ml.logic.watching.drift import drift, drifted, reference, stability

VALUES = arrays(np.float64, st.integers(0, 200), elements=st.floats(-1e9, 1e9) | st.just(np.nan))


@settings(max_examples=60, deadline=None)
@given(then=VALUES, now=VALUES)
def test_index_is_never_negative_and_every_row_is_counted(
    then: np.ndarray, now: np.ndarray
) -> None:
    before = reference("face_amount", then)
    assert sum(before.counts) == len(then)
    assert drift(before, now).psi >= 0
    assert drift(before, then).psi == pytest.approx(0.0)


def test_index_is_the_published_formula() -> None:
    psi = stability(np.array([1e9, 3e9]), np.array([2e9, 2e9]))
    by_hand = (0.5 - 0.25) * np.log(0.5 / 0.25) + (0.5 - 0.75) * np.log(0.5 / 0.75)
    assert psi == pytest.approx(by_hand, rel=1e-6)


def test_shifted_and_newly_missing_features_are_alarms_the_farthest_first() -> None:
    random = np.random.default_rng(1)
    then = random.lognormal(7, 1, 5_000)
    now = random.lognormal(7, 1, 2_000)
    missing = np.where(random.random(2_000) < 0.5, np.nan, now)
    found = [
        drift(reference("same", then), now),
        drift(reference("missing", then), missing),
        drift(reference("tenfold", then), now * 10),
    ]
    assert [each.feature for each in drifted(found)] == ["missing", "tenfold"]
    assert found[0].level == "stable"


def test_few_rows_are_no_alarm_by_themselves() -> None:
    random = np.random.default_rng(2)
    then = reference("face_amount", random.lognormal(7, 1, 5_000))
    found = [drift(then, random.lognormal(7, 1, 40)) for _ in range(400)]
    assert max(each.psi for each in found) > 0.25  # the rule of thumb alone would cry wolf
    assert sum(each.level != "stable" for each in found) <= 4
    assert drift(then, np.array([])).level == "stable"


def test_another_mix_of_counties_is_no_drift_and_a_drift_within_one_is() -> None:
    random = np.random.default_rng(3)
    places = np.repeat(["08069", "12105", "24510"], [6_000, 3_000, 100])
    values = random.lognormal(
        np.select([places == "08069", places == "12105"], [6.0, 9.0], 12.0), 1
    )
    then = reference("face_amount", values, places)
    assert list(then.by_place) == ["08069", "12105"]  # a hundred tell too little
    mostly = np.repeat(["08069", "12105", "24510"], [100, 2_000, 900])
    now = random.lognormal(np.select([mostly == "08069", mostly == "12105"], [6.0, 9.0], 12.0), 1)
    assert drift(then, now).level == "drifted"  # without knowing whose they are
    found = drift(then, now, mostly)
    assert (found.level, found.rows) == ("stable", 2_100)
    dearer = np.where(mostly == "12105", now * 3, now)
    assert drift(then, dearer, mostly).level == "drifted"
    assert drift(then, now[:5], np.array(["99999"] * 5)).rows == 0
