"""What an investor pays for a lien and what it pays back, so that liens can be compared and sorted.

Everything is computed by ``law`` as if the owner redeemed twelve months after the sale.

The price is what the investor lays out at the sale:

- a certificate that was sold: face plus premium (``face_and_premium``), or the face alone where
  there is none or the law defers it to the foreclosure, as Maryland's does (``face``); a bid for the
  property, as Baltimore publishes it, is never the price;
- a certificate that was not sold: the face;
- a deed: the winning bid, else the opening bid, else the amount due;
- anything else (a delinquency, a later tax): what is due, or the face.

The rate is the percent that twelve months bear, whatever unit the statute names. It is what was bid
(``bid``), what the law, the county or the sale year sets (``statute``), or, for a lien nobody has
bought yet in a state where the rate is bid down, the most the statute allows (``maximum``). A lien
that was sold at an unknown bid has no rate and no payoff: unknown is not the maximum.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Literal

import msgspec

from taxlien.interfaces.liens import Lien, PriceBasis, published_price
from taxlien.interfaces.rulebook import load_rulebook
from taxlien.law.accrual import charge
from taxlien.law.errors import LawError
from taxlien.law.pricing import LienPrice, pricer_for
from taxlien.law.rules import Rule

MONTHS = 12
NOT_SOLD = frozenset({"delinquent", "advertised", "removed", "withdrawn", "unsold", "struck_off"})

RateBasis = Literal["bid", "maximum", "statute"]

_ZERO = Decimal(0)
_CENT = Decimal("0.01")


class Payoff(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is paid ``months`` after the sale. US dollars and percent; null where it cannot be known.

    ``annual_yield_pct`` is simple. ``rule`` names the version of the state's rule.
    """

    months: int
    owner_payoff: Decimal | None
    holder_proceeds: Decimal | None
    roi_pct: Decimal | None
    annual_yield_pct: Decimal | None
    rule: str
    low_confidence: bool
    warnings: tuple[str, ...]


class Pricing(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Price, rate and payoff of a lien; ``missing`` says why there is no payoff, as law's reason.

    ``rule_id`` names the rule that law found, whether or not it could price by it.
    """

    price: Decimal | None = None
    price_basis: PriceBasis | None = None
    rate_pct: Decimal | None = None
    rate_basis: RateBasis | None = None
    payoff: Payoff | None = None
    missing: str | None = None
    rule_id: str | None = None


def price_for_search(lien: Lien) -> Pricing:
    """Price ``lien``. Never raises for what a county published."""
    price, price_basis = published_price(lien)
    found, bid, at_most = _ask_law(lien, price)
    if price_basis == "face_and_premium" and found.outlay == lien.face_amount:
        price, price_basis = found.outlay, "face"  # the premium is due at the foreclosure only
    rule = _rules().get(found.rule_id or "")
    rate = _annual_rate(rule, lien, bid) if rule else None
    return Pricing(
        price=price,
        price_basis=price_basis,
        rate_pct=rate,
        rate_basis=_rate_basis(rule, at_most) if rule and rate is not None else None,
        payoff=_payoff(found, rule) if rule and not found.reason else None,
        missing=found.reason,
        rule_id=found.rule_id,
    )


def _ask_law(lien: Lien, price: Decimal | None) -> tuple[LienPrice, Decimal | None, bool]:
    """Return law's answer, the rate bid or assumed, and whether that was the statute's maximum."""
    deed, unsold = lien.kind == "deed_sale", lien.status in NOT_SOLD
    premium = _ZERO if lien.premium is None and unsold else lien.premium
    pricer = pricer_for(load_rulebook(), MONTHS)

    def ask(bid: Decimal | None) -> LienPrice:
        return pricer.price(
            lien.state,
            lien.county_fips,
            lien.kind,
            lien.sale_date,
            lien.opening_bid if deed and lien.face_amount is None else lien.face_amount,
            bid,
            premium,
            price if deed else None,
            lien.homestead,
        )

    found = ask(lien.bid_rate_pct)
    if found.reason == "no_rate" and unsold:
        rule = _rules().get(found.rule_id or "")
        if rule is not None and rule.max_rate_pct is not None:
            return ask(rule.max_rate_pct), rule.max_rate_pct, True
    return found, lien.bid_rate_pct, False


def _payoff(found: LienPrice, rule: Rule) -> Payoff:
    return Payoff(
        months=MONTHS,
        owner_payoff=found.owner_payoff,
        holder_proceeds=found.holder_proceeds,
        roi_pct=found.roi_pct,
        annual_yield_pct=found.simple_annual_pct,
        rule=rule.rule_id,
        low_confidence=rule.confidence == "low"
        or any("of low confidence" in warning for warning in found.warnings),
        warnings=found.warnings,
    )


def _rate_basis(rule: Rule, at_most: bool) -> RateBasis:
    if rule.rate_set_by != "bid":
        return "statute"
    return "maximum" if at_most else "bid"


def _annual_rate(rule: Rule, lien: Lien, bid: Decimal | None) -> Decimal | None:
    """Return the percent that twelve months bear before minimums and penalties; None if unknown."""
    rate = bid
    if rule.rate_set_by != "bid" and lien.sale_date is not None:
        try:
            terms = load_rulebook().terms(
                lien.state, lien.sale_date, lien.county_fips, lien.homestead, rule.track
            )
        except LawError:
            return None
        rate = _ZERO if terms.rate_pct is None else terms.rate_pct
    return None if rate is None else _twelve_months(rule.rule_id, rate)


@lru_cache(maxsize=8192)
def _twelve_months(rule_id: str, rate: Decimal) -> Decimal | None:
    rule = _rules()[rule_id]
    if rule.rate_basis == "none" and not rule.schedule and rule.schedule_then is None:
        return None
    try:
        owed = charge(rule, rate, MONTHS, 365)
    except LawError:
        return None
    return (owed.factor * 100 / owed.per).quantize(_CENT, ROUND_HALF_UP)


@lru_cache(maxsize=1)
def _rules() -> dict[str, Rule]:
    rulebook = load_rulebook()
    return {rule.rule_id: rule for s in rulebook.states() for rule in rulebook.rules_of(s)}
