"""How far the answers were from what happened, beside simple peers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .answer import Priced
from .columns import Floats
from .labels import FLOOR_RATE
from .methods import Method


def mean_absolute_error(predicted: Floats, actual: Floats) -> float:
    """Return the mean distance, in the unit of the values."""
    return float(np.abs(predicted - actual).mean())


def median_percent_error(predicted: Floats, actual: Floats) -> float:
    """Return the median distance in percent of what happened."""
    return float(np.median(np.abs(predicted - actual) / np.abs(actual)) * 100)


def coverage(low: Floats, high: Floats, actual: Floats) -> float:
    """Return the share of what happened within its interval, in percent; a cent off is within."""
    slack = 0.005
    return float(((actual >= low - slack) & (actual <= high + slack)).mean() * 100)


def brier(chance: Floats, happened: NDArray[np.bool_] | Floats) -> float:
    """Return the mean squared distance of chances from what happened."""
    return float(((chance - happened) ** 2).mean())


def report_of(
    method: Method, priced: Priced, bid: Floats, struck: Floats, face: Floats, most: Floats
) -> dict[str, float]:
    """Return the figures of a test by name; percentages end in ``_pct``, counts begin with ``n``.

    Where a property is struck off, it went for the lien: such rows count in what is called ``offered``.
    """
    sold = np.isfinite(bid)
    told = np.isfinite(struck)
    found: dict[str, float] = {"n_bids": float(sold.sum()), "n_offered": float(len(bid))}
    if method == "bid_down_rate":
        found["mae_points"] = mean_absolute_error(priced.bid[sold], bid[sold])
        found["brier_no_bid"] = brier(priced.no_bid[told], struck[told] == 1)
        found["brier_floor"] = brier(priced.floor[sold], bid[sold] <= FLOOR_RATE)
        found["interval_coverage_pct"] = coverage(priced.low[sold], priced.high[sold], bid[sold])
        return found
    went = np.where(sold, bid, face)
    nonzero = sold & (bid > 0)
    found["median_ape_bids_pct"] = median_percent_error(priced.bid[nonzero], bid[nonzero])
    found["mae_bids_dollars"] = mean_absolute_error(priced.bid[sold], bid[sold])
    inside = coverage(priced.sold_low[sold], priced.sold_high[sold], bid[sold])
    found["interval_coverage_bids_pct"] = inside
    if told.any():
        found["brier_no_bid"] = brier(priced.no_bid[told], struck[told])
    if method == "property_bid":
        known = np.isfinite(went)
        missed = median_percent_error(priced.sold[nonzero], bid[nonzero])
        found["median_ape_if_sold_pct"] = missed
        found["median_ape_offered_pct"] = median_percent_error(priced.bid[known], went[known])
        inside = coverage(priced.low[known], priced.high[known], went[known])
        found["interval_coverage_offered_pct"] = inside
    return found
