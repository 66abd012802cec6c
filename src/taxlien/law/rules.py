"""A rule of law as a row: what one state's statute says for sales between two dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final, Literal

Track = Literal["lien", "redeemable_deed", "deed"]
Confidence = Literal["high", "medium", "low"]
CostTreatment = Literal["base", "interest", "repaid"]

# Where a state has several tracks on the date of the sale and the case names none, the first wins.
TRACKS: Final[tuple[Track, ...]] = ("lien", "redeemable_deed", "deed")

CHOICES: Final[Mapping[str, frozenset[str]]] = {
    "track": frozenset(TRACKS),
    "confidence": frozenset({"high", "medium", "low"}),
    "effective_basis": frozenset({"enacted", "evidence"}),
    "rate_set_by": frozenset({"statute", "bid", "sale_year", "county", "none"}),
    "rate_basis": frozenset({"annual", "monthly", "stepped", "schedule", "none"}),
    "interest_base": frozenset({"face", "price"}),
    "owner_repays": frozenset({"face", "price"}),
    "interest_cap": frozenset({"none", "face"}),
    "rounding": frozenset({"cent", "dollar"}),
    "subsequent": frozenset(
        {
            "none",
            "unknown",
            "certificate_rate",
            "rate",
            "rate_monthly",
            "rate_per_year_or_part",
            "bands",
            "base",
        }
    ),
    "premium": frozenset({"none", "lost", "refunded", "refunded_60", "deferred", "overbid"}),
    "surplus_rule": frozenset({"windfall_possible", "surplus_returned", "forced_sale", "in_flux"}),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of one state's rule on one track. Rates in percent of the ``rate_basis`` unit.

    The fields are those of the files in ``data/rules/states``; docs/law.md explains each.
    """

    rule_id: str
    state: str
    state_name: str
    fips: str
    track: Track
    effective_from: date
    effective_to: date | None
    effective_basis: str
    sale_type: str
    confidence: Confidence
    verified_on: date
    statute: str
    source_url: str
    bid_method: str
    rate_set_by: str
    rate_basis: str
    accrual: str
    subsequent: str
    premium: str
    redemption_months: int
    surplus_rule: str
    notes: str
    bid_step_pct: Decimal | None = None
    bid_floor_pct: Decimal | None = None
    max_rate_pct: Decimal | None = None
    step_months: int = 0
    schedule: tuple[tuple[int, Decimal], ...] = ()
    schedule_then: tuple[int, Decimal] | None = None
    interest_base: str = "face"
    owner_repays: str = "face"
    interest_cap: str = "none"
    minimum_pct: Decimal | None = None
    rounding: str = "cent"
    minimum_interest: Decimal | None = None
    penalties: tuple[tuple[Decimal, Decimal], ...] = ()
    overbid_rate_pct: Decimal | None = None
    subsequent_rate_pct: Decimal | None = None
    subsequent_bands: tuple[tuple[Decimal, Decimal], ...] = ()
    collector_fee: Decimal | None = None
    closes_after_months: int | None = None
    closes_after_days_unless_homestead: int | None = None
    life_months: int | None = None
    warning: str | None = None
    costs: Mapping[str, CostTreatment] = field(default_factory=dict)
    statutes: Mapping[str, str] = field(default_factory=dict)

    def statute_for(self, part: str) -> str:
        """The citation for one part of the payoff, or the rule's own."""
        return self.statutes.get(part, self.statute)

    def covers(self, day: date) -> bool:
        return self.effective_from <= day and (
            self.effective_to is None or day <= self.effective_to
        )

    def cautions(self) -> tuple[str, ...]:
        """Warnings every reader of a figure under this rule must see."""
        found: list[str] = []
        if self.confidence == "low":
            found.append(
                f"{self.rule_id} is of low confidence: its source was not checked against "
                "the official code"
            )
        if self.warning:
            found.append(self.warning)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class LocalRate:
    """A rate that a county sets, or that the state sets for one sale year. Percent a year."""

    state: str
    county_fips: str | None
    county: str | None
    effective_from: date
    effective_to: date | None
    rate_pct: Decimal
    homestead_rate_pct: Decimal | None
    confidence: Confidence
    verified_on: date
    statute: str | None
    source_url: str
    notes: str

    def covers(self, day: date) -> bool:
        return self.effective_from <= day and (
            self.effective_to is None or day <= self.effective_to
        )
