"""What a lien is worth before its end is known: redeemed, foreclosed, void, or lost.

EV = p_r x payoff + p_f x V_f + p_v x refund + p_l x 0, with all p adding up to one (docs/law.md).
Dollars are rounded half-up at the end. Since Tyler v. Hennepin County, 598 U.S. 631 (2023), a
foreclosure is worth the whole property only where ``surplus_rule`` says ``windfall_possible``.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from taxlien.law.errors import InvalidCase
from taxlien.law.money import ZERO, percent_of, to_cents

_TOLERANCE = Decimal("0.00000000000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreclosure:
    """What taking the property brings. Dollars; ``haircut_pct`` is lost on a forced sale.

    ``debt`` is the lien with everything accrued; ``allowed_costs`` what the law lets the holder add
    to it; ``own_costs`` what the holder paid on the way (foreclosure and later taxes).
    """

    value: Decimal
    haircut_pct: Decimal
    debt: Decimal
    allowed_costs: Decimal
    own_costs: Decimal


def foreclosure_value(surplus_rule: str, case: Foreclosure) -> Decimal:
    """V_f under a surplus rule; may be negative, because own costs are already spent.

    ``in_flux`` is judged like ``surplus_returned``: an investor must not count on a windfall.
    """
    net = case.value * (100 - case.haircut_pct) / 100
    if surplus_rule == "windfall_possible":
        return to_cents(net - case.own_costs)
    if surplus_rule not in {"surplus_returned", "forced_sale", "in_flux"}:
        raise InvalidCase("surplus_rule", f"{surplus_rule!r} is not a surplus rule")
    return to_cents(min(net, case.debt + case.allowed_costs) - case.own_costs)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One way a lien can end: its probability, what it brings (dollars), and when (years)."""

    probability: Decimal
    proceeds: Decimal
    years: Decimal = ZERO


def expected_value(outcomes: tuple[Outcome, ...]) -> Decimal:
    """Sum of probability x proceeds. Raises InvalidCase unless probabilities add up to one."""
    _check(outcomes)
    return to_cents(sum((o.probability * o.proceeds for o in outcomes), ZERO))


def net_present_value(
    outcomes: tuple[Outcome, ...], outlay: Decimal, annual_rate_pct: Decimal
) -> Decimal:
    """Each outcome discounted at its own time, less the outlay of today. Dollars."""
    _check(outcomes)
    growth = 1 + annual_rate_pct / 100
    if growth <= 0:
        raise InvalidCase("annual_rate_pct", "is at or below -100")
    worth = sum((o.probability * o.proceeds / growth**o.years for o in outcomes), ZERO)
    return to_cents(worth - outlay)


def break_even_redemption_pct(outlay: Decimal, payoff: Decimal) -> Decimal | None:
    """The probability of redemption (percent) at which nothing is lost, foreclosure ignored."""
    return percent_of(outlay, payoff)


def break_even_months(premium: Decimal, face: Decimal, annual_rate_pct: Decimal) -> Decimal | None:
    """Months until simple interest has earned back a lost premium; None if it never does."""
    monthly = face * annual_rate_pct / 1200
    return (premium / monthly).quantize(Decimal("0.01"), ROUND_HALF_UP) if monthly > 0 else None


def lien_to_value_pct(
    face: Decimal,
    market_value: Decimal,
    subsequent: Decimal = ZERO,
    other_tax_liens: Decimal = ZERO,
) -> Decimal | None:
    """(face + later taxes + senior or equal tax liens) / value in percent; None without a value."""
    return percent_of(face + subsequent + other_tax_liens, market_value)


def overbid_to_value_pct(face: Decimal, premium: Decimal, market_value: Decimal) -> Decimal | None:
    """(face + premium) / value in percent, the second ratio rating agencies show."""
    return percent_of(face + premium, market_value)


def _check(outcomes: tuple[Outcome, ...]) -> None:
    if any(o.probability < 0 for o in outcomes):
        raise InvalidCase("probability", "is negative")
    if any(o.years < 0 for o in outcomes):
        raise InvalidCase("years", "is negative")
    total = sum((o.probability for o in outcomes), ZERO)
    if abs(total - 1) > _TOLERANCE:
        raise InvalidCase("probability", f"the outcomes add up to {total}, not to 1")
