"""pending law"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from taxlien.interfaces.liens import Lien

PriceBasis = Literal["face_and_premium", "face", "winning_bid", "opening_bid", "amount_due"]
RateBasis = Literal["bid", "maximum", "statute"]


class Payoff(msgspec.Struct, frozen=True, kw_only=True):
    months: int
    owner_payoff: Decimal
    holder_proceeds: Decimal
    roi_pct: Decimal
    annual_yield_pct: Decimal
    rule: str
    low_confidence: bool
    warnings: tuple[str, ...]


class Pricing(msgspec.Struct, frozen=True, kw_only=True):
    price: Decimal | None = None
    price_basis: PriceBasis | None = None
    rate_pct: Decimal | None = None
    rate_basis: RateBasis | None = None
    payoff: Payoff | None = None
    missing: str | None = None


def price_for_search(lien: Lien) -> Pricing:
    return Pricing()
