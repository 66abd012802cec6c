"""What the price model said of sales after the last that taught it, beside what was bid there.

A bid is held against the interval, of which four of five are promised, and against the miss that was
found of the model before it came into office: on sales ahead of its teachers or on the frozen parcels,
whichever is larger. All bids of a county's sale move together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from taxlien.services.ml.logic.about import About
from taxlien.services.ml.logic.auction.columns import Columns, Floats
from taxlien.services.ml.logic.auction.methods import METHODS, Method
from taxlien.services.ml.logic.findings import WANTED
from taxlien.services.ml.logic.watching.check import FEWEST, Found
from taxlien.services.ml.logic.watching.coming_true import Beside, beside
from taxlien.services.ml.logic.watching.taught import Taught

from .auction_findings import POINTS
from .auction_model import AuctionModel
from .auction_trainer import outcomes_by_method
from .learning import clusters_of

LEAST_GAP = 0.05
"""Of a share: less is no reason to wake anybody. Of a mean miss, a tenth of it is not."""
_LEAST_GROWTH = 0.1
_SLACK = 0.005
_MEASURES: Mapping[Method, str] = {
    "bid_down_rate": "mean_abs_error",
    "property_bid": "median_ape",
    "premium": "median_ape",
}


@dataclass(frozen=True)
class Bids:
    """What was bid, and what was said of it: the price and the ends of its interval."""

    columns: Columns
    bid: Floats
    said: Floats
    low: Floats
    high: Floats

    @property
    def outside(self) -> Floats:
        inside = (self.bid >= self.low - _SLACK) & (self.bid <= self.high + _SLACK)
        return np.asarray(~inside, np.float64)

    @property
    def sale(self) -> NDArray[np.int64]:
        return clusters_of(self.columns.county, self.columns.day)


def judged(model: AuctionModel, table: pl.DataFrame, taught: Taught, about: About) -> Found:
    """Hold what was said of every method of bidding against what was bid since."""
    told = bids_since([model], table, taught)
    found = [
        (method, *_of(method, told[method][0], usual_miss(about, method)))
        for method in METHODS
        if method in told and len(told[method][0].bid) >= FEWEST
    ]
    rows = sum(len(bids[0].bid) for bids in told.values())
    words = "; ".join(f"{method.replace('_', ' ')}: {said}" for method, _, said in found)
    told_of = [is_far for _, is_far, _ in found if is_far is not None]
    if not told_of:
        return Found("outcomes", "unknown", rows, words or "too few bids since it was taught")
    return Found("outcomes", "drifted" if any(told_of) else "stable", rows, words)


def misses(
    models: Sequence[AuctionModel], table: pl.DataFrame, taught: Taught
) -> dict[str, list[Floats]]:
    """Return what each of ``models`` missed on the same bids, by the name of the metric: bids outside the
    interval, and logarithms, in which a rate, a bid and a premium count alike."""
    told = [bids for bids in bids_since(models, table, taught).values() if len(bids[0].bid)]
    if sum(len(bids[0].bid) for bids in told) < FEWEST:
        return {}
    found: dict[str, list[Floats]] = {"interval_miss": [], "log_miss": []}
    for k in range(len(models)):
        found["interval_miss"].append(np.concatenate([bids[k].outside for bids in told]))
        found["log_miss"].append(np.concatenate([_logs(bids[k]) for bids in told]))
    return found


def bids_since(
    models: Sequence[AuctionModel], table: pl.DataFrame, taught: Taught
) -> dict[Method, list[Bids]]:
    """Return by method what each of ``models`` says of the same bids: of sales after the last of their
    source that taught, in states that all of them have trees for."""
    last = pl.col("source").replace_strict(
        dict(taught.of_source), default=taught.last_sale, return_dtype=pl.Date
    )
    found: dict[Method, list[Bids]] = {}
    for method, outcomes in outcomes_by_method(table.filter(pl.col("sale_date") > last)).items():
        known = [model.methods.get(method) for model in models]
        trees = [one.trees if one else None for one in known]
        states = set.intersection(*(set(one.states if one else ()) for one in trees))
        names = [state.encode() for state in sorted(states)]
        mine = np.isin(outcomes.columns.state, names) & np.isfinite(outcomes.bid)
        if not mine.any():
            continue
        columns, bid = outcomes.columns.only(mine), outcomes.bid[mine]
        priced = [one.price(columns) for one in known if one]
        found[method] = [Bids(columns, bid, one.bid, one.sold_low, one.sold_high) for one in priced]
    return found


def usual_miss(about: About, method: Method) -> float | None:
    """Return the miss that was found of a model before it came into office: in points of a rate, or in
    parts of the bid; None where nobody looked."""
    called = method.replace("_", " ")
    found = [
        one.model
        for one in about.findings.compared
        if one.what == called or one.what.startswith(f"{called}, sales of")
    ]
    frozen = about.frozen_evaluation.get(f"{method}_{_MEASURES[method]}")
    return max([*found, *([] if frozen is None else [frozen])], default=None)


def _of(method: Method, bids: Bids, usual: float | None) -> tuple[bool | None, str]:
    """Return whether bids are farther off than expected, None where too few sales tell; and in words."""
    of_interval = beside(bids.outside, 1 - WANTED, bids.sale)
    if of_interval is None:
        sales = int(bids.sale.max()) + 1
        return None, f"{len(bids.bid):,} bids of {sales} sales, too few sales to tell"
    narrow = of_interval.more and of_interval.gap > LEAST_GAP
    miss, of_miss, grown, unit = _missed(method, bids, usual)
    words = (
        f"{len(bids.bid):,} bids of {of_interval.groups} sales,"
        f" {100 * (1 - bids.outside.mean()):.1f} % within the interval{_t(of_interval)}, {unit} {miss:.4g}"
    )
    if usual is None:
        return narrow, words
    return narrow or grown, f"{words}, {usual:.4g} before{_t(of_miss)}"


def _missed(
    method: Method, bids: Bids, usual: float | None
) -> tuple[float, Beside | None, bool, str]:
    off = np.abs(bids.said - bids.bid)
    if method == "bid_down_rate":
        found = beside(off, usual, bids.sale) if usual is not None else None
        grown = found is not None and found.more and found.gap > _LEAST_GROWTH * (usual or 0.0)
        return float(off.mean()), found, grown, POINTS
    some = bids.bid > 0
    if not some.any():
        return float("nan"), None, False, "median miss"
    part = off[some] / bids.bid[some]
    # Half of the misses should be larger than the middle one was.
    larger = np.asarray(part > usual, np.float64) if usual is not None else part
    found = beside(larger, 0.5, bids.sale[some]) if usual is not None else None
    grown = found is not None and found.more and found.gap > LEAST_GAP
    return float(np.median(part)), found, grown, "median miss in parts"


def _t(found: Beside | None) -> str:
    return "" if found is None else f" (t {found.t:.2f}, {found.chance:.2f} by chance)"


def _logs(bids: Bids) -> Floats:
    was, said = np.maximum(bids.bid, 0.0), np.maximum(bids.said, 0.0)
    return np.asarray(np.abs(np.log1p(said) - np.log1p(was)))
