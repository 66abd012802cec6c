"""Checking a case against the rule of its sale before any money is computed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from taxlien.law.errors import InvalidCase, NoRule, NotRedeemable, RateMissing
from taxlien.law.facts import Case
from taxlien.law.money import ZERO, plain
from taxlien.law.months import add_months
from taxlien.law.rulebook import Terms
from taxlien.law.rules import Rule


@dataclass(frozen=True, slots=True)
class Admitted:
    """A case that passed: its rule and rate, and the amounts the formulas start from (dollars).

    ``base`` bears interest; ``price`` is what was paid at the sale without a premium;
    ``owner_principal`` the part of it the owner repays; ``face`` the lien itself.
    """

    rule: Rule
    rate_pct: Decimal
    local_statute: str | None
    face: Decimal
    price: Decimal
    base: Decimal
    owner_principal: Decimal
    premium: Decimal
    warnings: tuple[str, ...]


def admit(case: Case, terms: Terms) -> Admitted:
    """Check dates, amounts, rate and premium. Raises InvalidCase, NotRedeemable or NoRule."""
    rule, warnings = terms.rule, list(terms.warnings)
    try:
        _check_dates(case)
        _check_amounts(case)
        if rule.track == "deed":
            raise NotRedeemable(
                f"{rule.state} sells the property: the sale ends the owner's right to redeem "
                f"({rule.statute})"
            )
        rate = _rate(case, terms, warnings)
        _check_open(case, rule, warnings)
        face, price, premium = _amounts(case, rule, warnings)
    except InvalidCase as error:
        raise type(error)(error.field, error.reason, tuple(warnings)) from None
    except (NoRule, NotRedeemable) as error:
        raise type(error)(error.message, tuple(warnings)) from None
    return Admitted(
        rule=rule,
        rate_pct=rate,
        local_statute=terms.local_statute,
        face=face,
        price=price,
        base=price if rule.interest_base == "price" else face,
        owner_principal=face if rule.owner_repays == "face" else price,
        premium=premium,
        warnings=tuple(warnings),
    )


def _check_dates(case: Case) -> None:
    if case.redeemed_on < case.sale_date:
        raise InvalidCase("redeemed_on", "lies before the sale")
    if case.deed_recorded_on is not None and case.deed_recorded_on < case.sale_date:
        raise InvalidCase("deed_recorded_on", "lies before the sale")
    for index, tax in enumerate(case.subsequent_taxes):
        if tax.paid_on < case.sale_date:
            raise InvalidCase(f"subsequent_taxes[{index}].paid_on", "lies before the sale")


def _check_amounts(case: Case) -> None:
    named = [
        ("face_amount", case.face_amount),
        ("price", case.price),
        ("premium", case.premium),
        ("bid_rate_pct", case.bid_rate_pct),
        *((f"subsequent_taxes[{i}].amount", t.amount) for i, t in enumerate(case.subsequent_taxes)),
        *((f"costs[{i}].amount", c.amount) for i, c in enumerate(case.costs)),
    ]
    for field, value in named:
        if value is not None and (not value.is_finite() or value < 0):
            raise InvalidCase(field, "is negative or not a number")


def _rate(case: Case, terms: Terms, warnings: list[str]) -> Decimal:
    rule, bid = terms.rule, case.bid_rate_pct
    most = terms.rate_pct if rule.rate_set_by == "sale_year" else rule.max_rate_pct
    if bid is not None and most is not None and bid > most:
        raise InvalidCase(
            "bid_rate_pct", f"{plain(bid)} is above the maximum of {plain(most)} ({rule.statute})"
        )
    if rule.rate_set_by != "bid":
        set_rate = terms.rate_pct if terms.rate_pct is not None else ZERO
        if bid is not None and bid != set_rate and rule.rate_basis in {"annual", "monthly"}:
            warnings.append(
                f"the rate is not bid here: {plain(set_rate)} percent applies, not {plain(bid)}"
            )
        return set_rate
    if bid is None:
        if rule.confidence == "low":
            raise NoRule(f"{rule.state} has no rate of its own: the case must name the rate bid")
        raise RateMissing("bid_rate_pct", f"the rate is bid in {rule.state}, and none is given")
    if rule.bid_floor_pct is not None and bid < rule.bid_floor_pct:
        warnings.append(f"a bid of {plain(bid)} is under the floor of {plain(rule.bid_floor_pct)}")
    if rule.bid_step_pct is not None and bid % rule.bid_step_pct:
        warnings.append(f"a bid of {plain(bid)} is not in steps of {plain(rule.bid_step_pct)}")
    return bid


def _check_open(case: Case, rule: Rule, warnings: list[str]) -> None:
    start = case.deed_recorded_on or case.sale_date
    if rule.closes_after_months is not None:
        end = add_months(start, rule.closes_after_months)
        if case.redeemed_on > end:
            raise NotRedeemable(f"the right to redeem ended on {end} ({rule.statute_for('close')})")
    short = rule.closes_after_days_unless_homestead
    if short is not None and (case.redeemed_on - start).days > short:
        long_period = case.homestead or case.property_class in {
            "homestead",
            "agricultural",
            "mineral",
        }
        unknown = case.homestead is None and case.property_class is None
        if unknown:
            warnings.append(
                f"redeemable after {short} days only if homestead, agricultural or mineral "
                f"property, which is not known here ({rule.statute_for('close')})"
            )
        elif not long_period:
            raise NotRedeemable(
                f"the right to redeem ended {short} days after the deed "
                f"({rule.statute_for('close')})"
            )
    if rule.life_months is not None and case.redeemed_on > add_months(start, rule.life_months):
        warnings.append(
            f"the certificate is older than its life of {rule.life_months // 12} years "
            f"({rule.statute_for('life')})"
        )


def _amounts(case: Case, rule: Rule, warnings: list[str]) -> tuple[Decimal, Decimal, Decimal]:
    """Face, price and premium of the sale, each known."""
    face, price, premium = case.face_amount, case.price, case.premium
    if rule.premium == "overbid":
        return _overbid_amounts(case)
    if premium and rule.premium == "none":
        raise InvalidCase("premium", f"{rule.state} sells without a premium ({rule.statute})")
    if rule.interest_base == "price":
        if price is None and face is None:
            raise InvalidCase("price", "the winning bid is needed where a deed is sold")
        if price is None:
            warnings.append("price is not given: face_amount was taken as the winning bid")
            price = face
        if face is None and (rule.owner_repays == "face" or rule.interest_cap == "face"):
            warnings.append(
                "face_amount is not given: the owner's part and any cap on interest are not known, "
                "so the whole price stands in"
            )
        face = price if face is None else face
        if price is not None and face is not None:
            owner_part = face if rule.owner_repays == "face" else price
            if price < owner_part:
                raise InvalidCase("price", "lies under the amount due (face_amount)")
            return face, price, premium
    if face is None and rule.track == "redeemable_deed":
        face = price
    if face is None:
        raise InvalidCase("face_amount", "the amount of the lien is needed")
    return face, face, premium


def _overbid_amounts(case: Case) -> tuple[Decimal, Decimal, Decimal]:
    """Indiana: the face is the minimum bid; the overbid comes as a price or as a premium."""
    face = case.face_amount
    if face is None:
        raise InvalidCase("face_amount", "the minimum bid is needed")
    price = face + case.premium if case.price is None else case.price
    if price < face:
        raise InvalidCase("price", "lies under the minimum bid (face_amount)")
    if case.premium and case.price is not None and price - face != case.premium:
        raise InvalidCase("premium", "is not the price less the minimum bid")
    return face, price, ZERO
