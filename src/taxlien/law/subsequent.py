"""Later taxes that the holder paid: what each state lets them earn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from taxlien.law.accrual import annual_interest, charge_for, interest
from taxlien.law.facts import Payment
from taxlien.law.lines import Line
from taxlien.law.money import ZERO, plain, to_cents
from taxlien.law.months import count_months, elapsed_ceil
from taxlien.law.rules import Rule

_LABEL = "interest on subsequent tax"


def left_out(rule: Rule, taxes: Sequence[Payment]) -> str:
    """Why later taxes are not in the figure."""
    total = sum((tax.amount for tax in taxes), ZERO)
    if rule.subsequent == "none":
        return f"{rule.state} does not add later taxes to this sale: {total} was left out"
    return f"how {rule.state} treats later taxes is not known: {total} was left out"


def lines(
    rule: Rule,
    rate_pct: Decimal,
    face: Decimal,
    taxes: Sequence[Payment],
    redeemed_on: date,
) -> list[Line]:
    """Principal and interest of each tax, in order of payment."""
    statute = rule.statute_for("subsequent")
    found: list[Line] = []
    delinquency = face
    for tax in sorted(taxes, key=lambda paid: paid.paid_on):
        found.append(Line("repaid", "subsequent tax", tax.amount, None, None, statute, True, True))
        found += _interest(rule, rate_pct, delinquency, tax, redeemed_on, statute)
        delinquency += tax.amount
    return found


def annual_line(
    label: str,
    rule: Rule,
    amount: Decimal,
    rate_pct: Decimal,
    start: date,
    end: date,
    statute: str,
) -> Line:
    """Simple interest at percent a year, counted as the rule counts."""
    return Line(
        "interest",
        label,
        annual_interest(amount, rate_pct, rule, start, end),
        count_months(rule.accrual, start, end),
        plain(rate_pct),
        statute,
        True,
        True,
    )


def _interest(
    rule: Rule,
    rate_pct: Decimal,
    delinquency: Decimal,
    tax: Payment,
    end: date,
    statute: str,
) -> list[Line]:
    start, own = tax.paid_on, rule.subsequent_rate_pct
    if rule.subsequent == "certificate_rate":
        owed = charge_for(rule, rate_pct, start, end)
        return [Line("interest", _LABEL, interest(rule, tax.amount, owed), owed.months,
                     plain(owed.applied_pct), statute, True, True)]  # fmt: skip
    if rule.subsequent == "rate" and own is not None:
        return [annual_line(_LABEL, rule, tax.amount, own, start, end, statute)]
    if rule.subsequent == "bands":
        return [
            annual_line(_LABEL, rule, part, rate, start, end, statute)
            for part, rate in _split(rule, delinquency, tax.amount)
        ]
    if own is None:
        return []  # "base": the tax already earns as part of the base
    months = elapsed_ceil(start, end)
    units = months if rule.subsequent == "rate_monthly" else -(-months // 12)
    percent = own * units
    amount = to_cents(tax.amount * percent / 100)
    return [Line("interest", _LABEL, amount, months, plain(percent), statute, True, True)]


def _split(rule: Rule, below: Decimal, amount: Decimal) -> list[tuple[Decimal, Decimal]]:
    """Cut a tax at the band limits, which count everything already owed on the parcel."""
    parts: list[tuple[Decimal, Decimal]] = []
    low, high = below, below + amount
    bands = rule.subsequent_bands
    for index, (start, rate) in enumerate(bands):
        stop = bands[index + 1][0] if index + 1 < len(bands) else high
        part = min(high, max(stop, start)) - max(low, start)
        if part > 0:
            parts.append((part, rate))
    return parts
