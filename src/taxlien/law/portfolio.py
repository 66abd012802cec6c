"""Figures of many liens held together. Formulas in docs/law.md; dollars and percent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from taxlien.law.money import CENT, ZERO, percent_of
from taxlien.law.yields import Flow, xirr_pct

_THOUSANDTH = Decimal("0.001")
_TEN_THOUSANDTH = Decimal("0.0001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One lien held. ``rate_pct`` a year; unknown is None and is left out of the average it feeds."""

    face: Decimal
    rate_pct: Decimal | None = None
    market_value: Decimal | None = None
    county_fips: str | None = None
    sale_year: int | None = None
    redeemed: bool = False
    accrued: Decimal = ZERO
    next_deadline: date | None = None
    expires_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioFigures:
    """``hhi`` values lie between 0 and 1. ``weighted_ltv_pct`` weighs each lien's own ratio by face,
    ``pooled_ltv_pct`` divides the sums; the two differ, and the first is the one that shows risk."""

    face: Decimal
    accrued: Decimal
    weighted_rate_pct: Decimal | None
    weighted_ltv_pct: Decimal | None
    pooled_ltv_pct: Decimal | None
    largest_pct: Decimal | None
    hhi: Decimal | None
    hhi_by_county: Decimal | None


def figures(holdings: Sequence[Holding]) -> PortfolioFigures:
    """All figures of the liens given (pass only those still open, unless history is wanted)."""
    face = sum((h.face for h in holdings), ZERO)
    rated = [(h.face, h.rate_pct) for h in holdings if h.rate_pct is not None]
    valued = [(h.face, h.market_value) for h in holdings if h.market_value]
    counties: dict[str | None, Decimal] = {}
    for holding in holdings:
        counties[holding.county_fips] = counties.get(holding.county_fips, ZERO) + holding.face
    ratios = [(amount, amount * 100 / value) for amount, value in valued]
    return PortfolioFigures(
        face=face,
        accrued=sum((h.accrued for h in holdings), ZERO),
        weighted_rate_pct=_weighted(rated),
        weighted_ltv_pct=_weighted(ratios),
        pooled_ltv_pct=_ratio(
            sum((amount for amount, _ in valued), ZERO), sum((value for _, value in valued), ZERO)
        ),
        largest_pct=percent_of(max((h.face for h in holdings), default=ZERO), face),
        hhi=concentration(h.face for h in holdings),
        hhi_by_county=concentration(counties.values()),
    )


def concentration(amounts: Iterable[Decimal]) -> Decimal | None:
    """Herfindahl-Hirschman index: the sum of squared shares, four decimals; None of nothing."""
    listed = list(amounts)
    total = sum(listed, ZERO)
    if not total:
        return None
    squares = sum((amount * amount for amount in listed), ZERO)
    return (squares / (total * total)).quantize(_TEN_THOUSANDTH, ROUND_HALF_UP)


def redemption_rate_by_vintage(holdings: Iterable[Holding]) -> dict[int, tuple[int, Decimal]]:
    """Sale year -> (number of liens, percent redeemed). Liens of unknown year are left out."""
    counts: dict[int, tuple[int, int]] = {}
    for holding in holdings:
        if holding.sale_year is not None:
            number, redeemed = counts.get(holding.sale_year, (0, 0))
            counts[holding.sale_year] = (number + 1, redeemed + holding.redeemed)
    return {
        year: (number, (Decimal(redeemed) * 100 / number).quantize(CENT, ROUND_HALF_UP))
        for year, (number, redeemed) in sorted(counts.items())
    }


def days_to_next_deadline(holdings: Iterable[Holding], today: date) -> int | None:
    """Days to the nearest open deadline that has not passed; None if there is none."""
    ahead = [
        (h.next_deadline - today).days
        for h in holdings
        if h.next_deadline is not None and not h.redeemed and h.next_deadline >= today
    ]
    return min(ahead, default=None)


def at_risk(
    holdings: Iterable[Holding], today: date, within_days: int = 90
) -> tuple[list[Holding], list[Holding]]:
    """Open liens whose life has ended, and those whose life ends within so many days."""
    expired: list[Holding] = []
    soon: list[Holding] = []
    for holding in holdings:
        if holding.redeemed or holding.expires_on is None:
            continue
        left = (holding.expires_on - today).days
        if left < 0:
            expired.append(holding)
        elif left <= within_days:
            soon.append(holding)
    return expired, soon


@dataclass(frozen=True, slots=True)
class CashPosition:
    """Dollars: laid out, received back, and the difference; ``xirr_pct`` counts what is still owed."""

    invested: Decimal
    realized: Decimal
    cash: Decimal
    xirr_pct: Decimal | None


def cash_position(flows: Sequence[Flow], still_owed: Decimal, today: date) -> CashPosition:
    """From dated flows (negative is paid out) and what the open liens would pay today."""
    invested = -sum((amount for _, amount in flows if amount < 0), ZERO)
    realized = sum((amount for _, amount in flows if amount > 0), ZERO)
    return CashPosition(
        invested, realized, realized - invested, xirr_pct([*flows, (today, still_owed)])
    )


def _weighted(pairs: Sequence[tuple[Decimal, Decimal]]) -> Decimal | None:
    weight = sum((amount for amount, _ in pairs), ZERO)
    if not weight:
        return None
    total = sum((amount * value for amount, value in pairs), ZERO)
    return (total / weight).quantize(_THOUSANDTH, ROUND_HALF_UP)


def _ratio(part: Decimal, whole: Decimal) -> Decimal | None:
    return (part * 100 / whole).quantize(_THOUSANDTH, ROUND_HALF_UP) if whole else None
