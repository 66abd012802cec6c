"""Prices as training and promoting see them: taught on all but the frozen parcels, judged on those."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from taxlien.services.ml.logic.auction.columns import Columns, day_of
from taxlien.services.ml.logic.auction.methods import Method
from taxlien.services.ml.logic.case import Case

from .auction_model import AuctionModel, dump
from .auction_trainer import levels_by_method, outcomes_by_method, train
from .learning import Measured, clusters_of

FIELDS: dict[Method, str] = {
    "bid_down_rate": "predicted_rate_pct",
    "property_bid": "predicted_bid",
    "premium": "predicted_premium",
}


FEWEST_BIDS = 20


class _Training:
    """Fulfils ``learning.Learning``."""

    def train(self, table: pl.DataFrame, memory: pl.DataFrame, seed: int) -> dict[str, bytes]:
        """Return the files of a model of every method the table has sales of. Raises ``ValueError`` where
        those are next to none: an office that nothing holds answers as much."""
        known = sum(
            int(np.isfinite(outcomes.bid).sum()) for outcomes in outcomes_by_method(table).values()
        )
        if known < FEWEST_BIDS:
            raise ValueError(f"{known} liens with a known bid, {FEWEST_BIDS} needed")
        model, levels = train(table, seed), levels_by_method(memory)
        methods = {
            method: replace(known, levels=levels[method]) if known.levels else known
            for method, known in model.methods.items()
        }
        return dump(replace(model, methods=methods))

    def measure(self, model: AuctionModel, table: pl.DataFrame) -> Measured:
        """Compare logarithms, so that a rate, a bid and a premium count alike; no price counts as zero."""
        losses, clusters, metrics = [np.empty(0)], [np.empty(0, np.int64)], {}
        for method, outcomes in outcomes_by_method(table).items():
            bids = outcomes.columns.only(np.isfinite(outcomes.bid))
            bid = outcomes.bid[np.isfinite(outcomes.bid)]
            answers = model.predict(cases_of(bids))
            told = np.array([getattr(one, FIELDS[method]) or 0.0 for one in answers])
            off = np.abs(told - bid)
            losses.append(np.abs(np.log1p(told) - np.log1p(np.maximum(bid, 0.0))))
            clusters.append(clusters_of(bids.county, bids.parcel) + sum(map(len, clusters)) ** 2)
            metrics[f"{method}_cases"] = float(len(bid))
            if len(bid):
                metrics[f"{method}_mean_abs_error"] = float(off.mean())
                above = bid > 0
                if above.any():
                    metrics[f"{method}_median_ape"] = float(np.median(off[above] / bid[above]))
        loss = np.concatenate(losses)
        if len(loss):
            metrics["loss"] = float(loss.mean())
        return Measured(loss, np.concatenate(clusters), metrics)


def cases_of(columns: Columns) -> list[Case]:
    """Return what was known before the sale, as somebody would ask."""

    def known(values: np.ndarray) -> list[float | None]:
        return [None if np.isnan(value) else value for value in values.tolist()]

    return [
        Case(
            state=state.decode(),
            county_fips=county.decode() or None,
            parcel_id=parcel.decode() or None,
            sale_date=day_of(day),
            face_amount=face,
            assessed_value=assessed,
            homestead=None if homestead is None else bool(homestead),
        )
        for state, county, parcel, day, face, assessed, homestead in zip(
            columns.state.tolist(),
            columns.county.tolist(),
            columns.parcel.tolist(),
            columns.day.tolist(),
            known(columns.face),
            known(columns.assessed),
            known(columns.homestead),
            strict=True,
        )
    ]


TRAINING = _Training()
