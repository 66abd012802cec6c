"""Bands of prices to count liens by. A band is the value of a facet, and what to filter by to see it."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise

BOUNDS = (0, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000)
"""Where bands begin, in US dollars. The last one is open."""

_CENTS = [bound * 100 for bound in BOUNDS]
BANDS = (*(f"{low}-{high - 1}.99" for low, high in pairwise(BOUNDS)), f"{BOUNDS[-1]}-")
"""``price_min`` and ``price_max`` of each band, both inclusive: ``500-999.99``; the last has no end."""

LABELS = {
    BANDS[0]: f"under ${BOUNDS[1]:,}",
    **{
        band: f"${low:,} to ${high:,}"
        for band, (low, high) in zip(BANDS[1:], pairwise(BOUNDS[1:]), strict=False)
    },
    BANDS[-1]: f"${BOUNDS[-1]:,} and more",
}


def band_of(cents: int | None) -> str | None:
    """Return the band of a price; None where it is not known."""
    if cents is None or cents < 0:
        return None
    return BANDS[bisect_right(_CENTS, cents) - 1]
