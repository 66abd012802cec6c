"""What the redemption model said of liens that taught it nothing, beside what came of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taxlien.services.ml.logic.redemption.columns import EPOCH
from taxlien.services.ml.logic.survival import DAYS_A_MONTH, EDGES
from taxlien.services.ml.logic.table import read_table

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


def came_of(
    models: list[RedemptionModel], frame: Path, taught_on: date, last_sale: date
) -> list[CameOf]:
    """Return what each of ``models`` says of the same liens: sold after ``last_sale``, or whose twelve
    months were over only after ``taught_on``. Chosen by dates alone: by outcome would flatter or damn."""
    outcomes, _ = learned_from(read_table(frame))
    known, came = outcomes.came_by(MONTHS)
    day = outcomes.columns.day
    over = day + MONTHS * DAYS_A_MONTH
    new = (day > last_sale.toordinal() - EPOCH) | (over > taught_on.toordinal() - EPOCH)
    chosen = outcomes.only(known & new)
    if not len(chosen):
        return []
    _, county = np.unique(chosen.columns.county, return_inverse=True)
    place = EDGES.index(MONTHS)
    return [
        CameOf(
            np.asarray(model.tell(chosen.columns).redeemed[:, place], np.float64),
            came[known & new] > 0,
            np.asarray(county, np.int64),
        )
        for model in models
    ]
