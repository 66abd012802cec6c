"""The fast path: what a lien pays if its owner redeems so many months after the sale.

Sales share few dates, counties and rates, so everything but the amounts is worked out once per
sale and rate (a plan) by the full engine, and a lien costs a handful of decimal operations.
Redeemable deeds and overbids take the full engine each time: their amounts steer the rule.
"""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from taxlien.law.accrual import charge_for
from taxlien.law.admission import admit
from taxlien.law.errors import InvalidCase, LawError, NoRule, RateMissing
from taxlien.law.facts import Case
from taxlien.law.money import CENT, LARGEST, ZERO, to_dollars
from taxlien.law.months import add_months
from taxlien.law.payoff import payoff
from taxlien.law.rulebook import RuleBook
from taxlien.law.rules import Rule, Track
from taxlien.law.yields import roi_pct, simple_annual_pct

Reason = Literal[
    "no_rule",
    "not_redeemable",
    "invalid_case",
    "no_sale_date",
    "no_amount",
    "no_rate",
    "not_a_certificate",
]

_NO_TRACK: Final[tuple[Track | None, ...]] = (None,)
_DEED_TRACKS: Final[tuple[Track | None, ...]] = ("redeemable_deed", "deed", None)
_PREMIUM_PAID: Final = frozenset({"lost", "refunded", "refunded_60"})
_UNKNOWN_PREMIUM: Final = "the premium is not known, so no return can be named"
# Plans are small; a full catalogue needs a few thousand.
_MOST_PLANS: Final = 100_000
_HUNDRED: Final = Decimal(100)


class LienPrice(NamedTuple):
    """Dollars and percent, or ``reason`` when there is no figure. ``rule_id`` may be set with both."""

    owner_payoff: Decimal | None
    holder_proceeds: Decimal | None
    outlay: Decimal | None
    roi_pct: Decimal | None
    simple_annual_pct: Decimal | None
    rule_id: str | None
    warnings: tuple[str, ...]
    reason: Reason | None


def _without(
    reason: Reason, rule_id: str | None = None, warnings: tuple[str, ...] = ()
) -> LienPrice:
    return LienPrice(None, None, None, None, None, rule_id, warnings, reason)


class _Plan:
    """Everything about a sale and a rate that does not depend on the amounts."""

    __slots__ = (
        "annual_factor",
        "dollars",
        "factor",
        "failure",
        "fee",
        "full",
        "least",
        "minimum",
        "penalties",
        "per",
        "premium",
        "redeemed_on",
        "returned",
        "rule_id",
        "track",
        "warnings",
    )

    failure: LienPrice | None
    full: bool
    track: Track | None
    redeemed_on: date
    rule_id: str
    warnings: tuple[str, ...]
    factor: Decimal
    per: int
    minimum: Decimal | None
    least: Decimal
    dollars: bool
    penalties: tuple[tuple[Decimal, Decimal], ...]
    fee: Decimal
    premium: str
    returned: bool
    annual_factor: Decimal


class Pricer:
    """Prices liens redeemed ``months`` after their sale under one rule book. Not thread-bound."""

    def __init__(self, rulebook: RuleBook, months: int = 12) -> None:
        if not 1 <= months <= 600:
            raise ValueError("months must lie between 1 and 600")
        self._rulebook = rulebook
        self._months = months
        self._plans: dict[tuple[object, ...], _Plan] = {}

    def price(
        self,
        state: str,
        county_fips: str | None,
        kind: str,
        sale_date: date | None,
        face_amount: Decimal | None,
        bid_rate_pct: Decimal | None = None,
        premium: Decimal | None = None,
        price: Decimal | None = None,
        homestead: bool | None = None,
    ) -> LienPrice:
        """Price one lien. Never raises for what a county published: the answer carries a reason."""
        if sale_date is None:
            return _without("no_sale_date")
        key = (state, county_fips, kind, sale_date, bid_rate_pct, homestead)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plan(state, county_fips, kind, sale_date, bid_rate_pct, homestead)
            if len(self._plans) < _MOST_PLANS:
                self._plans[key] = plan
        if plan.failure is not None:
            return plan.failure
        if plan.full:
            return self._in_full(
                Case(
                    state=state,
                    county_fips=county_fips,
                    sale_date=sale_date,
                    redeemed_on=plan.redeemed_on,
                    face_amount=face_amount,
                    bid_rate_pct=bid_rate_pct,
                    premium=premium or ZERO,
                    premium_known=premium is not None,
                    price=price,
                    homestead=homestead,
                    track=plan.track,
                ),
                plan,
            )
        if face_amount is None:
            return _without("no_amount", plan.rule_id, plan.warnings)
        if not face_amount.is_finite() or not ZERO <= face_amount <= LARGEST:
            return _without("invalid_case", plan.rule_id, plan.warnings)
        return self._quick(plan, face_amount, premium)

    def _quick(self, plan: _Plan, face: Decimal, premium: Decimal | None) -> LienPrice:
        exact = face * plan.factor / plan.per
        if plan.dollars:
            gain = max(to_dollars(exact), plan.least) if face else ZERO
        else:
            gain = exact.quantize(CENT, ROUND_HALF_UP)
        if plan.minimum is not None:
            least = (face * plan.minimum / _HUNDRED).quantize(CENT, ROUND_HALF_UP)
            if gain < least:
                gain = least
        if plan.penalties:
            reached = [percent for above, percent in plan.penalties if face > above]
            if reached:
                gain += (face * reached[-1] / _HUNDRED).quantize(CENT, ROUND_HALF_UP)
        owner = face + gain + plan.fee
        warnings, outlay = plan.warnings, face
        if premium:
            if plan.premium == "none" or not premium.is_finite() or premium < 0:
                return _without("invalid_case", plan.rule_id, warnings)
            if plan.premium != "deferred":
                outlay = face + premium
                holder = outlay + gain if plan.returned else face + gain
                return self._answer(plan, owner, holder, outlay)
        elif premium is None and plan.premium in _PREMIUM_PAID:
            return LienPrice(owner, None, None, None, None, plan.rule_id,
                             (*warnings, _UNKNOWN_PREMIUM), None)  # fmt: skip
        return self._answer(plan, owner, face + gain, outlay)

    def _answer(self, plan: _Plan, owner: Decimal, holder: Decimal, outlay: Decimal) -> LienPrice:
        if not outlay:
            return LienPrice(owner, holder, outlay, None, None, plan.rule_id, plan.warnings, None)
        percent = (holder - outlay) * _HUNDRED / outlay
        return LienPrice(
            owner,
            holder,
            outlay,
            percent.quantize(CENT, ROUND_HALF_UP),
            (percent * plan.annual_factor).quantize(CENT, ROUND_HALF_UP),
            plan.rule_id,
            plan.warnings,
            None,
        )

    def _in_full(self, case: Case, plan: _Plan) -> LienPrice:
        if case.price is None and case.face_amount is None:
            return _without("no_amount", plan.rule_id, plan.warnings)
        try:
            found = payoff(case, self._rulebook)
        except LawError as error:
            return _without(_reason(error), plan.rule_id, error.warnings)
        owner, holder, outlay = found.owner_payoff, found.holder_proceeds, found.outlay
        return LienPrice(
            owner,
            holder,
            outlay,
            roi_pct(holder, outlay),
            simple_annual_pct(holder, outlay, self._months),
            found.rule.rule_id,
            found.warnings,
            None,
        )

    def _plan(
        self,
        state: str,
        county_fips: str | None,
        kind: str,
        sale_date: date,
        bid_rate_pct: Decimal | None,
        homestead: bool | None,
    ) -> _Plan:
        plan = _Plan()
        plan.failure = None
        if kind not in {"certificate", "deed_sale"}:
            plan.failure = _without("not_a_certificate")
            return plan
        tracks = _DEED_TRACKS if kind == "deed_sale" else _NO_TRACK
        plan.redeemed_on = add_months(sale_date, self._months)
        rule_id: str | None = None
        try:
            rule, plan.track = self._first_rule(state, sale_date, tracks)
            rule_id = rule.rule_id
            terms = self._rulebook.terms(state, sale_date, county_fips, homestead, plan.track)
            probe = Case(
                state=state,
                sale_date=sale_date,
                redeemed_on=plan.redeemed_on,
                face_amount=_HUNDRED,
                bid_rate_pct=bid_rate_pct,
                price=_HUNDRED,
                homestead=homestead,
            )
            admitted = admit(probe, terms)
        except LawError as error:
            plan.failure = _without(_reason(error), rule_id, error.warnings)
            return plan
        plan.rule_id, plan.warnings = rule_id, admitted.warnings
        plan.full = rule.interest_base == "price" or rule.premium == "overbid"
        plan.full = plan.full or rule.track != "lien"
        owed = charge_for(rule, admitted.rate_pct, sale_date, plan.redeemed_on)
        plan.factor, plan.per = owed.factor, owed.per
        plan.minimum = rule.minimum_pct if admitted.rate_pct > 0 else None
        plan.dollars = rule.rounding == "dollar"
        plan.least = rule.minimum_interest or ZERO
        plan.penalties, plan.fee = rule.penalties, rule.collector_fee or ZERO
        plan.premium = rule.premium
        plan.returned = rule.premium == "refunded" or (
            rule.premium == "refunded_60" and self._months <= 60
        )
        plan.annual_factor = Decimal(12) / self._months
        return plan

    def _first_rule(
        self, state: str, sale_date: date, tracks: tuple[Track | None, ...]
    ) -> tuple[Rule, Track | None]:
        """The rule of the first track that has one; a sold deed is judged as a deed if it can be."""
        for track in tracks[:-1]:
            try:
                return self._rulebook.find(state, sale_date, track), track
            except NoRule:
                continue
        return self._rulebook.find(state, sale_date, tracks[-1]), tracks[-1]


def _reason(error: LawError) -> Reason:
    if isinstance(error, RateMissing):
        return "no_rate"
    if isinstance(error, InvalidCase):
        return "invalid_case"
    return "no_rule" if error.code == "no_rule" else "not_redeemable"


@lru_cache(maxsize=16)
def pricer_for(rulebook: RuleBook, months: int = 12) -> Pricer:
    """One pricer per rule book and horizon, so that its plans are kept."""
    return Pricer(rulebook, months)


def price_lien(
    rulebook: RuleBook,
    *,
    state: str,
    county_fips: str | None,
    kind: str,
    sale_date: date | None,
    face_amount: Decimal | None,
    bid_rate_pct: Decimal | None = None,
    premium: Decimal | None = None,
    price: Decimal | None = None,
    homestead: bool | None = None,
    months: int = 12,
) -> LienPrice:
    """``Pricer.price`` for one lien; for many, take ``pricer_for`` once and call it."""
    return pricer_for(rulebook, months).price(
        state,
        county_fips,
        kind,
        sale_date,
        face_amount,
        bid_rate_pct,
        premium,
        price,
        homestead,
    )
