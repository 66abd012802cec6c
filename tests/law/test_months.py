"""Counting months as statutes do."""

from __future__ import annotations

from datetime import date

import pytest

from taxlien.law.months import add_months, count_months

GRACE = "calendar_incl_next_business_day"


@pytest.mark.parametrize(
    ("policy", "start", "end", "months"),
    [
        ("elapsed_ceil", date(2026, 2, 10), date(2026, 2, 10), 1),
        ("elapsed_ceil", date(2026, 2, 10), date(2026, 3, 10), 1),
        ("elapsed_ceil", date(2026, 2, 10), date(2026, 3, 11), 2),
        ("elapsed_ceil", date(2026, 2, 10), date(2027, 5, 3), 15),
        ("elapsed_ceil", date(2026, 1, 31), date(2026, 2, 28), 1),
        ("elapsed_ceil", date(2026, 1, 31), date(2026, 3, 1), 2),
        ("calendar_incl", date(2026, 2, 10), date(2027, 5, 3), 16),
        ("calendar_incl", date(2003, 11, 19), date(2004, 5, 20), 7),
        ("calendar_incl", date(2003, 11, 19), date(2003, 11, 19), 1),
        ("calendar_firsts", date(2026, 1, 31), date(2026, 2, 1), 1),
        ("calendar_firsts", date(2026, 1, 1), date(2026, 1, 31), 0),
        (GRACE, date(2026, 6, 15), date(2027, 3, 10), 10),
        (GRACE, date(2026, 6, 15), date(2027, 2, 28), 9),
    ],
)
def test_months_are_counted_by_the_policy(policy: str, start: date, end: date, months: int) -> None:
    assert count_months(policy, start, end) == months


@pytest.mark.parametrize(
    ("end", "months", "why"),
    [
        (date(2027, 3, 1), 9, "28 February 2027 is a Sunday, so Monday still counts"),
        (date(2027, 3, 2), 10, "Tuesday is too late"),
        (date(2026, 10, 1), 5, "30 September 2026 is a Wednesday: no grace"),
        (date(2027, 1, 1), 8, "31 December 2026 is a Thursday: no grace"),
        (date(2032, 2, 2), 68, "31 January 2032 is a Saturday, 1 February a Sunday"),
        (date(2027, 6, 1), 12, "31 May 2027 is Memorial Day"),
    ],
)
def test_iowa_counts_the_next_business_day_for_the_month_before(
    end: date, months: int, why: str
) -> None:
    assert count_months(GRACE, date(2026, 6, 15), end) == months, why


def test_a_month_after_the_thirty_first_is_the_last_of_a_shorter_month() -> None:
    assert add_months(date(2023, 1, 31), 1) == date(2023, 2, 28)
    assert add_months(date(2024, 1, 31), 1) == date(2024, 2, 29)
    assert add_months(date(2024, 2, 29), 12) == date(2025, 2, 28)
    assert add_months(date(2024, 11, 15), 14) == date(2026, 1, 15)
