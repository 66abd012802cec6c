"""Risk as training and promoting see it: taught on all but the frozen parcels, judged on those."""

from __future__ import annotations

import numpy as np
import polars as pl

from taxlien.services.ml.logic.risk.meaning import expected_loss

from .learning import Measured, clusters_of
from .redemption_trainer import learned_from
from .risk_model import RiskModel, dump
from .risk_trainer import history_from, realised, train_on

_COUNTS = ("trees_of_loss", "trees_of_wait", "near_trees_of_loss", "near_trees_of_wait")


class _Training:
    """Fulfils ``learning.Learning``."""

    def train(self, table: pl.DataFrame, memory: pl.DataFrame, seed: int) -> dict[str, bytes]:
        """Return the files of a model. Raises ``ValueError`` where there are too few outcomes."""
        outcomes, _ = learned_from(table)
        return dump(train_on(outcomes, history_from(memory), seed))

    def measure(self, model: RiskModel, table: pl.DataFrame) -> Measured:
        """Return the squared miss of what is lost of a dollar; all is, where nothing is redeemed."""
        outcomes, _ = learned_from(table)
        columns = outcomes.columns
        lost, wait = model.tell(columns)
        told = expected_loss(lost, np.ones(len(lost)), wait)
        was = realised(outcomes)
        known = np.isfinite(was)
        metrics = dict(
            zip(_COUNTS, map(float, model.tables.trees + model.tables.near_trees), strict=True)
        )
        metrics["cases"] = float(known.sum())
        if known.any():
            metrics |= {
                "lost_of_100": float(100 * was[known].mean()),
                "said_of_100": float(100 * told[known].mean()),
                "squared_miss": float(np.mean((told - was)[known] ** 2)),
            }
        return Measured((told - was) ** 2, clusters_of(columns.county, columns.parcel), metrics)


TRAINING = _Training()
