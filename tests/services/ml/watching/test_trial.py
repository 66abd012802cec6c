"""A person keeps an arm; a worse challenger is stopped, a harmless one hardly ever."""

from __future__ import annotations

from uuid import UUID

import numpy as np

from taxlien.services.ml.logic.watching.trial import ALPHA, Measured, Trial, arm_of, must_stop

PEOPLE = [UUID(int=number) for number in range(20_000)]


def measured(values: np.ndarray) -> Measured:
    return Measured(len(values), float(values.sum()), float((values**2).sum()))


def test_same_person_sees_the_same_model_and_the_share_holds() -> None:
    trial = Trial("redemption 3 against 2", share_pct=10)
    seen = [arm_of(trial, each) for each in PEOPLE]
    assert seen == [arm_of(trial, each) for each in PEOPLE]
    assert abs(seen.count("challenger") - 2_000) < 170  # four standard errors


def test_larger_share_moves_nobody_back_and_each_trial_mixes_anew() -> None:
    few = {each for each in PEOPLE if arm_of(Trial("a", 5), each) == "challenger"}
    more = {each for each in PEOPLE if arm_of(Trial("a", 30), each) == "challenger"}
    other = {each for each in PEOPLE if arm_of(Trial("b", 5), each) == "challenger"}
    assert few < more
    assert len(few & other) < 2 * len(few) * 0.05
    assert all(arm_of(Trial("a", 0), each) == "champion" for each in PEOPLE)
    assert all(arm_of(Trial("a", 100), each) == "challenger" for each in PEOPLE)


def stops(random: np.random.Generator, worse_by: float, trials: int) -> int:
    """Count trials stopped when the guardrail is looked at after every fifty people of each arm."""
    stopped = 0
    for _ in range(trials):
        champion = random.normal(1.0, 0.5, 2_000)
        challenger = random.normal(1.0 + worse_by, 0.5, 2_000)
        looks = range(50, 2_001, 50)
        stopped += any(
            must_stop(measured(champion[:n]), measured(challenger[:n]), scale=0.1) for n in looks
        )
    return stopped


def test_worse_challenger_is_stopped_and_looking_often_stops_no_harmless_one() -> None:
    random = np.random.default_rng(6)
    assert stops(random, worse_by=0.15, trials=60) >= 58
    assert stops(random, worse_by=0.0, trials=300) <= 300 * ALPHA
    assert stops(random, worse_by=-0.2, trials=60) == 0


def test_few_people_decide_nothing() -> None:
    assert not must_stop(Measured(49, 0.0, 0.0), Measured(49, 490.0, 4_900.0), scale=0.1)
    assert must_stop(Measured(50, 0.0, 0.0), Measured(50, 500.0, 5_000.0), scale=0.1)
