"""Teaching the risk model: trees with held signs, on what pooled cells leave unexplained."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import polars as pl

from taxlien.services.ml.adapters.boosting import xgboost
from taxlien.services.ml.adapters.learning import clusters_of
from taxlien.services.ml.adapters.redemption_trainer import columns_of_table, learned_from
from taxlien.services.ml.adapters.risk_model import RiskModel, Tables, starts
from taxlien.services.ml.logic.redemption.baseline import learn_baseline
from taxlien.services.ml.logic.redemption.columns import Columns
from taxlien.services.ml.logic.redemption.labels import Outcomes, learn_endings, paid_back
from taxlien.services.ml.logic.redemption.spread import USUAL_SPREAD, spread_of
from taxlien.services.ml.logic.risk.features import NAMES, OF_A_PARCEL, SIGNS, features_of
from taxlien.services.ml.logic.risk.history import History, history_of
from taxlien.services.ml.logic.risk.meaning import HORIZON, Floats, shortfall
from taxlien.services.ml.logic.survival import DAYS_A_MONTH, logit

SEED = 7
FEWEST_LIENS = 200
_ROUNDS = (0, 5, 10, 20, 40)
"""Numbers of trees that are tried: none, where what earlier sales taught did not hold on later ones."""
_NEAR_ROUNDS = (0, 10, 20, 40, 80)
_FOLDS = 3
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
    outcomes = paid_back(outcomes)
    most = _ROUNDS[-1]
    lost_rounds, wait_rounds, spread = _held_later(outcomes, history, seed)
    model = _taught(outcomes, history, seed, most)
    near_rounds = _held_out(outcomes, history, seed)
    near = _taught(outcomes, history, seed, _NEAR_ROUNDS[-1])
    tables = msgspec.structs.replace(model.tables, spread=spread, near_trees=near_rounds)
    told = _of_first(replace(model, tables=tables), lost_rounds, wait_rounds)
    near_trees = (_first(near.lost, near_rounds[0]), _first(near.wait, near_rounds[1]))
    return replace(told, near=near_trees)


def _taught(outcomes: Outcomes, history: History, seed: int, rounds: int) -> RiskModel:
    known, came = outcomes.came_by(HORIZON)
    redeemed = known & (came > 0)
    if known.sum() < FEWEST_LIENS or not redeemed.any():
        raise TooFewOutcomes(f"{known.sum()} liens with a known end, {FEWEST_LIENS} needed")
    columns = outcomes.columns
    tables = Tables(
        learn_baseline(columns, outcomes.days, outcomes.told_to), learn_endings(outcomes)
    )
    matrix = features_of(columns, history)
    lost, wait = starts(tables, columns)
    waited = _waited(outcomes, redeemed)
    of_lost, of_wait = {"objective": "binary:logistic"}, {"objective": "reg:squarederror"}
    return RiskModel(
        _fit(of_lost, matrix[known], 1 - came[known], logit(lost[known]), seed, rounds),
        _fit(of_wait, matrix[redeemed], waited[redeemed], wait[redeemed], seed, rounds),
        tables,
        history,
    )


def _held_later(outcomes: Outcomes, history: History, seed: int) -> tuple[int, int, float]:
    """Return how many trees of each kind, taught on the earlier half of sales, told the later best, and how
    far the shares of later sales lay from what cells told; no tree without a half to teach or to ask."""
    known, came = outcomes.came_by(HORIZON)
    days = outcomes.columns.day
    cut = float(np.median(days[known])) if known.any() else np.nan
    asked = known & (days >= cut)
    try:
        earlier = _taught(outcomes.only(days < cut), history, seed, _ROUNDS[-1])
    except TooFewOutcomes:
        return 0, 0, USUAL_SPREAD
    late = outcomes.only(asked)
    back = came[asked] > 0
    lost_miss, wait_miss = [], []
    for rounds in _ROUNDS:
        tried = _of_first(earlier, rounds, rounds)
        lost, wait = tried.tell(late.columns)
        lost_miss.append((lost - ~back) ** 2)
        wait_miss.append(((wait - _waited(late, back)) ** 2)[back])
    _, sale = np.unique(late.columns.day, return_inverse=True)
    _, county = np.unique(late.columns.county, return_inverse=True)
    said = 1 - starts(earlier.tables, late.columns)[0]
    spread = spread_of(back.astype(np.float64), said, county * (sale.max(initial=0) + 1) + sale)
    return _better(lost_miss, _ROUNDS), _better(wait_miss, _ROUNDS), spread


def _held_out(outcomes: Outcomes, history: History, seed: int) -> tuple[int, int]:
    """Return how many trees of each kind, taught on other parcels, told those of the same sales best."""
    known, came = outcomes.came_by(HORIZON)
    parcel = clusters_of(outcomes.columns.county, outcomes.columns.parcel)
    fold = np.random.default_rng(seed).permutation(int(parcel.max()) + 1)[parcel] % _FOLDS
    lost_miss: list[list[Floats]] = [[] for _ in _NEAR_ROUNDS]
    wait_miss: list[list[Floats]] = [[] for _ in _NEAR_ROUNDS]
    for one in range(_FOLDS):
        asked = known & (fold == one)
        try:
            learned = _taught(outcomes.only(fold != one), history, seed, _NEAR_ROUNDS[-1])
        except TooFewOutcomes:
            return 0, 0
        back, others = came[asked] > 0, outcomes.only(asked)
        for place, rounds in enumerate(_NEAR_ROUNDS):
            lost, wait = _of_first(learned, rounds, rounds).tell(others.columns)
            lost_miss[place].append((lost - ~back) ** 2)
            wait_miss[place].append(((wait - _waited(others, back)) ** 2)[back])
    lost_joined, wait_joined = (
        [np.concatenate(parts) for parts in misses] for misses in (lost_miss, wait_miss)
    )
    return _better(lost_joined, _NEAR_ROUNDS), _better(wait_joined, _NEAR_ROUNDS)


def _better(misses: list[Floats], tried: tuple[int, ...]) -> int:
    """Return how many trees miss least, if by more than twice the standard error of the difference to
    none (cases pairwise): trees that are no better than cells only seem to know something."""
    best = int(np.argmin([miss.mean() if len(miss) else 0.0 for miss in misses]))
    gained = misses[0] - misses[best]
    beyond = best and gained.mean() > 2 * gained.std() / np.sqrt(len(gained))
    return tried[best] if beyond else 0


def _of_first(model: RiskModel, lost_rounds: int, wait_rounds: int) -> RiskModel:
    """Return the model as its first trees of each kind speak; it asks none that it does not count."""
    return replace(
        model,
        lost=_first(model.lost, lost_rounds),
        wait=_first(model.wait, wait_rounds),
        tables=msgspec.structs.replace(model.tables, trees=(lost_rounds, wait_rounds)),
    )


def _first(trees: xgboost.Booster, rounds: int) -> xgboost.Booster:
    """Return the first ``rounds`` trees; without any, trees that say nothing."""
    if rounds:
        return trees[:rounds]
    data = xgboost.DMatrix(np.zeros((1, len(NAMES))), [0.5], base_margin=[0.0], nthread=1)
    settings = _SETTINGS | {"eta": 0.0, "objective": _objective(trees)}
    return xgboost.train(settings, data, 1)


def _objective(trees: xgboost.Booster) -> str:
    return str(json.loads(trees.save_config())["learner"]["objective"]["name"])


def _waited(outcomes: Outcomes, redeemed: Any) -> Floats:
    return shortfall(np.where(redeemed, outcomes.days, 0.0) / DAYS_A_MONTH)


def realised(outcomes: Outcomes, lost_then: Floats | float = 1.0) -> Floats:
    """Return what of each dollar was lost; NaN where it is not known yet. Of a void sale that is the wait."""
    outcomes = paid_back(outcomes)
    known, came = outcomes.came_by(HORIZON)
    waited = _waited(outcomes, known & (came > 0))
    return np.where(known, np.where(came > 0, waited, lost_then), np.nan)


def _fit(
    objective: dict[str, str], matrix: Any, target: Floats, start: Floats, seed: int, rounds: int
) -> xgboost.Booster:
    """Return trees; every lien is shown a second time as if its parcel's past were not known."""
    bare = matrix.copy()
    bare[:, OF_A_PARCEL] = np.nan
    data = xgboost.DMatrix(
        np.concatenate([matrix, bare]),
        np.tile(target, 2),
        weight=np.full(2 * len(target), 0.5),
        base_margin=np.tile(start, 2),
        nthread=1,
    )
    return xgboost.train(_SETTINGS | objective | {"seed": seed}, data, rounds)


def _joined(one: Columns, other: Columns) -> Columns:
    names = ("state", "county", "day", "face", "premium", "parcel")
    return Columns(*(np.concatenate([getattr(one, n), getattr(other, n)]) for n in names))
