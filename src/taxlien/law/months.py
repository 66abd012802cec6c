"""Counting the time that the law charges for. All dates are local dates of the sale's county."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import Final

ELAPSED_CEIL: Final = "elapsed_ceil"
CALENDAR_INCL: Final = "calendar_incl"
CALENDAR_GRACE: Final = "calendar_incl_next_business_day"
CALENDAR_FIRSTS: Final = "calendar_firsts"
DAILY: Final = "daily"

POLICIES: Final = frozenset(
    {ELAPSED_CEIL, CALENDAR_INCL, CALENDAR_GRACE, CALENDAR_FIRSTS, DAILY, "none"}
)


def add_months(day: date, months: int) -> date:
    """The same day ``months`` later, or the last day of that month where it is shorter."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    month += 1
    if day.day <= 28:
        return date(year, month, day.day)
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def elapsed_ceil(start: date, end: date) -> int:
    """Full months from start to end, plus one if any days remain; at least one."""
    months = (end.year - start.year) * 12 + end.month - start.month
    return max(1, months + (end.day > start.day))


def calendar_incl(start: date, end: date) -> int:
    """Calendar months touched, the month of the start included."""
    return (end.year - start.year) * 12 + end.month - start.month + 1


def count_months(policy: str, start: date, end: date) -> int:
    """Months charged between two dates under a policy (for ``daily``: months begun, for display)."""
    if policy == CALENDAR_INCL:
        return calendar_incl(start, end)
    if policy == CALENDAR_GRACE:
        months = calendar_incl(start, end)
        return months - 1 if months > 1 and _saves_previous_month(end) else months
    if policy == CALENDAR_FIRSTS:
        return calendar_incl(start, end) - 1
    return elapsed_ceil(start, end)


def _saves_previous_month(day: date) -> bool:
    """Whether a payment on this day still counts for the month before (Iowa Code 447.1).

    It does when the last day of that month was a Saturday, Sunday or holiday and this is the first
    business day after it.
    """
    if day.day > 4:
        return False
    last = day.replace(day=1) - timedelta(days=1)
    if _is_business_day(last):
        return False
    first = last + timedelta(days=1)
    while not _is_business_day(first):
        first += timedelta(days=1)
    return day <= first


def _is_business_day(day: date) -> bool:
    """Only the holidays that can touch the turn of a month matter here."""
    if day.weekday() >= 5:
        return False
    new_year = (day.month, day.day) == (1, 1)
    observed_new_year = (day.month, day.day) == (1, 2) and day.weekday() == 0
    memorial_day = (day.month, day.day) == (5, 31) and day.weekday() == 0
    labor_day = day.month == 9 and day.day <= 7 and day.weekday() == 0
    return not (new_year or observed_new_year or memorial_day or labor_day)
