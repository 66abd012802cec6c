"""Futures keep the model's curves, and counties move together."""

from __future__ import annotations

import numpy as np

from taxlien.services.ml.logic.allocation.candidate import Candidate, Wishes
from taxlien.services.ml.logic.allocation.scenarios import draw

from .liens_on_offer import MONTHS, offered

WISHES = Wishes(budget=100_000, horizon_months=60)


def test_months_of_redemption_follow_the_curve_of_the_model() -> None:
    (lien,) = offered(1, 1)
    month = draw([lien], WISHES, 40_000, seed=3).month[:, 0]
    for by in (6, 12, 36):
        share = ((month > 0) & (month <= by)).mean()  # an owner who never redeems pays in month 60
        assert abs(share - lien.redeemed_by[by - 1]) < 0.012  # five standard errors


def test_liens_of_one_county_are_redeemed_together_more_than_those_of_two() -> None:
    curve = 0.9 * (1 - 0.95**MONTHS)
    liens = [
        Candidate(name, county, 1000.0, curve, 1000.0 + 10.0 * MONTHS, 0.0)
        for name, county in (("a", "12105"), ("b", "12105"), ("c", "08069"))
    ]
    late = draw(liens, WISHES, 20_000, seed=5).month > 20
    together = np.corrcoef(late.T.astype(float))
    assert together[0, 1] > together[0, 2] + 0.02 > 0.02


def test_what_is_open_at_the_horizon_counts_at_its_cost_less_the_haircut() -> None:
    never = Candidate("a", "12105", 1000.0, np.zeros(60), 1000.0 + MONTHS, recovery=5000.0)
    drawn = draw([never], Wishes(budget=5000, horizon_months=24, open_haircut_pct=40), 10, seed=1)
    assert (drawn.profit == -400.0).all()
    assert (drawn.month == 0).all()
    to_the_end = draw([never], Wishes(budget=5000, horizon_months=60), 10, seed=1)
    assert (to_the_end.profit == 4000.0).all()


def test_same_seed_draws_the_same_futures() -> None:
    liens = offered(2, 20)
    first, second = draw(liens, WISHES, 50, seed=9), draw(liens, WISHES, 50, seed=9)
    assert np.array_equal(first.profit, second.profit)
    assert not np.array_equal(first.profit, draw(liens, WISHES, 50, seed=10).profit)
