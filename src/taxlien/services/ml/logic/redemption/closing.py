"""Where the law ends the owner's time: what no data of a place tells yet, its statute does."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from taxlien.interfaces.rulebook import load_rulebook
from taxlien.law.errors import NoRule
from taxlien.services.ml.logic.survival import EDGES

from .columns import EPOCH

NOBODY = 1e-5
"""The chance to redeem in an interval that begins after the owner's time is over."""


@lru_cache(maxsize=4096)
def months_to_redeem(state: str, day: float) -> int | None:
    """Return after how many months from a sale on ``day`` nobody may redeem; None where the day is unknown,
    the law names no such end, or no rule is known."""
    if day != day or abs(day) == float("inf"):
        return None
    try:
        return load_rulebook().find(state, date.fromordinal(int(day) + EPOCH)).closes_after_months
    except (NoRule, ValueError, OverflowError):
        return None


def closed(hazards: tuple[float, ...], state: str, day: float) -> tuple[float, ...]:
    """Return the hazards of each interval, next to none where the law of a sale ended the time before it.

    The interval that begins with the end keeps its own: counties take money until the deed is made.
    """
    end = months_to_redeem(state, day)
    if end is None:
        return hazards
    begins = (0, *EDGES[:-1])
    return tuple(
        NOBODY if begin > end else hazard for begin, hazard in zip(begins, hazards, strict=True)
    )
