"""Redemption as training and promoting see it: taught on all but the frozen parcels, judged on those."""

from __future__ import annotations

import numpy as np
import polars as pl

from taxlien.services.ml.logic.survival import EDGES

from . import redemption_taxes
from .learning import Measured, clusters_of
from .redemption_model import RedemptionModel, dump
from .redemption_trainer import learned_from, taxes_from, train_on

_JUDGED_AT = (12, 36)


class _Training:
    """Fulfils ``learning.Learning``."""

    def train(self, table: pl.DataFrame, memory: pl.DataFrame, seed: int) -> dict[str, bytes]:
        """Return the files of a model. Raises ``ValueError`` where there are too few outcomes."""
        outcomes, _ = learned_from(table)
        _, history = learned_from(memory)
        model = train_on(outcomes, history, seed)
        return dump(redemption_taxes.taught(model, taxes_from(table), seed))

    def measure(self, model: RedemptionModel, table: pl.DataFrame) -> Measured:
        """Return the squared miss of the chances by 12 and by 36 months, each where it is known."""
        outcomes, _ = learned_from(table)
        told = model.tell(outcomes.columns).redeemed
        misses, metrics = [], {"cases": float(len(outcomes))}
        for months in _JUDGED_AT:
            known, came = outcomes.came_by(months)
            known &= outcomes.followed(months)
            miss = np.where(known, (told[:, EDGES.index(months)] - came) ** 2, np.nan)
            misses.append(miss)
            if known.any():
                metrics[f"brier_{months}"] = float(np.nanmean(miss))
                metrics[f"base_rate_{months}"] = float(came[known].mean())
        both = np.stack(misses, 1)
        seen = np.isfinite(both).sum(1)
        loss = np.where(seen > 0, np.nansum(both, 1) / np.maximum(seen, 1), np.nan)
        columns = outcomes.columns
        return Measured(loss, clusters_of(columns.county, columns.parcel), metrics)


TRAINING = _Training()
