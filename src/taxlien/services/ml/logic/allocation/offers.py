"""What is on offer: liens of a coming sale, and those that nobody bid on and the county sells on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal, NamedTuple

import msgspec

from taxlien.services.ml.logic.case import Case, read_case

ON_OFFER = ("advertised", "unsold", "struck_off")
KINDS = ("certificate", "deed_sale")
OLDEST_MONTHS = 60
"""Months after its sale from which no model says anything of a lien that is still open: the last of
``survival.EDGES``, which is not imported here, since who only answers requests loads no numpy."""
DAYS_A_MONTH = 365.25 / 12


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A lien as ml keeps it. US dollars, rates in percent; null is unknown."""

    lien_id: str
    state: str
    county_fips: str
    kind: str
    status: str
    parcel_key: str
    certificate_number: str | None = None
    sale_date: date | None = None
    face_amount: float | None = None
    bid_rate_pct: float | None = None
    premium: float | None = None
    opening_bid: float | None = None
    winning_bid: float | None = None
    amount_due: float | None = None
    assessed_value: float | None = None
    market_value: float | None = None
    property_type: str | None = None
    homestead: bool | None = None
    synthetic: bool = False


COLUMNS = Offer.__struct_fields__


class Terms(NamedTuple):
    """What a lien is bought for beside its face: rate in percent, premium and price in dollars.

    ``published``: what the county says was bid; ``predicted``: what the price model says will be bid;
    ``opening``: where the bidding starts, since nothing better is known.
    """

    basis: Literal["published", "predicted", "opening"]
    rate_pct: float | None = None
    premium: float | None = None
    price: float | None = None


def case_of(offer: Offer) -> Case:
    """Return the case that models are asked about; what cannot be true of it is unknown."""
    return read_case(
        {
            "id": offer.lien_id,
            "state": offer.state,
            "county_fips": offer.county_fips,
            "sale_date": offer.sale_date,
            "face_amount": offer.face_amount,
            "premium": offer.premium,
            "parcel_id": offer.parcel_key,
            "assessed_value": offer.assessed_value,
            "market_value": offer.market_value,
            "property_class": offer.property_type,
            "homestead": offer.homestead,
        }
    )


def offer_of(row: Mapping[str, Any]) -> Offer:
    """Return the offer of a row of facts, which may have more columns."""
    return Offer(**{name: row[name] for name in COLUMNS} | {"lien_id": str(row["lien_id"])})


def age_of(offer: Offer, today: date) -> int:
    """Return the whole months since the sale; 0 before it, and where its day is unknown."""
    if offer.sale_date is None or offer.sale_date >= today:
        return 0
    return int((today - offer.sale_date).days / DAYS_A_MONTH)


def terms_of(offer: Offer, price: Any = None) -> Terms:
    """Return what ``offer`` is bought for; ``price`` is what the price model said of it, if it was asked.

    Of a sold lien the county says it; one that nobody bid on goes at the opening terms.
    """
    if offer.status not in ON_OFFER:
        return Terms("published", offer.bid_rate_pct, offer.premium, offer.winning_bid)
    opening = Terms("opening", offer.bid_rate_pct, offer.premium or 0.0, offer.opening_bid)
    if offer.status != "advertised" or getattr(price, "basis", None) not in ("model", "few_bids"):
        return opening
    assert price is not None
    if price.predicted_rate_pct is not None:
        return opening._replace(basis="predicted", rate_pct=price.predicted_rate_pct)
    if price.predicted_premium is not None:
        return opening._replace(basis="predicted", premium=price.predicted_premium)
    if price.predicted_bid is not None and offer.kind == "deed_sale":
        return opening._replace(basis="predicted", price=price.predicted_bid)
    return opening
