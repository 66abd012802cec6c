"""Interest on one amount under one rule. The formulas are in docs/law.md with their sources."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from taxlien.law.errors import NotRedeemable
from taxlien.law.money import ZERO, to_cents, to_dollars
from taxlien.law.months import DAILY, count_months
from taxlien.law.rules import Rule


class Charge(NamedTuple):
    """What time costs: interest = amount x ``rate_pct`` x ``units`` / ``per``.

    ``months`` is for display; ``applied_pct`` is the percent a reader recognises (a year's rate, a
    month's rate, or the whole percent of a flat or stepped rule).
    """

    factor: Decimal
    per: int
    months: int
    applied_pct: Decimal


def charge_for(rule: Rule, rate_pct: Decimal, start: date, end: date) -> Charge:
    """The charge of a rule's own basis between two dates. Raises NotRedeemable off a schedule."""
    months = count_months(rule.accrual, start, end)
    days = (end - start).days if rule.accrual == DAILY else 0
    return charge(rule, rate_pct, months, days)


@lru_cache(maxsize=8192)
def _scaled(rate_pct: Decimal, units: int) -> Decimal:
    return rate_pct * units


def charge(rule: Rule, rate_pct: Decimal, months: int, days: int) -> Charge:
    """The same from counted months and days (days only matter under the daily policy)."""
    basis = rule.rate_basis
    if basis == "annual":
        if rule.accrual == DAILY:
            return Charge(_scaled(rate_pct, days), 36_500, months, rate_pct)
        return Charge(_scaled(rate_pct, months), 1_200, months, rate_pct)
    if basis == "monthly":
        return Charge(_scaled(rate_pct, months), 100, months, rate_pct)
    if basis == "stepped":
        percent = _scaled(rate_pct, -(-months // rule.step_months))
        return Charge(percent, 100, months, percent)
    percent = scheduled_pct(rule, months)
    return Charge(percent, 100, months, percent)


def scheduled_pct(rule: Rule, months: int) -> Decimal:
    """The percent of a flat schedule at a month: ``[[6, 10], [12, 15]]``, then so much per period."""
    for until, percent in rule.schedule:
        if months <= until:
            return percent
    if rule.schedule_then is None:
        raise NotRedeemable(f"{rule.rule_id} names no amount after {months - 1} months")
    last_month, last_percent = rule.schedule[-1] if rule.schedule else (0, Decimal(0))
    every, percent = rule.schedule_then
    if every == 0:
        return last_percent + percent
    return last_percent + percent * -(-(months - last_month) // every)


def interest(rule: Rule, amount: Decimal, owed: Charge) -> Decimal:
    """Interest in dollars, rounded once as the rule says, never under the rule's least interest."""
    exact = amount * owed.factor / owed.per
    if rule.rounding == "dollar":
        rounded = to_dollars(exact)
        least = rule.minimum_interest or ZERO
        return max(rounded, to_cents(least)) if amount else ZERO
    return to_cents(exact)


def annual_interest(
    amount: Decimal, rate_pct: Decimal, rule: Rule, start: date, end: date
) -> Decimal:
    """Simple interest at a rate of percent a year, counted by the rule's policy."""
    if rule.accrual == DAILY:
        return to_cents(amount * rate_pct * (end - start).days / 36_500)
    return to_cents(amount * rate_pct * count_months(rule.accrual, start, end) / 1_200)
