"""Redemption as training and promoting see it: taught on all but the frozen parcels, judged on those."""

from __future__ import annotations

import numpy as np
import polars as pl

from taxlien.services.ml.logic.redemption.columns import Floats
from taxlien.services.ml.logic.redemption.labels import Outcomes
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
        """Return the squared miss of the chances by 12 and by 36 months, each where it is known; later
        taxes count as sold liens do, and are told apart too."""
        sold, later = learned_from(table)[0], taxes_from(table)
        parts = {"": sold, "_taxes": later} if len(later) else {"": sold}
        found = {part: _measured(model, outcomes, part) for part, outcomes in parts.items()}
        clusters = clusters_of(
            np.concatenate([one.columns.county for one in parts.values()]),
            np.concatenate([one.columns.parcel for one in parts.values()]),
        )
        loss = np.concatenate([loss for loss, _ in found.values()])
        metrics = {name: value for _, told in found.values() for name, value in told.items()}
        return Measured(loss, clusters, metrics)


def _measured(
    model: RedemptionModel, outcomes: Outcomes, part: str
) -> tuple[Floats, dict[str, float]]:
    told = model.tell(outcomes.columns).redeemed
    misses, metrics = [], {f"cases{part}": float(len(outcomes))}
    for months in _JUDGED_AT:
        known, came = outcomes.came_by(months)
        miss = np.where(known, (told[:, EDGES.index(months)] - came) ** 2, np.nan)
        misses.append(miss)
        if known.any():
            metrics[f"brier_{months}{part}"] = float(np.nanmean(miss))
            metrics[f"base_rate_{months}{part}"] = float(came[known].mean())
    both = np.stack(misses, 1)
    seen = np.isfinite(both).sum(1)
    return np.where(seen > 0, np.nansum(both, 1) / np.maximum(seen, 1), np.nan), metrics


TRAINING = _Training()
