"""Red flags: rules that no score may hide. They are listed always; severe ones hold the score up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Literal, NamedTuple

import msgspec

from taxlien.law.months import add_months
from taxlien.law.rules import Rule
from taxlien.services.ml.logic.case import Case

from .meaning import value_of

Kind = Literal[
    "value_unknown", "lien_above_half_of_value", "lien_above_value", "vacant",
    "unsold_before", "sold_again_without_redemption", "premium_above_interest",
    "sale_date_unknown", "redemption_period_over", "county_never_seen",
    "law_unknown", "law_of_low_confidence", "sliver", "sale_date_assumed",
]  # fmt: skip

_VACANT = ("VACANT", "VAC-", "VAC ", "UNIMPROVED")
FEWEST_AGAIN = 2
ABOVE_VALUE, AGAIN, UNSOLD = 80, 60, 60
SLIVER_BELOW_ACRES = 0.05
UNCHECKED = ("bankruptcy", "irs_lien", "landlocked", "demolished_or_contaminated")
"""What no source tells."""


class Flag(msgspec.Struct, frozen=True):
    """``field`` is the evidence. ``floor`` is the least score beside it, null where it sets none."""

    kind: Kind
    field: str
    text: str
    floor: int | None = None


class Past(msgspec.Struct, frozen=True):
    """How often the parcel was sold and left open, and not sold; null where nothing is known."""

    still_open: int | None
    unsold: int | None


class Kept(NamedTuple):
    """What the catalogue knows of a lien that no field of a case tells; null is unknown."""

    acres: float | None = None
    building_sqft: float | None = None
    vacant: bool | None = None
    sale_date_basis: str | None = None

    @property
    def is_sliver(self) -> bool | None:
        """Whether the land is too small to build on and carries no building; a small lot without a word
        on buildings may lie under a row house."""
        if not self.acres or self.acres < 0:
            return None
        if self.acres >= SLIVER_BELOW_ACRES or self.building_sqft:
            return False
        return True if self.building_sqft == 0 else self.vacant


NOTHING_KEPT = Kept()


def flags_of(
    case: Case, rule: Rule | None, past: Past, *, county_seen: bool, today: date,
    kept: Kept = NOTHING_KEPT,
) -> tuple[Flag, ...]:  # fmt: skip
    """Return every flag that a case raises, and a lien of the catalogue by what is ``kept`` of it."""
    law = _of_law(case, rule, county_seen, today)
    return (*_of_value(case), *_of_parcel(case, past, kept), *law, *_of_sale(kept))


def not_checked(
    case: Case, rule: Rule | None, past: Past, kept: Kept = NOTHING_KEPT
) -> tuple[str, ...]:
    """Return the names of what could not be looked at, for want of a source or of a field."""
    missing = list(UNCHECKED)
    if kept.is_sliver is None:
        missing.append("sliver")
    if kept.sale_date_basis is None:
        missing.append("sale_date_assumed")
    if not case.property_class and kept.vacant is None:
        missing.append("vacant")
    if past.unsold is None:
        missing += ["unsold_before", "sold_again_without_redemption"]
    if not case.face_amount or case.premium is None or rule is None or rule.max_rate_pct is None:
        missing.append("premium_above_interest")
    if rule is None:
        missing.append("redemption_period_over")
    return tuple(missing)


def _of_value(case: Case) -> Iterator[Flag]:
    value = value_of(case)
    if value is None:
        yield Flag(
            "value_unknown", "market_value",
            "The value of the property is unknown: if it is never redeemed, all counts as lost.",
        )  # fmt: skip
        return
    field, dollars = value
    share = (case.face_amount or 0.0) / dollars
    if share > 1:
        text = f"The lien is {share:.0%} of the value: the property cannot pay for it."
        yield Flag("lien_above_value", field, text, ABOVE_VALUE)
    elif share > 0.5:
        text = f"The lien is {share:.0%} of the value, above half of it."
        yield Flag("lien_above_half_of_value", field, text)


def _of_sale(kept: Kept) -> Iterator[Flag]:
    if kept.sale_date_basis == "assumed":
        text = "The county published no day of the sale: the law of a usual day is applied."
        yield Flag("sale_date_assumed", "sale_date_basis", text)


def _of_parcel(case: Case, past: Past, kept: Kept) -> Iterator[Flag]:
    kind = (case.property_class or "").upper()
    if any(word in f"{kind} " for word in _VACANT):
        yield Flag("vacant", "property_class", "Its class is that of land without a building.")
    elif kept.vacant:
        yield Flag("vacant", "vacant", "The county says that no building stands on it.")
    if kept.is_sliver:
        text = f"{kept.acres:g} acres without a building: too little to build on."
        yield Flag("sliver", "acres", text)
    if past.unsold:
        text = f"At {past.unsold} earlier sales nobody bought it, or it was struck to the county."
        yield Flag("unsold_before", "parcel_id", text, UNSOLD)
    if past.still_open is not None and past.still_open >= FEWEST_AGAIN:
        text = f"{past.still_open} earlier liens of the parcel were not redeemed before this sale."
        yield Flag("sold_again_without_redemption", "parcel_id", text, AGAIN)


def _of_law(case: Case, rule: Rule | None, county_seen: bool, today: date) -> Iterator[Flag]:
    if case.sale_date is None:
        yield Flag("sale_date_unknown", "sale_date", "Without the day of the sale no law applies.")
    if not county_seen:
        text = "No outcome of the county is known: what is said comes from elsewhere."
        yield Flag("county_never_seen", "county_fips", text)
    if rule is None:
        text = "No rule of law is known for this sale: no more than the debt is counted on."
        yield Flag("law_unknown", "state", text)
        return
    if rule.confidence == "low":
        text = f"{rule.rule_id} was not checked against the official code."
        yield Flag("law_of_low_confidence", "state", text)
    months = rule.redemption_months
    if case.sale_date and months and add_months(case.sale_date, months) < today:
        text = f"The owner's {months} months to redeem were over before this answer."
        yield Flag("redemption_period_over", "sale_date", text)
    if case.face_amount and case.premium and rule.max_rate_pct is not None:
        interest = case.face_amount * float(rule.max_rate_pct) / 100
        if case.premium > interest:
            text = f"The premium is above {interest:,.2f} dollars, the most a year's interest pays."
            yield Flag("premium_above_interest", "premium", text)
