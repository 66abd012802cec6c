"""What is answered about the price of one case, and the words for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from taxlien.services.ml.logic.about import TrainedOn

from .cells import Cell
from .columns import Floats
from .methods import Bidding, Method

Basis = Literal["model", "few_bids", "insufficient_data"]
_UNITS: Mapping[Method, str] = {
    "bid_down_rate": "percent a year",
    "property_bid": "dollars for the property",
    "premium": "dollars above the lien",
}


class PriceAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The price of one case. Rates in percent a year, bids and premiums in US dollars; null is unknown.

    Exactly one of the three predictions is told, by what is bid in that state; none where there is
    ``insufficient_data``. ``interval`` is meant to hold four of five outcomes, that of a property which
    goes for the lien because nobody bids among them; ``predicted_bid_if_sold`` and ``interval_if_sold``
    are told of a property for which somebody does. ``p_no_bid`` is the chance that nobody bids and the
    lien is struck to the county, ``p_floor`` that the rate ends at a quarter of a percent or less. ``n``
    is how many bids of the county, or of its state where the county has none, were learned from;
    ``trained_on`` synthetic: made-up ones.
    """

    id: str | int | None
    method: Method | None
    law: str
    basis: Basis
    predicted_rate_pct: float | None = None
    predicted_bid: float | None = None
    predicted_premium: float | None = None
    interval: tuple[float, float] | None = None
    predicted_bid_if_sold: float | None = None
    interval_if_sold: tuple[float, float] | None = None
    p_no_bid: float | None = None
    p_floor: float | None = None
    n: int = 0
    evidence: str = ""
    reasons: tuple[str, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()
    model_version: str = ""
    trained_on: TrainedOn | None = None

    @property
    def insufficient_data(self) -> bool:
        return self.basis == "insufficient_data"


@dataclass(frozen=True, slots=True)
class Priced:
    """What a model says of many cases, one entry each; ``bid`` is in the unit of the method.

    ``bid``, ``low`` and ``high`` are of every outcome, ``sold``, ``sold_low`` and ``sold_high`` of bids:
    they differ where a property that nobody bids for goes for the lien.

    ``county_last`` is the mean of the county's last sale, ``parcel_last`` what the parcel went for
    ``parcel_age`` years before: rates in percent, bids as parts of the value, premiums of the lien.
    """

    bid: Floats
    low: Floats
    high: Floats
    sold: Floats
    sold_low: Floats
    sold_high: Floats
    no_bid: Floats
    floor: Floats
    county_last: Floats
    parcel_last: Floats
    parcel_age: Floats


def told_price(method: Method, bidding: Bidding, bid: float) -> dict[str, Any]:
    """Return the field of the answer that carries ``bid``, rounded as bids are."""
    if method == "bid_down_rate":
        step = bidding.step or 0.01
        most = bidding.most if bidding.most is not None else 100.0
        rate = min(max(round(bid / step) * step, bidding.least or 0.0), most)
        return {"predicted_rate_pct": round(rate, 4)}
    name = "predicted_bid" if method == "property_bid" else "predicted_premium"
    return {name: round(max(bid, 0.0), 2)}


def reasons_for(
    method: Method, county_last: float, parcel_last: float, parcel_age: float
) -> tuple[str, ...]:
    """Say what of earlier sales the price leans on; what is not known is not said."""
    found = []
    if county_last == county_last:
        found.append(f"the county's last sale ended at {_said(method, county_last)} in the mean")
    else:
        found.append("no earlier bids of the county are on record: its state speaks for it")
    if parcel_last == parcel_last:
        found.append(
            f"this parcel ended at {_said(method, parcel_last)} {parcel_age:.1f} years before"
        )
    return tuple(found)


def _said(method: Method, value: float) -> str:
    if method == "bid_down_rate":
        return f"{value:.2f} percent a year"
    return f"{100 * value:.1f} percent of the {'value' if method == 'property_bid' else 'lien'}"


def nearest_evidence(bidding: Bidding, cells: Mapping[Method, Mapping[str, Cell]]) -> str:
    """Say what the nearest bids on record are where none of this place were learned from."""
    if bidding.method is not None:
        of_all = cells.get(bidding.method, {}).get("")
        if of_all is None:
            return f"no {bidding.law} sale is on record anywhere"
        return (
            f"no bids of this place are on record; {of_all.n:,} bids of other states that sell alike "
            f"lie mostly between {of_all.low:,.2f} and {of_all.high:,.2f} {_UNITS[bidding.method]}"
        )
    if bidding.law == "unknown":
        return "no rule of law says how this place sells on that day"
    kinds = ", ".join(sorted(name.replace("_", " ") for name in cells)) or "no sale at all"
    return f"sold by {bidding.law.replace('_', ' ')}, of which no result is on record; learned from: {kinds}"
