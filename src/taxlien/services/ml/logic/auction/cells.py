"""Bids of places with too few for a model: a county leans on its state, a state on all, by their numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .columns import Columns, Floats

LEANING = 30.0
"""A county of this many bids trusts itself as much as its state."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Bids of one place, in their unit: how many, the middle, where four of five lie, the share unsold."""

    n: int
    middle: float
    low: float
    high: float
    no_bid: float | None


def cells_of(columns: Columns, bid: Floats, struck: Floats) -> dict[str, Cell]:
    """Return the cells of all states and counties with bids; ``""`` is the cell of all."""
    cells: dict[str, Cell] = {}
    logs = np.log(np.maximum(bid, 0.01))
    for places, above in ((np.full(len(bid), b""), None), (columns.state, 0), (columns.county, 2)):
        for place in np.unique(places):
            chosen = places == place
            bids = logs[chosen & np.isfinite(bid)]
            if (above is not None and not place) or not len(bids):
                continue
            parent = None
            if above is not None:
                key = b"" if above == 0 else columns.state[chosen][0]
                parent = cells.get(key.decode())
            told = struck[chosen & np.isfinite(struck)]
            cells[place.decode()] = _leaning(bids, told, parent)
    return cells


def _leaning(logs: Floats, struck: Floats, above: Cell | None) -> Cell:
    n = len(logs)
    # Of n bids and one to come, each order is as likely: Weibull's positions hold four of five.
    told = np.quantile(logs, [0.5, 0.1, 0.9], method="weibull")
    if above is not None:
        trust = n / (n + LEANING)
        told = trust * told + (1 - trust) * np.log([above.middle, above.low, above.high])
    middle, low, high = (float(value) for value in np.exp(told))
    return Cell(n, middle, low, high, float(struck.mean()) if len(struck) else None)


def cell_for(cells: Mapping[str, Cell], state: str | None, county: str | None) -> Cell | None:
    """Return the cell of the county, or of its state."""
    return cells.get(county or "-") or cells.get(state or "-")
