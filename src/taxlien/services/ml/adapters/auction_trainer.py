"""Teaches prices from the frame of liens: one distribution for each method of bidding.

For each method the trees learn the chances of bins (the floor and the rate nobody bid below stand alone),
and others whether anybody bids. How wide an interval must be is read off the last years, each priced
by trees taught on the years before it: by how far whole sales were off where premiums move together,
by the tails that hold enough otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from taxlien.services.ml.adapters.boosting import xgboost
from taxlien.services.ml.logic.auction.bins import learn_bins
from taxlien.services.ml.logic.auction.cells import cells_of
from taxlien.services.ml.logic.auction.columns import KEY_WIDTH, Columns, Floats, day_number
from taxlien.services.ml.logic.auction.features import (
    features_of,
    outcome_values,
    remember,
    without_levels,
)
from taxlien.services.ml.logic.auction.history import YEAR, Level
from taxlien.services.ml.logic.auction.labels import Outcomes, outcomes_of
from taxlien.services.ml.logic.auction.methods import METHODS, Method, bidding_of
from taxlien.services.ml.logic.findings import WANTED

from .auction_model import AuctionModel, MethodModel, Trees, probabilities, read_chances

SEED = 20_061_231
WINDOW_YEARS = 8.5
FEWEST_BIDS = 3_000
FEWEST_SALES = 3
BINS: Mapping[Method, int] = {"bid_down_rate": 15, "property_bid": 20, "premium": 14}
ROUNDS = 30
HELD_OUT: Mapping[Method, int] = {"bid_down_rate": 2, "property_bid": 4, "premium": 4}
"""How many of the last years are priced by trees taught on the years before each, to set intervals."""
_PLAIN = {
    "tree_method": "hist", "max_depth": 5, "eta": 0.2, "min_child_weight": 10, "subsample": 0.6,
    "colsample_bytree": 0.4, "max_bin": 64, "nthread": 1,
}  # fmt: skip
_FACTS = ("bid_rate_pct", "winning_bid", "premium", "bid_count")


@dataclass(frozen=True)
class _Sample:
    """Cases to learn from: features, what was bid, whether nobody did, what bids are measured from."""

    outcomes: Outcomes
    matrix: NDArray[np.float32]
    measure: Floats


def train(table: pl.DataFrame, seed: int = SEED) -> AuctionModel:
    """Return a model of every method that ``table`` (a training frame) has sales of."""
    methods: dict[Method, MethodModel] = {}
    last = 0
    for method, outcomes in outcomes_by_method(table).items():
        last = max(last, int(outcomes.columns.day.max()))
        methods[method] = _learn(method, outcomes, seed)
    return AuctionModel(methods, last)


def levels_by_method(table: pl.DataFrame) -> dict[Method, dict[str, Level]]:
    """Return what all sales of ``table`` teach those after them: for trees taught on a part of it."""
    return {
        method: remember(method, outcomes) for method, outcomes in outcomes_by_method(table).items()
    }


def outcomes_by_method(table: pl.DataFrame) -> dict[Method, Outcomes]:
    """Return the liens that were offered, by what is bid for them."""
    table = table.filter(
        pl.col("sale_date").is_not_null(), pl.col("kind").is_in(["certificate", "deed_sale"])
    )
    days = table.select("state", "sale_date").unique()
    rows = [(state, day, bidding_of(state, day)) for state, day in days.iter_rows()]
    laws = pl.DataFrame(
        {
            "state": [state for state, _, _ in rows],
            "sale_date": [day for _, day, _ in rows],
            "method": [law.method for _, _, law in rows],
            "most": [law.most for _, _, law in rows],
        },
        schema={"state": pl.String, "sale_date": pl.Date, "method": pl.String, "most": pl.Float64},
    )
    table = table.join(laws, on=["state", "sale_date"], how="left", maintain_order="left")
    found: dict[Method, Outcomes] = {}
    for method in METHODS:
        part = table.filter(pl.col("method") == method)
        if not part.is_empty():
            facts = {name: _floats(part, name) for name in _FACTS}
            status = part["status"].to_numpy().astype("U12")
            outcomes = outcomes_of(method, columns_of_table(part), status, facts)
            if len(outcomes.columns):
                found[method] = outcomes
    return found


def columns_of_table(table: pl.DataFrame) -> Columns:
    """Return the rows of a frame, with a column ``most``, as columns."""
    first = date(1900, 1, 1)
    days = table["sale_date"].fill_null(first)
    number = {day: day_number(day) for day in days.unique().to_list()}
    return Columns(
        state=_text(table, "state", 2),
        county=_text(table, "county_fips", 5),
        parcel=_text(table, "parcel_key", KEY_WIDTH),
        day=days.replace_strict(number, return_dtype=pl.Int64).to_numpy().copy(),
        face=_floats(table, "face_amount"),
        assessed=_floats(table, "assessed_value"),
        homestead=_floats(table, "homestead"),
        most=_floats(table, "most"),
    )


def _text(table: pl.DataFrame, name: str, width: int) -> NDArray[np.bytes_]:
    return table[name].fill_null("").str.head(width).to_numpy().astype(f"S{width}")


def _floats(table: pl.DataFrame, name: str) -> Floats:
    return table[name].cast(pl.Float64).fill_null(float("nan")).to_numpy().copy()


def _learn(method: Method, outcomes: Outcomes, seed: int) -> MethodModel:
    columns = outcomes.columns
    cells = cells_of(columns, outcomes.bid, outcomes.struck)
    levels = remember(method, outcomes)
    states = _states_with_enough(outcomes)
    if not states:
        return MethodModel(method, levels, cells, None)
    chosen = np.isin(columns.state, [state.encode() for state in states])
    chosen &= columns.day > teaching_from(columns, states)
    sample = _sample(method, _only(outcomes, chosen), levels)
    held = _held_out(method, sample, states, seed)
    trees = _trees(method, sample, states, seed)
    if method == "premium":
        trees = replace(trees, moves=_moves(held))
    else:
        trees = replace(trees, tail=_tail(method, held))
    return MethodModel(method, levels, cells, trees)


def teaching_from(columns: Columns, states: tuple[str, ...]) -> float:
    """Return the day after which sales of ``states`` teach trees; what is older is remembered alone."""
    last = columns.day[np.isin(columns.state, [state.encode() for state in states])].max(initial=0)
    return float(last - WINDOW_YEARS * YEAR)


def _states_with_enough(outcomes: Outcomes) -> tuple[str, ...]:
    columns, bids = outcomes.columns, np.isfinite(outcomes.bid)
    found = []
    for state in np.unique(columns.state):
        chosen = bids & (columns.state == state)
        sales = len(np.unique(columns.day[chosen]))
        if chosen.sum() >= FEWEST_BIDS and sales >= FEWEST_SALES:
            found.append(state.decode())
    return tuple(found)


def _sample(method: Method, outcomes: Outcomes, levels: Mapping[str, Level]) -> _Sample:
    """Add some cases with less known of them, so that trees learn what unseen counties are like."""
    columns = outcomes.columns
    size = len(columns)
    some, others, faceless = (np.arange(first, size, 25) for first in (0, 12, 18))
    rows = np.concatenate([np.arange(size), some, others, faceless])
    everything = _only(outcomes, rows)
    columns = everything.columns
    columns.county[size:] = b""
    columns.parcel[size : size + len(some)] = b""
    third = size + len(some) + len(others)
    columns.assessed[size + len(some) : third] = np.nan
    columns.homestead[size + len(some) : third] = np.nan
    columns.county[size + len(some) :] = outcomes.columns.county[rows[size + len(some) :]]
    columns.face[third:] = np.nan
    matrix, measure = features_of(method, columns, levels)
    return _Sample(everything, matrix, measure)


def _only(outcomes: Outcomes, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> Outcomes:
    return Outcomes(
        outcomes.columns.only(chosen),
        outcomes.bid[chosen],
        outcomes.struck[chosen],
        outcomes.bidders[chosen],
    )


def _part(sample: _Sample, chosen: NDArray[np.bool_]) -> _Sample:
    return _Sample(_only(sample.outcomes, chosen), sample.matrix[chosen], sample.measure[chosen])


def _trees(method: Method, sample: _Sample, states: tuple[str, ...], seed: int) -> Trees:
    outcomes = sample.outcomes
    bids = np.isfinite(outcomes.bid)
    values = outcome_values(method, _only(outcomes, bids), sample.measure[bids])
    if method == "premium":
        # Premiums move together from sale to sale; a few sales cannot teach where they go next.
        values = without_levels(outcomes.columns.only(bids), values)
    bins = learn_bins(values, BINS[method])
    price = xgboost.train(
        {**_PLAIN, "objective": "multi:softprob", "num_class": len(bins), "seed": seed},
        xgboost.QuantileDMatrix(sample.matrix[bids], bins.numbers(values), max_bin=64),
        ROUNDS,
    )
    told = np.isfinite(outcomes.struck)
    if method == "bid_down_rate":
        told &= outcomes.bid >= outcomes.columns.most
    struck = None
    if len(np.unique(outcomes.struck[told])) == 2:
        struck = xgboost.train(
            {**_PLAIN, "objective": "binary:logistic", "seed": seed},
            xgboost.QuantileDMatrix(sample.matrix[told], outcomes.struck[told], max_bin=64),
            2 * ROUNDS,
        )
    share = float(outcomes.struck[told].mean()) if told.any() else float("nan")
    return Trees(bins, price, struck, share, 0.1, states)


@dataclass(frozen=True)
class _HeldOut:
    """A year's sales as trees priced them that were taught on the years before."""

    trees: Trees
    sample: _Sample
    chances: Floats
    struck: Floats


def _held_out(
    method: Method, sample: _Sample, states: tuple[str, ...], seed: int
) -> list[_HeldOut]:
    day, bids = sample.outcomes.columns.day, np.isfinite(sample.outcomes.bid)
    found = []
    for years in range(1, HELD_OUT[method] + 1):
        early = day <= day.max() - years * YEAR
        held = ~early & (day <= day.max() - (years - 1) * YEAR)
        if (early & bids).sum() < FEWEST_BIDS or not (held & bids).any():
            break
        trees = _trees(method, _part(sample, early), states, seed)
        part = _part(sample, held)
        chances = probabilities(trees.price, part.matrix)
        struck = np.full(len(chances), trees.struck_share)
        if trees.struck is not None:
            struck = probabilities(trees.struck, part.matrix)
        found.append(_HeldOut(trees, part, chances, struck))
    return found


def _moves(years: list[_HeldOut]) -> float:
    """Return by how much whole sales were off from what was said of them, in logarithms; 0 where no year
    could be held out."""
    off = []
    for held in years:
        bids = held.sample.outcomes.bid > 0
        came = outcome_values("premium", held.sample.outcomes, held.sample.measure)
        said = held.trees.bins.quantile(held.chances, 0.5)
        if bids.any():
            off.append(float(np.median((came - said)[bids])))
    return float(np.sqrt(np.mean(np.square(off)))) if off else 0.0


def _tail(method: Method, years: list[_HeldOut]) -> float:
    """Return the tail with which intervals hold what was bid in these years.

    Every year counts alike: the level of prices moves from year to year, and an interval has to bear it.
    """
    low, high = 0.001, 0.45
    if not years:
        return (1 - WANTED) / 2
    for _ in range(12):
        tail = (low + high) / 2
        covered = np.mean([_covered(method, held, tail) for held in years])
        low, high = (tail, high) if covered >= WANTED else (low, tail)
    return low


def _covered(method: Method, held: _HeldOut, tail: float) -> float:
    outcomes = held.sample.outcomes
    trees = replace(held.trees, tail=tail)
    told = read_chances(
        method, trees, held.chances, held.struck, held.sample.measure, outcomes.columns
    )
    low, high = told[4:6]
    inside = (outcomes.bid >= low - 0.005) & (outcomes.bid <= high + 0.005)
    return float(inside[np.isfinite(outcomes.bid)].mean())
