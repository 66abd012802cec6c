"""Money and percents: exact decimals, rounded half-up at the end of each statutory line."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

ZERO = Decimal("0.00")
HUNDRED = Decimal(100)
CENT = Decimal("0.01")
DOLLAR = Decimal(1)
TENTH = Decimal("0.1")

# numeric(14,2): twelve digits before the point. Above that every sum would have to be checked.
LARGEST = Decimal("999999999999.99")


def to_cents(amount: Decimal) -> Decimal:
    """Round dollars half-up to whole cents."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def to_dollars(amount: Decimal) -> Decimal:
    """Round dollars half-up to whole dollars, written with two decimals (Iowa Code 447.1)."""
    return amount.quantize(DOLLAR, ROUND_HALF_UP).quantize(CENT)


def percent_of(part: Decimal, whole: Decimal) -> Decimal | None:
    """``part / whole`` in percent with two decimals, or None when the whole is zero."""
    return (part * 100 / whole).quantize(CENT, ROUND_HALF_UP) if whole else None


@lru_cache(maxsize=4096)
def plain(value: Decimal) -> str:
    """A rate as people write it: ``11``, ``0.25``, never ``1.1E+1``."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
