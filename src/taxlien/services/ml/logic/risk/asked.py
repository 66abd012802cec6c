"""A lien as the risk model is asked about it in bulk, and what is said: plain tuples, a million of them."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

OPEN = ("delinquent", "advertised", "unsold", "struck_off", "sold", "assigned", "deed_applied")
"""Statuses of liens that are still at risk: what became of all others is known."""
SCORED_KINDS = ("certificate",)
"""What outcomes were learned of. The price of a property, or taxes nobody sold, are no such liens."""


class AskedLien(NamedTuple):
    """What is known of a lien. Money in US dollars; None is unknown."""

    state: str
    county_fips: str
    parcel_key: str
    sale_date: date | None
    face_amount: float | None
    premium: float | None
    assessed_value: float | None
    market_value: float | None


class Scored(NamedTuple):
    """A score of 1 to 100 and the chance not to be redeemed in time; both None where nothing is known."""

    score: int | None
    p_unredeemed: float | None


UNKNOWN = Scored(None, None)
