"""What a property goes for whatever happens: the lien itself where nobody bids, a bid otherwise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .bins import Bins
from .columns import Floats

FROM = (0.0, 0.05, 0.1, 0.15, 0.2)
"""Chances that may be left out below an interval; the shortest of those that begin there is told."""


@dataclass(frozen=True, slots=True)
class Ranges:
    """Values, one a case: the middle of all outcomes and of bids alone, and the ends of their intervals."""

    middle: Floats
    low: Floats
    high: Floats
    bid: Floats
    bid_low: Floats
    bid_high: Floats


def ranges(
    bins: Bins, chances: Floats, struck: Floats, lien: Floats, share: float, tail: float
) -> Ranges:
    """Return what is told of outcomes, of which an interval holds ``share`` of the chances, and of bids,
    of which it leaves ``tail`` out at either end.

    ``struck`` is the chance that nobody bids and ``lien`` the value it goes for then, NaN where it is not
    known; no bid is below it. The shortest interval is told (the density is highest in it): a chance that
    lies on the lien alone belongs to all of it or to none, and tails of equal chance would hold too much.
    """
    known = np.isfinite(lien)
    gone = np.where(known & np.isfinite(struck), struck, 0.0)
    levels = np.array([0.5, *FROM, *(first + share for first in FROM)])[:, None]
    of_bids = np.minimum(np.maximum((levels - gone) / np.maximum(1.0 - gone, 1e-9), 0.0), 1.0)
    told = np.fmax(bins.quantiles(chances, [*of_bids, 0.5, tail, 1.0 - tail]), lien)
    outcomes = told[: len(levels)]
    np.copyto(outcomes, lien, where=known & (gone >= np.maximum(levels, 1e-9)))
    lows, highs = outcomes[1 : 1 + len(FROM)], outcomes[1 + len(FROM) :]
    chosen = (highs - lows).argmin(0), np.arange(len(lien))
    bid, bid_low, bid_high = told[len(levels) :]
    return Ranges(outcomes[0], lows[chosen], highs[chosen], bid, bid_low, bid_high)
