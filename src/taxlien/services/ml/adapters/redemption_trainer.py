"""Teaching the redemption model: hazards by gradient boosting on what pooled cells leave unexplained.

Two forests are taught. The near one speaks of sales that were seen, and may know which sale it is; the
far one speaks of every other sale and county, and is made honest on sales it was not taught on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from taxlien.services.ml.adapters.boosting import xgboost
from taxlien.services.ml.adapters.redemption_model import (
    RedemptionModel,
    Tables,
    calibrated,
    hazards_of,
    without_sale,
)
from taxlien.services.ml.logic.calibration import Curve, Pooled, beta, isotonic, pooled
from taxlien.services.ml.logic.redemption.baseline import NEAR, learn_baseline, log_odds
from taxlien.services.ml.logic.redemption.columns import EPOCH, Columns, Floats, parcel_number
from taxlien.services.ml.logic.redemption.features import (
    NAMES,
    OF_A_FACE,
    OF_A_PLACE,
    Singles,
    features_of,
)
from taxlien.services.ml.logic.redemption.history import County, History
from taxlien.services.ml.logic.redemption.labels import Outcomes, as_of, learn_endings, outcomes_of
from taxlien.services.ml.logic.redemption.spread import by_level, spreads_of
from taxlien.services.ml.logic.sources import teaching
from taxlien.services.ml.logic.survival import EDGES, intervals_seen

SEED = 7
FEWEST_LIENS = 200
NEAR_FOLDS = 3
AHEAD_BLOCKS = 14
FEWEST_FOR_A_CURVE = 200
FEWEST_OTHERWISE = 20
_HELD = ("sold", "assigned", "redeemed", "deed_applied", "foreclosed", "void", "expired")
_ALIKE = {
    "objective": "binary:logistic", "tree_method": "hist", "subsample": 0.8,
    "colsample_bytree": 0.6, "max_bin": 64, "nthread": 1, "verbosity": 0,
}  # fmt: skip
_NEAR: dict[str, Any] = _ALIKE | {"max_depth": 10, "eta": 0.08, "min_child_weight": 4, "lambda": 1}
_FAR: dict[str, Any] = _ALIKE | {"max_depth": 3, "eta": 0.1, "min_child_weight": 30, "lambda": 10}
_NEAR_ROUNDS, _FAR_ROUNDS = 120, 30
_SHOWN_AGAIN = 0.3
"""Share of the liens that trees are shown again, for each thing that may be unknown of them."""
_PREMIUM = [NAMES.index(name) for name in ("premium", "premium_share")]
UNKNOWN = (
    _PREMIUM, [NAMES.index(name) for name in OF_A_PLACE], [NAMES.index(name) for name in OF_A_FACE],
)  # fmt: skip
_NOT_FOR_ALL = [NAMES.index(name) for name in ("premium", "premium_share", *OF_A_PLACE)]


class TooFewOutcomes(ValueError):
    """There is not enough to learn redemption from."""


def train(table: pl.DataFrame, seed: int = SEED) -> RedemptionModel:
    """Return a model of all that ``table`` (a training frame) tells. Raises ``TooFewOutcomes``."""
    outcomes, history = learned_from(table)
    return train_on(outcomes, history, seed)


def learned_from(table: pl.DataFrame) -> tuple[Outcomes, History]:
    """Return the liens of teaching sources that were sold, with their outcomes, and the history of
    their counties. Simulated liens teach too: a frame holds either them or real ones."""
    table = _teaching(table)
    sold = table.filter(pl.col("kind").is_in(["certificate", "deed_sale"]))
    paid = table.filter(pl.col("kind") == "subsequent_tax", pl.col("paid_on").is_not_null())
    sold = sold.filter(pl.col("status").is_in(_HELD))
    history = _history(columns_of_table(sold), _days(sold["redeemed_on"]), paid)
    return _outcomes(sold), history


def taxes_from(table: pl.DataFrame) -> Outcomes:
    """Return the later taxes that holders paid on certificates, with what became of them: each is lent on
    the day it was paid, and comes back with its certificate."""
    table = _teaching(table)
    paid = table.filter(pl.col("kind") == "subsequent_tax", pl.col("paid_on").is_not_null())
    paid = paid.filter(pl.col("status").is_in(_HELD)).with_columns(sale_date=pl.col("paid_on"))
    return _outcomes(paid)


def _teaching(table: pl.DataFrame) -> pl.DataFrame:
    """Return the rows whose outcomes teach, with the last day that their county was heard of."""
    table = table.filter(pl.col("source").is_in(teaching("redemption")) | pl.col("synthetic"))
    heard = table.group_by("county_fips").agg(
        heard=pl.max_horizontal("sale_date", "paid_on", "redeemed_on", "ended_on").max()
    )
    return table.join(heard, on="county_fips", how="left", maintain_order="left")


def _outcomes(rows: pl.DataFrame) -> Outcomes:
    redeemed, ended = _days(rows["redeemed_on"]), _days(rows["ended_on"])
    status = rows["status"].to_numpy().astype("U12")
    return outcomes_of(columns_of_table(rows), status, redeemed, ended, _days(rows["heard"]))


def columns_of_table(table: pl.DataFrame) -> Columns:
    """Return the rows of a frame as columns. Where no sale is published the day of buying stands for
    it; where deeds are sold the opening bid is the face, and what was bid above it the premium."""
    keys = table["parcel_key"].to_list()
    above = table["winning_bid"] - table["opening_bid"]
    premium = pl.select(
        pl.when(table["kind"] == "deed_sale").then(above).otherwise(table["premium"])
    ).to_series()
    return Columns(
        state=_text(table["state"], 2),
        county=_text(table["county_fips"], 5),
        day=_days(pl.select(pl.coalesce(table["sale_date"], table["paid_on"])).to_series()),
        face=_floats(
            pl.select(pl.coalesce(table["face_amount"], table["opening_bid"])).to_series()
        ),
        premium=np.maximum(_floats(premium), 0.0),
        parcel=np.array([parcel_number(key) for key in keys], np.float64),
    )


def train_on(outcomes: Outcomes, history: History, seed: int = SEED) -> RedemptionModel:
    """Return a model of ``outcomes``; ``history`` may know more sales than they are of."""
    if len(outcomes) < FEWEST_LIENS:
        raise TooFewOutcomes(f"{len(outcomes)} liens with a known course, {FEWEST_LIENS} needed")
    matrix = features_of(outcomes.columns, history)
    made = np.random.default_rng(seed)
    sales = _sales(outcomes.columns)
    rows = made.permutation(len(outcomes)) % NEAR_FOLDS
    near_raw = _held_out(outcomes, matrix, rows, _NEAR, _NEAR_ROUNDS, seed)
    far_raw, told_ahead = _ahead(outcomes, matrix, seed)
    later = outcomes.only(told_ahead)
    baseline = learn_baseline(outcomes.columns, outcomes.days, outcomes.told_to)
    endings = learn_endings(outcomes)
    plain = (None,) * len(EDGES)
    raw = Tables(baseline, endings, plain, plain, (), ())
    near_told, far_told = _told(outcomes, near_raw, raw), _told(later, far_raw, raw)
    near_curves = curves_of(outcomes, near_told, isotonic)
    # Few sales teach what the next is like: a curve of two slopes keeps the order of liens.
    far_curves = curves_of(later, far_told, beta)
    fitted = Tables(baseline, endings, near_curves, near_curves, (), ())
    near_told = _told(outcomes, near_raw, fitted)
    fitted = Tables(baseline, endings, far_curves, far_curves, (), ())
    far_told = _told(later, far_raw, fitted)
    tables = Tables(
        baseline,
        endings,
        near_curves,
        far_curves,
        tuple(spreads_of(outcomes, near_told, by_level(sales, near_told[:, -1]))),
        tuple(spreads_of(later, far_told, sales[told_ahead])),
    )
    near = _fit(outcomes, matrix, _NEAR, _NEAR_ROUNDS, seed)
    far = _fit(outcomes, matrix, _FAR, _FAR_ROUNDS, seed)
    return RedemptionModel(near, far, tables, history)


def _held_out(
    outcomes: Outcomes, matrix: Singles, fold: NDArray[np.int64], settings: dict[str, Any],
    rounds: int, seed: int,
) -> Floats:  # fmt: skip
    """Return hazards of every lien by trees and cells that were not taught on its fold."""
    found = np.empty((len(outcomes), len(EDGES)))
    for one in range(int(fold.max()) + 1):
        inside, out = fold != one, fold == one
        if not inside.any() or not out.any():
            inside = np.ones(len(fold), dtype=bool)
        taught = outcomes.only(inside)
        baseline = learn_baseline(taught.columns, taught.days, taught.told_to)
        trees = _fit(taught, matrix[inside], settings, rounds, seed)
        odds, _ = log_odds(baseline, outcomes.only(out).columns)
        if out.any():
            found[out] = hazards_of(trees, matrix[out], odds)
    return found


def _told(outcomes: Outcomes, hazards: Floats, tables: Tables) -> Floats:
    near = np.full(len(outcomes), NEAR, np.int8)
    return calibrated(hazards, outcomes.columns.state, near, tables).redeemed


def _ahead(outcomes: Outcomes, matrix: Singles, seed: int) -> tuple[Floats, NDArray[np.int64]]:
    """Return hazards of later sales by trees and cells taught on what was known the day before, and
    which liens those are: how well the next sale can be told."""
    days = np.unique(outcomes.columns.day)
    blocks = np.array_split(days, min(len(days), AHEAD_BLOCKS))
    found, told = [], []
    for block in blocks[1:]:
        earlier = np.flatnonzero(outcomes.columns.day < block[0])
        taught = as_of(outcomes, float(block[0]))
        asked = np.flatnonzero(np.isin(outcomes.columns.day, block))
        if len(taught) < FEWEST_LIENS or not np.isfinite(taught.days).any():
            continue
        baseline = learn_baseline(taught.columns, taught.days, taught.told_to)
        trees = _fit(taught, matrix[earlier], _FAR, _FAR_ROUNDS, seed)
        odds, _ = log_odds(baseline, outcomes.only(asked).columns)
        found.append(hazards_of(trees, without_sale(matrix[asked]), odds))
        told.append(asked)
    if not told:
        return np.empty((0, len(EDGES))), np.empty(0, np.int64)
    return np.concatenate(found), np.concatenate(told)


def _fit(
    outcomes: Outcomes, matrix: Singles, settings: dict[str, Any], rounds: int, seed: int
) -> xgboost.Booster:
    """Return trees for what the baseline leaves; the far ones are shown every lien a second time as if
    nothing were known of its county."""
    baseline = learn_baseline(outcomes.columns, outcomes.days, outcomes.told_to)
    unknown = UNKNOWN[:1] if settings is _FAR else UNKNOWN
    outcomes, matrix = shown(outcomes, matrix, seed, unknown)
    odds, _ = log_odds(baseline, outcomes.columns)
    case, place, ended = intervals_seen(outcomes.days, outcomes.told_to)
    weight = np.ones(len(case))
    if settings is _FAR:
        matrix = without_sale(matrix)
        bare = matrix.copy()
        bare[:, _NOT_FOR_ALL] = np.nan
        matrix = np.concatenate([matrix, bare])
        odds = np.concatenate([odds, odds])
        case = np.concatenate([case, case + len(outcomes)])
        place, ended = np.tile(place, 2), np.tile(ended, 2)
        weight = np.concatenate([weight, weight * 0.5])
    data = xgboost.DMatrix(
        np.column_stack([matrix[case], place.astype(np.float32)]),
        ended,
        weight=weight,
        base_margin=odds[case, place],
        nthread=1,
    )
    return xgboost.train(settings | {"seed": seed}, data, rounds)


def shown(
    outcomes: Outcomes, matrix: Singles, seed: int, unknown: Sequence[Sequence[int]]
) -> tuple[Outcomes, Singles]:
    """Return liens and features, and some of them again as if the features of each of ``unknown`` were:
    who asks may not know them, and nobody knows the premium before the sale."""
    made = np.random.default_rng(seed)
    rows, told = [np.arange(len(outcomes))], [matrix]
    for places in unknown:
        again = np.flatnonzero(made.random(len(outcomes)) < _SHOWN_AGAIN)
        rows.append(again)
        told.append(matrix[again])
        told[-1][:, list(places)] = np.nan
    return outcomes.only(np.concatenate(rows)), np.concatenate(told)


def curves_of(
    outcomes: Outcomes, redeemed: Floats, curve_of: Callable[[Floats, Floats], Curve]
) -> tuple[Pooled | None, ...]:
    """Return calibration for each edge at which enough is known, and not all is one outcome."""
    states = outcomes.columns.state.astype("U2")
    found: list[Pooled | None] = []
    for place, months in enumerate(EDGES):
        known, came = outcomes.came_by(months)
        least = min(float(came[known].sum()), float((1 - came[known]).sum()))
        enough = known.sum() >= FEWEST_FOR_A_CURVE and least >= FEWEST_OTHERWISE
        found.append(
            pooled(redeemed[known, place], came[known], states[known], curve_of) if enough else None
        )
    return tuple(found)


def _sales(columns: Columns) -> NDArray[np.int64]:
    """Return a number for each county's day of sale, in their order."""
    keys = np.rec.fromarrays([columns.county, columns.day])
    _, which = np.unique(keys, return_inverse=True)
    return which.astype(np.int64)


def _history(columns: Columns, redeemed: Floats, paid: pl.DataFrame) -> History:
    ended = np.where(np.isfinite(redeemed), redeemed, np.inf)
    paid_county = _text(paid["county_fips"], 5)
    paid_day = _days(paid["paid_on"])
    paid_parcel = np.array([parcel_number(k) for k in paid["parcel_key"].to_list()], np.float64)
    counties = {}
    for name in sorted(set(columns.county.tolist()) - {b""}):
        mine = (columns.county == name) & np.isfinite(columns.day)
        taxes = paid_county == name
        counties[name] = County(
            columns.day[mine], columns.parcel[mine], columns.face[mine], columns.premium[mine],
            ended[mine], paid_day[taxes], paid_parcel[taxes],
        )  # fmt: skip
    return History(counties)


def _text(values: pl.Series, width: int) -> NDArray[np.bytes_]:
    return values.fill_null("").str.head(width).to_numpy().astype(f"S{width}")


def _floats(values: pl.Series) -> Floats:
    return values.cast(pl.Float64).fill_null(float("nan")).to_numpy().copy()


def _days(values: pl.Series) -> Floats:
    since = date(1970, 1, 1).toordinal() - EPOCH
    return _floats(values.cast(pl.Date).to_physical()) - since
