"""An interval of what a property goes for holds the chances it promises, and is the shortest that does."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from taxlien.services.ml.logic.auction.bins import Bins
from taxlien.services.ml.logic.auction.outcome import FROM, ranges

BINS = Bins(np.arange(10.0), np.arange(10.0) + 1)
CHANCES = st.lists(st.floats(0.01, 1), min_size=10, max_size=10)


def held(chances: np.ndarray, struck: float, lien: float, low: float, high: float) -> float:
    """Return the chance of outcomes from ``low`` to ``high``, by adding up pieces of a thousandth."""
    within = np.arange(0.0005, 10, 0.001)
    bids = np.maximum(within, lien)
    shares = np.repeat(chances / 1000, 1000)
    inside = (bids >= low - 1e-6) & (bids <= high + 1e-6)
    return float((1 - struck) * shares[inside].sum() + struck * (low <= lien <= high))


@given(CHANCES, st.floats(0, 1), st.floats(-1, 9))
def test_four_fifths_of_all_outcomes_lie_within_or_more_where_one_alone_is_more(
    weights: list[float], struck: float, lien: float
) -> None:
    chances = np.array(weights) / sum(weights)
    told = ranges(BINS, chances[None], np.array([struck]), np.array([lien]), 0.8, 0.1)
    low, high = float(told.low[0]), float(told.high[0])
    assert lien <= low <= told.middle[0] <= high
    assert held(chances, struck, lien, low, high) >= 0.8 - 0.003
    if struck >= 0.8:
        assert low == high == lien
    if lien < 0 and struck < 1e-9:
        for first in FROM:
            ends = [float(BINS.quantile(chances[None], level)[0]) for level in (first, first + 0.8)]
            assert high - low <= ends[1] - ends[0] + 1e-9


@given(CHANCES, st.floats(0, 1))
def test_where_the_lien_is_not_known_outcomes_are_bids(weights: list[float], struck: float) -> None:
    chances = np.array(weights) / sum(weights)
    told = ranges(BINS, chances[None], np.array([struck]), np.array([np.nan]), 0.8, 0.1)
    assert told.middle == told.bid == BINS.quantile(chances[None], 0.5)
    assert told.bid_low == BINS.quantile(chances[None], 0.1)


@given(CHANCES, st.floats(0, 1), st.floats(0, 9))
def test_no_bid_is_told_below_the_lien(weights: list[float], struck: float, lien: float) -> None:
    chances = np.array(weights) / sum(weights)
    told = ranges(BINS, chances[None], np.array([struck]), np.array([lien]), 0.8, 0.1)
    assert lien <= told.bid_low[0] <= told.bid[0] <= told.bid_high[0]
