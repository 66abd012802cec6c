"""What is bid at a sale, as the law of its state and day says, and between which limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

from taxlien.interfaces.rulebook import load_rulebook
from taxlien.law.errors import NoRule

Method = Literal["bid_down_rate", "property_bid", "premium"]
METHODS: tuple[Method, ...] = ("bid_down_rate", "property_bid", "premium")


@dataclass(frozen=True, slots=True)
class Bidding:
    """How a state sells. ``method`` is None where none of our models speaks of it.

    Rates in percent a year: ``most`` is where the bidding starts and what nobody bidding leaves;
    ``least`` the lowest bid allowed; ``step`` the distance of two bids. Null where no rate is bid,
    or the law counts it by another time than the year.
    """

    law: str
    method: Method | None
    least: float | None = None
    step: float | None = None
    most: float | None = None


@lru_cache(maxsize=4096)
def bidding_of(state: str | None, day: date) -> Bidding:
    """Return how ``state`` sells on ``day``; without a rule of law, a method of no name."""
    try:
        rule = load_rulebook().find(state or "", day)
    except NoRule:
        return Bidding("unknown", None)
    if rule.bid_method == "bid_down_interest" and rule.rate_basis == "annual":
        most = float(rule.max_rate_pct) if rule.max_rate_pct is not None else None
        step = float(rule.bid_step_pct) if rule.bid_step_pct is not None else None
        return Bidding(rule.bid_method, "bid_down_rate", float(rule.bid_floor_pct or 0), step, most)
    if rule.bid_method == "premium":
        # Maryland's premium is a part of a bid for the property, paid only with the deed.
        method: Method = "property_bid" if rule.premium == "deferred" else "premium"
        return Bidding(rule.bid_method, method)
    if rule.bid_method == "overbid" and rule.track in {"deed", "redeemable_deed"}:
        return Bidding(rule.bid_method, "property_bid")
    return Bidding(rule.bid_method, None)
