"""What a sale made of a lien, by what is bid there. Pure columns; nothing here is known before the sale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .columns import Columns, Floats
from .keys import group_codes
from .methods import Method

Flags = NDArray[np.bool_]
FLOOR_RATE = 0.25
"""Percent a year. Where a sale is crowded, rates end here: the lowest step above none in Florida."""
AT_MOST = 1e3
"""Stands for the rate a state starts from, so that states with other limits share one outcome."""
NOTHING_BID = -1e3
"""Stands for a premium of zero."""
LEAST_VALUE = 100.0
"""US dollars. Assessments below are tokens, and a ratio to them says nothing."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of the liens that were offered; ``columns`` has one entry for each.

    ``bid`` is a rate in percent, a bid or a premium in dollars; NaN where nobody bid or it is not
    known. ``struck`` is whether nobody bid, NaN where the county's list does not tell such from others.
    """

    columns: Columns
    bid: Floats
    struck: Floats
    bidders: Floats


def outcomes_of(
    method: Method, columns: Columns, status: NDArray[np.str_], facts: dict[str, Floats]
) -> Outcomes:
    """Return the outcomes of the liens that were offered, in their order. ``facts`` are of the frame."""
    struck = np.isin(status, ["struck_off", "unsold"])
    bid = facts[
        {"bid_down_rate": "bid_rate_pct", "property_bid": "winning_bid"}.get(method, "premium")
    ]
    gone = np.isin(status, ["removed", "withdrawn", "advertised", "delinquent", "void"])
    told = ~gone & (struck | np.isfinite(bid))
    told &= columns.day > 0
    if method == "bid_down_rate":
        bid = np.where(struck, columns.most, np.minimum(bid, columns.most))
        told &= np.isfinite(columns.most)
    else:
        bid = np.where(struck | (bid < 0), np.nan, bid)
        told &= struck | np.isfinite(bid)
    if method == "property_bid":
        told &= struck | (bid > 0)
    columns, struck, bid = columns.only(told), struck[told], bid[told]
    tells = _tells_struck(columns, struck)
    return Outcomes(
        columns, bid, np.where(tells, struck.astype(float), np.nan), facts["bid_count"][told]
    )


def _tells_struck(columns: Columns, struck: Flags) -> Flags:
    """Whether the list of a sale tells what nobody bid on: it names one such at least."""
    counties, _ = group_codes(columns, ("county",))
    sales, number = np.unique(
        counties << np.uint64(16) | columns.day.astype(np.uint64), return_inverse=True
    )
    return (np.bincount(number, weights=struck, minlength=len(sales)) > 0)[number]
