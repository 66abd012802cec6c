"""What a payoff earned: return on outlay, annualised. Percent with two decimals unless stated.

Sources: docs/law.md; XIRR is the rate y with sum CF_k / (1 + y) ** (days_k / 365) = 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from taxlien.law.money import CENT, percent_of

Flow = tuple[date, Decimal]

# Above this a year's rate says nothing: twenty percent in one day is 10 ** 29 percent a year.
_LARGEST_PCT = 1e9
_STEPS = 200


def roi_pct(proceeds: Decimal, outlay: Decimal) -> Decimal | None:
    """(proceeds - outlay) / outlay in percent; None when nothing was laid out."""
    return percent_of(proceeds - outlay, outlay)


def simple_annual_pct(proceeds: Decimal, outlay: Decimal, months: int) -> Decimal | None:
    """ROI x 12 / months, from the unrounded ROI."""
    if not outlay or months <= 0:
        return None
    ratio = (proceeds - outlay) * 1200 / (outlay * months)
    return ratio.quantize(CENT, ROUND_HALF_UP)


def effective_annual_pct(proceeds: Decimal, outlay: Decimal, months: int) -> Decimal | None:
    """(1 + ROI) ** (12 / months) - 1. None where it is undefined or beyond any meaning."""
    if not outlay or months <= 0 or proceeds < 0:
        return None
    if proceeds == 0:
        return Decimal("-100.00")
    growth = math.log(float(proceeds / outlay)) * 12 / months
    return _as_percent(growth, CENT)


def xirr_pct(flows: Iterable[Flow], quantum: Decimal = CENT) -> Decimal | None:
    """XIRR in percent, actual/365. None without a gain and a loss on different days, or no root.

    Solves for g = ln(1 + y) by bisection inside a bracket, so it cannot diverge; of several roots
    it takes the one nearest to zero.
    """
    merged: dict[date, Decimal] = {}
    for day, amount in flows:
        merged[day] = merged.get(day, Decimal(0)) + amount
    dated = sorted((day, amount) for day, amount in merged.items() if amount)
    if len(dated) < 2 or not any(a > 0 for _, a in dated) or not any(a < 0 for _, a in dated):
        return None
    start = dated[0][0]
    points = [((day - start).days / 365, float(amount)) for day, amount in dated]
    if len(points) == 2:
        growth: float | None = math.log(-points[1][1] / points[0][1]) / points[1][0]
    else:
        growth = _root(points)
    return None if growth is None else _as_percent(growth, quantum)


def _value(points: Sequence[tuple[float, float]], growth: float) -> float:
    return math.fsum(amount * math.exp(-growth * years) for years, amount in points)


def _root(points: Sequence[tuple[float, float]]) -> float | None:
    """Bracket the root nearest to zero by widening steps, then bisect."""
    # the longest flow must stay finite, and so must the sum of all
    largest = math.fsum(abs(amount) for _, amount in points)
    limit = min((700 - math.log1p(largest)) / points[-1][0], math.log1p(_LARGEST_PCT))
    low = high = 0.0
    at_low = at_high = _value(points, 0.0)
    if at_low == 0:
        return 0.0
    step = min(0.01, limit / 4)
    while high < limit or low > -limit:
        new_high, new_low = min(limit, high + step), max(-limit, low - step)
        value = _value(points, new_high)
        if value * at_high <= 0:
            return _bisect(points, high, new_high)
        high, at_high = new_high, value
        value = _value(points, new_low)
        if value * at_low <= 0:
            return _bisect(points, new_low, low)
        low, at_low = new_low, value
        step *= 1.3
    return None


def _bisect(points: Sequence[tuple[float, float]], low: float, high: float) -> float:
    rising = _value(points, low) < 0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if (_value(points, middle) < 0) == rising:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _as_percent(growth: float, quantum: Decimal) -> Decimal | None:
    if growth > math.log1p(_LARGEST_PCT / 100):
        return None
    return Decimal(math.expm1(growth) * 100).quantize(quantum, ROUND_HALF_UP)
