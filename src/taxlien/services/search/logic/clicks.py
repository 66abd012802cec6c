"""Where people found what they opened: positions within an answer, told by bands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from math import fsum

from taxlien.interfaces.search import Clicks

_BANDS = (
    (1, "1"),
    (2, "2"),
    (3, "3"),
    (5, "4-5"),
    (10, "6-10"),
    (20, "11-20"),
    (50, "21-50"),
)
_REST = "51+"
BEYOND = 51
"""The first position that no band ends at."""

_DIGITS = 6


def summed(counts: Iterable[tuple[int, int]]) -> Clicks:
    """Return positions, each with how often it was opened, as they are told."""
    positions: Counter[str] = Counter()
    ranks = []
    for position, count in sorted(counts):
        positions[_band(position)] += count
        ranks.append(count / position)
    return Clicks(positions=dict(positions), reciprocal_ranks=round(fsum(ranks), _DIGITS))


def _band(position: int) -> str:
    return next((name for last, name in _BANDS if position <= last), _REST)
