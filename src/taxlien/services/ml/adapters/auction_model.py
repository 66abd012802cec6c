"""Prices from a trained artifact: trees, bins, what was bid before, and cells where bids are few.

The artifact is a folder of plain files: ``model.json``, ``history.npz`` and trees as UBJSON. No pickle.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from taxlien.services.ml.adapters import tree_files
from taxlien.services.ml.adapters.artifacts import UnfitArtifact
from taxlien.services.ml.adapters.boosting import xgboost
from taxlien.services.ml.adapters.tree_calls import ask
from taxlien.services.ml.logic.about import TrainedOn, trained_on
from taxlien.services.ml.logic.auction.answer import (
    PriceAnswer,
    Priced,
    nearest_evidence,
    reasons_for,
    told_price,
)
from taxlien.services.ml.logic.auction.bins import Bins
from taxlien.services.ml.logic.auction.cells import Cell, cell_for
from taxlien.services.ml.logic.auction.columns import (
    Columns,
    Floats,
    columns_of_cases,
    day_number,
    day_of,
)
from taxlien.services.ml.logic.auction.features import (
    MEMORIES,
    bids_of_values,
    feature_names,
    features_of,
    last_sales,
)
from taxlien.services.ml.logic.auction.history import Level, level_from
from taxlien.services.ml.logic.auction.labels import AT_MOST, FLOOR_RATE, NOTHING_BID
from taxlien.services.ml.logic.auction.methods import METHODS, Bidding, Method, bidding_of
from taxlien.services.ml.logic.auction.outcome import ranges
from taxlien.services.ml.logic.case import Case
from taxlien.services.ml.logic.findings import WANTED

FORMAT = 1
CHUNK = 65_536
FEWEST_FOR_A_CELL = 30
_LEVEL_ARRAYS = ("moments", "weight", "count", "mean", "last")


@dataclass(frozen=True)
class Trees:
    """The trees of one method and how their answers are read.

    ``tail`` is the chance left out at either end of an interval of bids. ``struck_share`` stands where no
    trees tell those without a bid apart (NaN: no county tells which they are). ``moves`` is the standard
    deviation by which whole sales were off, in logarithms; 0 where the tail alone makes intervals wide.
    """

    bins: Bins
    price: xgboost.Booster
    struck: xgboost.Booster | None
    struck_share: float
    tail: float
    states: tuple[str, ...]
    moves: float = 0.0

    @cached_property
    def moved(self) -> tuple[Bins, Floats]:
        """The bins of a sale that moves, and how chances come to be theirs."""
        return self.bins.moved(self.moves, NOTHING_BID)


@dataclass(frozen=True)
class MethodModel:
    """All that is known of one method. ``trees`` is None where no state has bids enough."""

    method: Method
    levels: Mapping[str, Level]
    cells: Mapping[str, Cell]
    trees: Trees | None

    def price(self, columns: Columns) -> Priced:
        """Return what the trees say, in pieces that fit in memory."""
        if len(columns) <= CHUNK:
            return Priced(*self._price(columns))
        pieces = [
            self._price(columns.only(slice(start, start + CHUNK)))
            for start in range(0, len(columns), CHUNK)
        ]
        return Priced(*(np.concatenate(parts) for parts in zip(*pieces, strict=True)))

    def _price(self, columns: Columns) -> tuple[Floats, ...]:
        assert self.trees is not None
        matrix, measure = features_of(self.method, columns, self.levels)
        chances = probabilities(self.trees.price, matrix)
        struck = np.full(len(columns), self.trees.struck_share)
        if self.trees.struck is not None:
            struck = probabilities(self.trees.struck, matrix)
        told = read_chances(self.method, self.trees, chances, struck, measure, columns)
        return *told, *last_sales(self.method, matrix, self.levels)


def probabilities(trees: xgboost.Booster, matrix: NDArray[np.float32]) -> Floats:
    """Return the trees' chances. Safe from several threads: nothing of the trees is changed."""
    return np.asarray(ask(trees, matrix), np.float64)


def read_chances(
    method: Method, trees: Trees, chances: Floats, struck: Floats, measure: Floats, columns: Columns
) -> tuple[Floats, ...]:
    """Return bid, low, high, the same of bids alone, the chance of no bid and of the floor rate."""
    nothing = np.full(len(columns), np.nan)
    if method == "property_bid":
        lien = np.log(np.where(columns.face > 0, columns.face, np.nan)) - measure
        told = ranges(trees.bins, chances, struck, lien, WANTED, trees.tail)
        values = np.array([getattr(told, name) for name in told.__slots__])
        return *bids_of_values(method, values, measure, columns), struck, nothing
    values = trees.bins.quantiles(chances, [0.5, trees.tail, 1 - trees.tail])
    if trees.moves:
        wide, matrix = trees.moved
        values[1:] = wide.quantiles(chances @ matrix, [trees.tail, 1 - trees.tail])
    told_bids = bids_of_values(method, values, measure, columns)
    if method == "premium":
        return *told_bids, *told_bids, struck, nothing
    none = struck * chances[:, trees.bins.low == AT_MOST].sum(1)
    floor = chances[:, trees.bins.high <= FLOOR_RATE].sum(1)
    return *told_bids, *told_bids, none, floor


@dataclass(frozen=True)
class AuctionModel:
    """Prices of cases of any state."""

    methods: Mapping[Method, MethodModel]
    last_day: int
    version: str = ""
    trained_on: TrainedOn | None = None

    def predict(self, cases: Sequence[Case], explain: bool | None = None) -> list[PriceAnswer]:
        """Return one answer a case, in order. A case without a day is priced for the next sale.

        Reasons cost nothing here, and are told whatever ``explain`` says.
        """
        coming = self.last_day + 1
        days = [day_number(case.sale_date) if case.sale_date else coming for case in cases]
        laws = [bidding_of(case.state, day_of(day)) for case, day in zip(cases, days, strict=True)]
        answers: list[PriceAnswer | None] = [None] * len(cases)
        for method in METHODS:
            model = self.methods.get(method)
            chosen = [
                number
                for number, law in enumerate(laws)
                if model is not None
                and model.trees is not None
                and law.method == method
                and cases[number].state in model.trees.states
            ]
            if model is None or not chosen:
                continue
            columns = columns_of_cases(
                [cases[i] for i in chosen],
                [days[i] for i in chosen],
                [laws[i].most for i in chosen],
            )
            told = model.price(columns)
            rows = [getattr(told, name).tolist() for name in told.__slots__]
            values = zip(*rows, strict=True)
            for i, row in zip(chosen, values, strict=True):
                answers[i] = self._by_trees(cases[i], laws[i], model, row)
        return [
            answer or self._without_trees(case, law)
            for answer, case, law in zip(answers, cases, laws, strict=True)
        ]

    def _by_trees(
        self, case: Case, law: Bidding, model: MethodModel, row: tuple[float, ...]
    ) -> PriceAnswer:
        bid, low, high, sold, sold_low, sold_high, no_bid, floor, *last = row
        cell = cell_for(model.cells, case.state, case.county_fips)
        own = case.county_fips in model.cells
        price = told_price(model.method, law, bid)
        said = next(iter(price.values()))
        digits = 2 if model.method == "bid_down_rate" else 0
        return PriceAnswer(
            id=case.id,
            method=model.method,
            law=law.law,
            basis="model",
            interval=(round(min(low, said), 2), round(max(high, said), 2)),
            **_if_sold(model.method, sold, sold_low, sold_high),
            p_no_bid=None if np.isnan(no_bid) else round(no_bid, 4),
            p_floor=None if np.isnan(floor) else round(floor, 4),
            n=cell.n if cell else 0,
            evidence=_usual(cell, case.county_fips if own else case.state, digits),
            reasons=reasons_for(model.method, *last),
            problems=case.problems,
            model_version=self.version,
            trained_on=self.trained_on,
            **price,
        )

    def _without_trees(self, case: Case, law: Bidding) -> PriceAnswer:
        model = self.methods.get(law.method) if law.method else None
        of_state = model.cells.get(case.state or "-") if model else None
        if model is None or of_state is None or of_state.n < FEWEST_FOR_A_CELL:
            cells = {method: known.cells for method, known in self.methods.items() if known.cells}
            return PriceAnswer(
                id=case.id, method=law.method, law=law.law, basis="insufficient_data",
                n=of_state.n if of_state else 0, evidence=nearest_evidence(law, cells),
                problems=case.problems, model_version=self.version, trained_on=self.trained_on,
            )  # fmt: skip
        cell = cell_for(model.cells, case.state, case.county_fips) or of_state
        most = law.most if law.most is not None else float("inf")
        return PriceAnswer(
            id=case.id,
            method=model.method,
            law=law.law,
            basis="few_bids",
            interval=(round(min(cell.low, most), 2), round(min(cell.high, most), 2)),
            p_no_bid=None if cell.no_bid is None else round(cell.no_bid, 4),
            n=cell.n,
            evidence=f"too few bids for a model: the middle of the {cell.n:,} on record",
            problems=case.problems,
            model_version=self.version,
            trained_on=self.trained_on,
            **told_price(model.method, law, cell.middle),
        )


def _if_sold(method: Method, bid: float, low: float, high: float) -> dict[str, Any]:
    """Return the fields of a bid for a property where somebody bids; elsewhere no other price is told."""
    if method != "property_bid":
        return {}
    ends = (round(low, 2), round(high, 2))
    return {"predicted_bid_if_sold": round(bid, 2), "interval_if_sold": ends}


@lru_cache(maxsize=4096)
def _usual(cell: Cell | None, place: str | None, digits: int) -> str:
    if cell is None:
        return ""
    within = f"{cell.low:,.{digits}f} to {cell.high:,.{digits}f}"
    return f"{cell.n:,} bids of {place} on record, four of five {within}"


def dump(model: AuctionModel) -> dict[str, bytes]:
    """Return the files of the artifact by name."""
    files: dict[str, bytes] = {}
    arrays: dict[str, Any] = {}
    told: dict[str, Any] = {"format": FORMAT, "last_day": model.last_day, "methods": {}}
    for method, known in model.methods.items():
        for name, level in known.levels.items():
            arrays |= {f"{method}/{name}/{a}": getattr(level, a) for a in _LEVEL_ARRAYS}
        about: dict[str, Any] = {
            "levels": {name: level.stats for name, level in known.levels.items()},
            "features": feature_names(method, known.levels) if known.levels else [],
            "cells": {
                key: [c.n, c.middle, c.low, c.high, c.no_bid] for key, c in known.cells.items()
            },
        }
        if known.trees is not None:
            trees = known.trees
            about |= {"low": trees.bins.low.tolist(), "high": trees.bins.high.tolist(),
                      "tail": trees.tail,
                "struck_share": None if np.isnan(trees.struck_share) else trees.struck_share,
                      "states": trees.states, "moves": trees.moves}  # fmt: skip
            files[f"{method}.price.ubj"] = bytes(trees.price.save_raw("ubj"))
            if trees.struck is not None:
                files[f"{method}.struck.ubj"] = bytes(trees.struck.save_raw("ubj"))
        told["methods"][method] = about
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)
    return {"model.json": msgspec.json.encode(told), "history.npz": packed.getvalue(), **files}


def load(files: Mapping[str, bytes], version: str = "") -> AuctionModel:
    """Return the model of an artifact's files. Raises ``UnfitArtifact``."""
    with tree_files.reading():
        told = msgspec.json.decode(files["model.json"])
        if told["format"] != FORMAT:
            raise UnfitArtifact(f"format {told['format']} is not {FORMAT}")
        with np.load(io.BytesIO(files["history.npz"]), allow_pickle=False) as packed:
            arrays = {name: packed[name] for name in packed.files}
        methods = {
            method: _method(method, about, arrays, files)
            for method, about in told["methods"].items()
        }
        return AuctionModel(methods, told["last_day"], version, trained_on(files))


def _method(
    method: Method, about: Any, arrays: Mapping[str, Any], files: Mapping[str, bytes]
) -> MethodModel:
    parts = {memory.name: memory.parts for memory in MEMORIES[method]}
    levels = {
        name: level_from(
            parts[name], tuple(stats), *(arrays[f"{method}/{name}/{a}"] for a in _LEVEL_ARRAYS)
        )
        for name, stats in about["levels"].items()
    }
    if levels and feature_names(method, levels) != about["features"]:
        raise UnfitArtifact(f"{method} was taught on other features")
    cells = {key: Cell(*values) for key, values in about["cells"].items()}
    trees = None
    if "tail" in about:
        struck = files.get(f"{method}.struck.ubj")
        trees = Trees(
            Bins(np.array(about["low"]), np.array(about["high"])),
            tree_files.trees(files[f"{method}.price.ubj"]),
            None if struck is None else tree_files.trees(struck),
            np.nan if about["struck_share"] is None else about["struck_share"],
            about["tail"],
            tuple(about["states"]),
            about.get("moves", 0.0),
        )
    return MethodModel(method, levels, cells, trees)


def remembering(
    model: AuctionModel, levels: Mapping[Method, Mapping[str, Level]], last_day: int
) -> AuctionModel:
    """Return the same trees with later sales to remember, as an import brings them."""
    methods = {
        method: replace(known, levels=levels.get(method, known.levels))
        for method, known in model.methods.items()
    }
    return replace(model, methods=methods, last_day=last_day)
