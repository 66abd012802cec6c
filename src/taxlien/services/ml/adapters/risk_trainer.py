"""Teaching the risk model: trees with held signs, on what pooled cells leave unexplained."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import xgboost

from taxlien.services.ml.adapters.redemption_trainer import columns_of_table, learned_from
from taxlien.services.ml.adapters.risk_model import RiskModel, Tables, starts
from taxlien.services.ml.logic.redemption.baseline import learn_baseline
from taxlien.services.ml.logic.redemption.columns import Columns
from taxlien.services.ml.logic.redemption.labels import Outcomes, learn_endings
from taxlien.services.ml.logic.risk.features import NAMES, OF_A_PARCEL, SIGNS, features_of
from taxlien.services.ml.logic.risk.history import History, history_of
from taxlien.services.ml.logic.risk.meaning import HORIZON, Floats, shortfall
from taxlien.services.ml.logic.survival import DAYS_A_MONTH, logit

SEED = 7
FEWEST_LIENS = 200
_ROUNDS = 40
_SETTINGS: dict[str, Any] = {
    "tree_method": "hist", "max_depth": 3, "eta": 0.1, "min_child_weight": 30, "lambda": 10,
    "subsample": 0.8, "max_bin": 64, "nthread": 1, "verbosity": 0,
    "monotone_constraints": f"({','.join(str(sign) for sign in SIGNS.values())})",
}  # fmt: skip


class TooFewOutcomes(ValueError):
    """There is not enough to learn risk from."""


def history_from(table: pl.DataFrame) -> History:
    """Return what became of parcels: liens of teaching sources, and all that nobody bought."""
    outcomes, _ = learned_from(table)
    unsold = columns_of_table(table.filter(pl.col("status").is_in(["unsold", "struck_off"])))
    columns = _joined(outcomes.columns, unsold)
    ended = np.concatenate([outcomes.columns.day + outcomes.days, np.full(len(unsold), np.inf)])
    return history_of(columns, ended, np.repeat([0.0, 1.0], [len(outcomes), len(unsold)]))


def train_on(outcomes: Outcomes, history: History, seed: int = SEED) -> RiskModel:
    """Return a model of ``outcomes``. Raises ``TooFewOutcomes``."""
    known, came = outcomes.came_by(HORIZON)
    redeemed = known & (came > 0)
    if known.sum() < FEWEST_LIENS or not redeemed.any():
        raise TooFewOutcomes(f"{known.sum()} liens with a known end, {FEWEST_LIENS} needed")
    columns = outcomes.columns
    tables = Tables(
        learn_baseline(columns, outcomes.days, outcomes.watched), learn_endings(outcomes)
    )
    matrix = features_of(columns, history)
    lost, wait = starts(tables, columns)
    waited = shortfall(np.where(redeemed, outcomes.days, 0.0) / DAYS_A_MONTH)
    return RiskModel(
        _fit("binary:logistic", matrix[known], 1 - came[known], logit(lost[known]), seed),
        _fit("reg:squarederror", matrix[redeemed], waited[redeemed], wait[redeemed], seed),
        tables,
        history,
    )


def realised(outcomes: Outcomes, lost_then: Floats | float = 1.0) -> Floats:
    """Return what of each dollar was lost; NaN where it is not known yet."""
    known, came = outcomes.came_by(HORIZON)
    waited = shortfall(np.where(came > 0, outcomes.days, 0.0) / DAYS_A_MONTH)
    return np.where(known, np.where(came > 0, waited, lost_then), np.nan)


def _fit(objective: str, matrix: Any, target: Floats, start: Floats, seed: int) -> xgboost.Booster:
    """Return trees; every lien is shown a second time as if its parcel's past were not known."""
    bare = matrix.copy()
    bare[:, OF_A_PARCEL] = np.nan
    data = xgboost.DMatrix(
        np.concatenate([matrix, bare]),
        np.tile(target, 2),
        weight=np.full(2 * len(target), 0.5),
        base_margin=np.tile(start, 2),
        feature_names=list(NAMES),
        nthread=1,
    )
    return xgboost.train(_SETTINGS | {"objective": objective, "seed": seed}, data, _ROUNDS)


def _joined(one: Columns, other: Columns) -> Columns:
    names = ("state", "county", "day", "face", "premium", "parcel")
    return Columns(*(np.concatenate([getattr(one, n), getattr(other, n)]) for n in names))
