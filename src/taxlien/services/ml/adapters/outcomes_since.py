"""What the redemption model said of liens that taught it nothing, beside what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from taxlien.services.ml.logic.redemption.columns import EPOCH
from taxlien.services.ml.logic.redemption.labels import Outcomes
from taxlien.services.ml.logic.survival import DAYS_A_MONTH, EDGES
from taxlien.services.ml.logic.watching.check import FEWEST, Found
from taxlien.services.ml.logic.watching.coming_true import coming_true
from taxlien.services.ml.logic.watching.taught import Taught

from .redemption_model import RedemptionModel
from .redemption_trainer import learned_from

MONTHS = 12


@dataclass(frozen=True)
class CameOf:
    """Chances to be redeemed within twelve months, whether that came, and the county's number."""

    predicted: NDArray[np.float64]
    came: NDArray[np.bool_]
    county: NDArray[np.int64]

    @property
    def squared_miss(self) -> NDArray[np.float64]:
        return np.asarray((self.predicted - self.came) ** 2)


def judged(model: RedemptionModel, table: pl.DataFrame, taught: Taught) -> Found:
    """Hold what the model said against what came of it since."""
    told = came_of([model], table, taught)
    found = coming_true(told[0].predicted, told[0].came, told[0].county) if told else None
    if found is None or found.rows < FEWEST:
        rows = found.rows if found else 0
        return Found("outcomes", "unknown", rows, "too few outcomes since it was taught")
    words = f"12 months: {found.expected:.4f} expected, {found.observed:.4f} came, z {found.z:.2f}"
    return Found("outcomes", "drifted" if found.drifted else "stable", found.rows, words)


def misses(
    models: Sequence[RedemptionModel], table: pl.DataFrame, taught: Taught
) -> dict[str, list[NDArray[np.float64]]]:
    """Return the squared misses of each of ``models`` on the same liens, by the name of the metric."""
    told = came_of(models, table, taught)
    enough = told and len(told[0].came) >= FEWEST
    return {"squared_miss": [one.squared_miss for one in told]} if enough else {}


def came_of(models: Sequence[RedemptionModel], table: pl.DataFrame, taught: Taught) -> list[CameOf]:
    """Return what each of ``models`` says of the same liens: sold after the last sale that taught, or
    whose twelve months were over only since. Chosen by dates alone: by outcome would flatter or damn."""
    outcomes, _ = learned_from(table)
    known, came = outcomes.came_by(MONTHS)
    known &= over_since(outcomes, taught, MONTHS)
    chosen = outcomes.only(known)
    if not len(chosen):
        return []
    _, county = np.unique(chosen.columns.county, return_inverse=True)
    place = EDGES.index(MONTHS)
    return [
        CameOf(
            np.asarray(model.tell(chosen.columns).redeemed[:, place], np.float64),
            came[known] > 0,
            np.asarray(county, np.int64),
        )
        for model in models
    ]


def over_since(outcomes: Outcomes, taught: Taught, months: int) -> NDArray[np.bool_]:
    """Return which liens were sold after the last sale that taught, or were so old only since."""
    day = outcomes.columns.day
    over = day + months * DAYS_A_MONTH
    return np.asarray(
        (day > taught.last_sale.toordinal() - EPOCH) | (over > taught.on.toordinal() - EPOCH)
    )
