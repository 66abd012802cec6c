"""Teaching the redemption of later taxes: those that the holder of a certificate pays while it is open.

Each is a sum lent on a day of its own, and comes back with its certificate. Its amount, place and day tell
more than the rate of the county, also where its certificate is unknown: owners of many lots redeem together.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from taxlien.services.ml.adapters.boosting import xgboost
from taxlien.services.ml.adapters.learning import clusters_of
from taxlien.services.ml.adapters.redemption_model import (
    RedemptionModel,
    Tables,
    calibrated,
    hazards_of,
)
from taxlien.services.ml.adapters.redemption_trainer import FEWEST_LIENS, UNKNOWN, curves_of, shown
from taxlien.services.ml.logic.calibration import isotonic
from taxlien.services.ml.logic.redemption.baseline import TAXES, Baseline, log_odds, with_taxes
from taxlien.services.ml.logic.redemption.columns import Floats
from taxlien.services.ml.logic.redemption.features import Singles, features_of
from taxlien.services.ml.logic.redemption.history import first_of_month
from taxlien.services.ml.logic.redemption.labels import Outcomes
from taxlien.services.ml.logic.redemption.spread import spreads_of
from taxlien.services.ml.logic.survival import EDGES, intervals_seen

FOLDS = 3
ROUNDS = 120
_SETTINGS: dict[str, Any] = {
    "objective": "binary:logistic", "tree_method": "hist", "subsample": 0.8, "max_bin": 256,
    "max_depth": 10, "eta": 0.08, "min_child_weight": 2, "lambda": 2, "nthread": 1, "verbosity": 0,
}  # fmt: skip


def taught(model: RedemptionModel, taxes: Outcomes, seed: int) -> RedemptionModel:
    """Return ``model`` with what ``taxes`` teach; as it is where they are too few."""
    known = {county for county in model.history.counties if county}
    taxes = taxes.only(np.isin(taxes.columns.county, sorted(known)))
    if len(taxes) < FEWEST_LIENS or not np.isfinite(taxes.days).any():
        return model
    matrix = features_of(taxes.columns, model.history)
    hazards = _held_out(model, taxes, matrix, seed)
    plain = msgspec.structs.replace(model.tables, tax_curves=(None,) * len(EDGES))
    curves = curves_of(taxes, _told(taxes, hazards, plain), isotonic)
    fitted = msgspec.structs.replace(plain, tax_curves=curves)
    spread = spreads_of(taxes, _told(taxes, hazards, fitted), _months(taxes))
    baseline = _cells(model, taxes)
    tables = msgspec.structs.replace(fitted, baseline=baseline, tax_spread=tuple(spread))
    return replace(model, tables=tables, taxes=_fit(taxes, matrix, baseline, seed))


def _cells(model: RedemptionModel, taxes: Outcomes) -> Baseline:
    return with_taxes(model.tables.baseline, taxes.columns, taxes.days, taxes.told_to)


def _held_out(model: RedemptionModel, taxes: Outcomes, matrix: Singles, seed: int) -> Floats:
    """Return hazards by trees and cells that were taught on other parcels: taxes of one certificate come
    back on one day."""
    parcel = clusters_of(taxes.columns.county, taxes.columns.parcel)
    fold = np.random.default_rng(seed).permutation(int(parcel.max()) + 1)[parcel] % FOLDS
    found = np.empty((len(taxes), len(EDGES)))
    for one in range(FOLDS):
        inside, out = fold != one, fold == one
        if not inside.any() or not out.any():
            inside = np.ones(len(fold), dtype=bool)
        learned = taxes.only(inside)
        baseline = _cells(model, learned)
        trees = _fit(learned, matrix[inside], baseline, seed)
        if out.any():
            odds, _ = log_odds(baseline, taxes.columns.only(out))
            found[out] = hazards_of(trees, matrix[out], odds)
    return found


def _fit(taxes: Outcomes, matrix: Singles, baseline: Baseline, seed: int) -> xgboost.Booster:
    taxes, matrix = shown(taxes, matrix, seed, UNKNOWN[1:])
    odds, _ = log_odds(baseline, taxes.columns)
    case, place, ended = intervals_seen(taxes.days, taxes.told_to)
    asked = np.column_stack([matrix[case], place.astype(np.float32)])
    data = xgboost.DMatrix(asked, ended, base_margin=odds[case, place], nthread=1)
    return xgboost.train(_SETTINGS | {"seed": seed}, data, ROUNDS)


def _told(taxes: Outcomes, hazards: Floats, tables: Tables) -> Floats:
    told_by = np.full(len(taxes), TAXES, np.int8)
    return calibrated(hazards, taxes.columns.state, told_by, tables).redeemed


def _months(taxes: Outcomes) -> NDArray[np.int64]:
    """Return a number for each county's month."""
    month = np.array([first_of_month(day) for day in taxes.columns.day.tolist()])
    return clusters_of(taxes.columns.county, month)
