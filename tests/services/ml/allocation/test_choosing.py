"""Every way keeps the limits; the program finds what trying everything finds."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taxlien.services.ml.logic.allocation import exact, greedy
from taxlien.services.ml.logic.allocation.candidate import Wishes, affordable
from taxlien.services.ml.logic.allocation.choosing import choose
from taxlien.services.ml.logic.allocation.judging import Chosen, judge, keeps_limits, tail_loss
from taxlien.services.ml.logic.allocation.scenarios import Scenarios, draw
from taxlien.services.ml.logic.allocation.walk import follow

from .liens_on_offer import offered


def problem(tolerance: float, count: int, seed: int = 4) -> tuple[Scenarios, Wishes]:
    wishes = Wishes(budget=9_000, risk_tolerance=tolerance, max_per_county=5_000)
    return draw(affordable(offered(seed, count), wishes), wishes, 200, seed), wishes


def best_of_all(scenarios: Scenarios, wishes: Wishes) -> float:
    every = (np.array(each) for each in product([False, True], repeat=len(scenarios.cost)))
    return max(
        judge(each, scenarios, wishes).value
        for each in every
        if keeps_limits(each, scenarios, wishes)
    )


@pytest.mark.parametrize("tolerance", [0.0, 0.5, 1.0])
def test_program_is_as_good_as_trying_everything_within_its_gap(tolerance: float) -> None:
    scenarios, wishes = problem(tolerance, 10)
    best = best_of_all(scenarios, wishes)
    solution = exact.solve(scenarios, wishes)
    assert solution is not None
    found = judge(solution.chosen, scenarios, wishes).value
    assert best * (1 - solution.gap) - 0.01 <= found <= best + 0.01
    assert solution.gap <= exact.GAP + 1e-9
    assert 0 <= judge(greedy.choose(scenarios, wishes), scenarios, wishes).value <= best + 0.01


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 1000),
    tolerance=st.floats(0, 1),
    budget=st.floats(1, 1e6),
    county=st.none() | st.floats(1, 1e6),
    lien=st.none() | st.floats(1, 1e6),
)
def test_no_way_breaks_a_limit(
    seed: int, tolerance: float, budget: float, county: float | None, lien: float | None
) -> None:
    wishes = Wishes(budget, tolerance, max_per_lien=lien, max_per_county=county)
    fitting = affordable(offered(seed, 30), wishes)
    assert all(each.cost <= (lien or each.cost) for each in fitting)
    if not fitting:
        return
    scenarios = draw(fitting, wishes, 60, seed)
    solution = exact.solve(scenarios, wishes)
    ways: list[Chosen] = [
        greedy.choose(scenarios, wishes),
        follow(lambda seen: bool(seen[3] > 0), scenarios, wishes),
        follow(lambda seen: True, scenarios, wishes),
    ]
    if solution is not None:
        ways.append(solution.chosen)
    assert all(keeps_limits(each, scenarios, wishes) for each in ways)


def test_plan_is_the_best_way_in_fresh_futures_and_the_same_again() -> None:
    wishes = Wishes(budget=15_000, max_per_lien=4_000)
    plan = choose(offered(8, 24), wishes, lambda seen: bool(seen[6] > -0.5), seed=3)
    assert set(plan.methods) == {"greedy", "none", "policy", "program"}
    assert plan.figures.value == max(each.value for each in plan.methods.values())
    assert plan.figures.cost == pytest.approx(sum(plan.costs))
    assert plan == choose(offered(8, 24), wishes, lambda seen: bool(seen[6] > -0.5), seed=3)


def test_a_program_without_time_is_left_out_and_others_serve() -> None:
    wishes = Wishes(budget=15_000, risk_tolerance=1)
    plan = choose(offered(8, 30), wishes, None, seed=3, program_seconds=0.0)
    assert plan.out_of_time
    assert set(plan.methods) == {"greedy", "none"}
    assert plan.method == "greedy"


def test_more_budget_never_lowers_what_the_program_expects() -> None:
    drawn = draw(offered(5, 14), Wishes(budget=1e9), 100, seed=2)
    best = 0.0
    for budget in (2_000, 5_000, 9_000, 20_000, 60_000):
        wishes = Wishes(budget=budget, risk_tolerance=0.95)
        solution = exact.solve(drawn, wishes)
        assert solution is not None
        found = judge(solution.chosen, drawn, wishes).value
        assert (
            found >= best * (1 - exact.GAP) - 0.01
        )  # each is proven within that share of the best
        best = max(best, found)
    assert best > 0


def test_timeline_grows_to_what_is_expected_back() -> None:
    wishes = Wishes(budget=15_000, horizon_months=60)
    plan = choose(offered(8, 30), wishes, None, seed=3)
    timeline = plan.figures.timeline
    assert len(timeline) == 60
    assert list(timeline) == sorted(timeline)
    assert timeline[-1] == pytest.approx(plan.figures.cost + plan.figures.expected_profit)


def test_nothing_on_offer_buys_nothing() -> None:
    for liens in ([], offered(1, 5)):
        plan = choose(liens, Wishes(budget=0.5), None, seed=1)
        assert plan.bought == ()
        assert plan.figures.cost == 0
        assert plan.figures.cvar == 0


def test_careful_investor_never_has_a_larger_tail_than_a_bold_one_by_the_program() -> None:
    tails = []
    for tolerance in (0.0, 1.0):
        scenarios, wishes = problem(tolerance, 12)
        solution = exact.solve(scenarios, wishes)
        assert solution is not None
        tails.append(judge(solution.chosen, scenarios, wishes).cvar)
    assert tails[0] <= tails[1] + 0.01


def test_tail_loss_is_the_mean_of_the_worst_twentieth() -> None:
    profit = np.arange(-100.0, 100.0)  # 200 futures: the worst ten are -100 to -91
    assert tail_loss(profit) == pytest.approx(95.5)
