"""The facts of one lien or redeemable deed, as a county, an auction or an investor states them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple

from taxlien.law.money import ZERO
from taxlien.law.rules import Track

PropertyClass = Literal["homestead", "agricultural", "mineral", "other"]


class Payment(NamedTuple):
    """A later tax that the holder paid. Dollars."""

    paid_on: date
    amount: Decimal


class Cost(NamedTuple):
    """A cost of the holder. ``paid_on`` None means at the sale. Dollars."""

    kind: str
    paid_on: date | None
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One lien or redeemable deed and the day it is paid off. Dollars; rates in percent.

    ``face_amount`` is the lien, or a deed's minimum bid; ``price`` the winning bid where a deed or
    the property is sold. ``deed_recorded_on`` starts the period where the law counts from it.
    """

    state: str
    sale_date: date
    redeemed_on: date
    face_amount: Decimal | None = None
    county_fips: str | None = None
    bid_rate_pct: Decimal | None = None
    premium: Decimal = ZERO
    premium_known: bool = True
    price: Decimal | None = None
    homestead: bool | None = None
    subsequent_taxes: tuple[Payment, ...] = ()
    costs: tuple[Cost, ...] = ()
    track: Track | None = None
    property_class: PropertyClass | None = None
    deed_recorded_on: date | None = None
