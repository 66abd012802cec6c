"""Annualised returns against worked figures, and XIRR where it is hard."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taxlien.law.yields import effective_annual_pct, roi_pct, simple_annual_pct, xirr_pct

D = Decimal
# a busy machine is no failure
UNHURRIED = settings(deadline=None, max_examples=150)


def test_xirr_of_two_outlays_and_one_return() -> None:
    flows = [
        (date(2026, 1, 1), D(-10000)),
        (date(2026, 7, 1), D(-2000)),
        (date(2027, 1, 1), D(13200)),
    ]
    assert xirr_pct(flows) == D("10.93")


def test_xirr_of_a_certificate_with_a_later_tax() -> None:
    flows = [
        (date(2026, 2, 10), D(-5000)),
        (date(2026, 11, 2), D(-1200)),
        (date(2027, 5, 3), D(7312)),
    ]
    assert xirr_pct(flows) == D("16.34")


@pytest.mark.parametrize(
    ("proceeds", "outlay", "months", "roi", "simple", "effective"),
    [
        ("2520", "2400", 3, "5.00", "20.00", "21.55"),
        ("2640", "2400", 10, "10.00", "12.00", "12.12"),
        ("37720", "37000", 18, "1.95", "1.30", "1.29"),
        ("20812.50", "20000", 5, "4.06", "9.75", "10.03"),
        ("21250", "20000", 8, "6.25", "9.38", "9.52"),
        ("2100", "2200", 6, "-4.55", "-9.09", "-8.88"),
        ("2200", "2200", 12, "0.00", "0.00", "0.00"),
    ],
)
def test_annualised_returns(
    proceeds: str, outlay: str, months: int, roi: str, simple: str, effective: str
) -> None:
    assert roi_pct(D(proceeds), D(outlay)) == D(roi)
    assert simple_annual_pct(D(proceeds), D(outlay), months) == D(simple)
    assert effective_annual_pct(D(proceeds), D(outlay), months) == D(effective)


def monthly(*flows: tuple[int, int]) -> list[tuple[date, Decimal]]:
    """Flows by month on a year of 365 days, so that whole years are exact."""
    start = date(2021, 1, 1)
    return [(start + timedelta(days=round(m * 365 / 12)), D(a)) for m, a in flows]


def test_xirr_of_illinois_and_new_jersey_examples() -> None:
    illinois = xirr_pct(monthly((0, -3000), (6, -1500), (14, 5490)))
    new_jersey = xirr_pct(monthly((0, -37000), (1, -9000), (18, 49015)))
    assert illinois is not None
    assert new_jersey is not None
    assert abs(illinois - D("21.87")) <= D("0.05")
    assert abs(new_jersey - D("4.37")) <= D("0.02")


@pytest.mark.parametrize(
    "flows",
    [
        [],
        [(date(2026, 1, 1), D(-100))],
        [(date(2026, 1, 1), D(-100)), (date(2026, 1, 1), D(120))],
        [(date(2026, 1, 1), D(-100)), (date(2027, 1, 1), D(-1))],
        [(date(2026, 1, 1), D(-100)), (date(2026, 1, 2), D(120))],
        [(date(2026, 1, 1), D(0)), (date(2026, 1, 2), D(0))],
    ],
    ids=["nothing", "one flow", "one day", "no return", "beyond meaning", "zeros"],
)
def test_xirr_is_none_where_it_says_nothing(flows: list[tuple[date, Decimal]]) -> None:
    assert xirr_pct(flows) is None


def test_xirr_of_a_near_total_loss_is_near_minus_hundred() -> None:
    assert xirr_pct([(date(2020, 1, 1), D(-1000)), (date(2021, 1, 1), D("0.01"))]) == D("-100.00")


def test_xirr_of_flows_that_no_rate_balances_is_none() -> None:
    flows = [(0, "-0.01"), (14_000, "-18633.37"), (14_001, "17724.68")]
    dated = [(date(1990, 1, 1) + timedelta(days=day), D(amount)) for day, amount in flows]
    assert xirr_pct(dated) is None


@UNHURRIED
@given(
    st.lists(st.tuples(st.integers(0, 14_000), st.integers(1, 10**10)), min_size=2, max_size=12),
    st.integers(1, 4000),
    st.integers(1, 10**11),
)
def test_xirr_sets_the_present_value_to_zero(
    outlays: list[tuple[int, int]], later: int, proceeds: int
) -> None:
    start = date(1990, 1, 1)
    last = max(day for day, _ in outlays)
    flows = [(start + timedelta(days=day), D(-cents) / 100) for day, cents in outlays]
    flows.append((start + timedelta(days=last + later), D(proceeds) / 100))
    found = xirr_pct(flows, D("0.0000000001"))
    if found is None or found < -99:
        return
    growth = 1 + float(found) / 100
    begin = min(day for day, _ in flows)
    present = [float(a) / growth ** ((day - begin).days / 365) for day, a in flows]
    assert abs(sum(present)) <= 1e-6 * max(abs(value) for value in present)
