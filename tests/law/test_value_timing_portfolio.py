"""Expected value, redemption timing and portfolio figures against worked examples."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from taxlien.law.errors import InvalidCase
from taxlien.law.expected_value import (
    Foreclosure,
    Outcome,
    break_even_months,
    break_even_redemption_pct,
    expected_value,
    foreclosure_value,
    lien_to_value_pct,
    net_present_value,
    overbid_to_value_pct,
)
from taxlien.law.portfolio import (
    Holding,
    at_risk,
    cash_position,
    days_to_next_deadline,
    figures,
    redemption_rate_by_vintage,
)
from taxlien.law.timing import COLORADO_PRIOR, RedemptionCurve, return_on_curve

D = Decimal

# debt 5,000 at 16 percent simple for 3.5 years; later taxes 3,000 and foreclosure 4,500
FORECLOSURE = Foreclosure(
    value=D(80000), haircut_pct=D(35), debt=D(7800), allowed_costs=D(7500), own_costs=D(7500)
)


def outcomes(foreclosed: Decimal) -> tuple[Outcome, ...]:
    return (
        Outcome(D("0.95"), D(6000), D(1)),
        Outcome(D("0.04"), foreclosed, D("3.5")),
        Outcome(D("0.01"), D(0)),
    )


@pytest.mark.parametrize(
    ("rule", "foreclosed", "expected", "present"),
    [
        ("windfall_possible", "44500.00", "7480.00", "1637.46"),
        ("surplus_returned", "7800.00", "6012.00", "516.10"),
        ("forced_sale", "7800.00", "6012.00", "516.10"),
        ("in_flux", "7800.00", "6012.00", "516.10"),
    ],
)
def test_expected_value_by_surplus_rule(
    rule: str, foreclosed: str, expected: str, present: str
) -> None:
    value = foreclosure_value(rule, FORECLOSURE)
    assert value == D(foreclosed)
    assert expected_value(outcomes(value)) == D(expected)
    assert net_present_value(outcomes(value), D(5000), D(8)) == D(present)


def test_break_even_probability_of_redemption() -> None:
    assert break_even_redemption_pct(D(5000), D(6000)) == D("83.33")


def test_probabilities_must_add_up_to_one() -> None:
    with pytest.raises(InvalidCase, match="add up"):
        expected_value((Outcome(D("0.5"), D(1)), Outcome(D("0.4"), D(1))))


def test_an_unknown_surplus_rule_is_refused() -> None:
    with pytest.raises(InvalidCase):
        foreclosure_value("finders_keepers", FORECLOSURE)


def test_a_lost_premium_breaks_even_after_a_year() -> None:
    assert break_even_months(D(200), D(2000), D(10)) == D("12.00")
    assert break_even_months(D(200), D(2000), D(0)) is None


def test_lien_to_value_adds_later_taxes_and_other_liens() -> None:
    assert lien_to_value_pct(D(2000), D(100000), D(500), D(1500)) == D("4.00")
    assert overbid_to_value_pct(D(2000), D(1000), D(100000)) == D("3.00")
    assert lien_to_value_pct(D(2000), D(0)) is None


def test_return_on_the_colorado_curve() -> None:
    found = return_on_curve(COLORADO_PRIOR, D(1000), D(70), D(10))
    assert found.mean_months == D("11.16")
    assert found.interest == D("92.98")
    assert found.net == D("22.98")
    assert found.roi_pct == D("2.15")
    assert found.simple_annual_pct == D("2.31")


def test_the_curve_is_linear_between_points_and_flat_after_the_last() -> None:
    assert COLORADO_PRIOR.redeemed_by(D(0)) == 0
    assert COLORADO_PRIOR.redeemed_by(D("7.5")) == D("46.5")
    assert COLORADO_PRIOR.redeemed_by(D(60)) == 98


def test_a_falling_curve_is_refused() -> None:
    with pytest.raises(InvalidCase):
        RedemptionCurve(((6, D(50)), (12, D(40))), "wrong")


HOLDINGS = (
    Holding(face=D(2400), rate_pct=D(12), market_value=D(180000), sale_year=2024, redeemed=True),
    Holding(face=D(5000), rate_pct=D(16), market_value=D(90000), sale_year=2024),
    Holding(face=D(3000), rate_pct=D(18), market_value=D(60000), sale_year=2025),
)


def test_portfolio_figures() -> None:
    found = figures(HOLDINGS)
    assert found.face == D(10400)
    assert found.weighted_rate_pct == D("15.654")
    assert found.weighted_ltv_pct == D("4.421")
    assert found.pooled_ltv_pct == D("3.152")
    assert found.largest_pct == D("48.08")
    assert found.hhi == D("0.3676")


def test_an_unknown_value_is_left_out_and_an_empty_portfolio_has_no_figures() -> None:
    unknown = figures([*HOLDINGS, Holding(face=D(99999))])
    assert unknown.weighted_ltv_pct == D("4.421")
    empty = figures([])
    assert (empty.face, empty.hhi, empty.weighted_rate_pct, empty.largest_pct) == (
        0,
        None,
        None,
        None,
    )


def test_redemption_rate_by_vintage_names_its_sample() -> None:
    assert redemption_rate_by_vintage(HOLDINGS) == {2024: (2, D("50.00")), 2025: (1, D("0.00"))}


def test_deadlines_and_expiry() -> None:
    today = date(2026, 6, 1)
    late = Holding(face=D(1), expires_on=date(2026, 5, 31))
    soon = Holding(face=D(1), expires_on=date(2026, 8, 1), next_deadline=date(2026, 6, 8))
    assert at_risk([late, soon], today) == ([late], [soon])
    assert days_to_next_deadline([late, soon], today) == 7
    assert days_to_next_deadline([late], today) is None


def test_cash_position_counts_what_is_still_owed_in_its_return() -> None:
    flows = [(date(2025, 1, 1), D(-1000)), (date(2025, 7, 1), D(400))]
    found = cash_position(flows, D(700), date(2026, 1, 1))
    assert (found.invested, found.realized, found.cash) == (D(1000), D(400), D(-600))
    assert found.xirr_pct is not None
    assert found.xirr_pct > 10
