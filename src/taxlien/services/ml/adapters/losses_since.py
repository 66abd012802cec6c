"""What the risk model expected to be lost, beside what was, of liens that taught it nothing."""

from __future__ import annotations

import numpy as np
import polars as pl

from taxlien.services.ml.logic.risk.meaning import HORIZON, expected_loss
from taxlien.services.ml.logic.watching.check import FEWEST, Found
from taxlien.services.ml.logic.watching.coming_true import LEAST_GAP, beside
from taxlien.services.ml.logic.watching.taught import Taught

from .learning import clusters_of
from .outcomes_since import over_since
from .redemption_trainer import learned_from
from .risk_model import RiskModel
from .risk_trainer import realised


def judged(model: RiskModel, table: pl.DataFrame, taught: Taught) -> Found:
    """Hold what was expected to be lost of a dollar against what was, where five years are over only
    since it was taught. As no value of a property is known here, all of what is not redeemed is lost."""
    outcomes, _ = learned_from(table)
    lost = realised(outcomes)
    known = np.isfinite(lost) & over_since(outcomes, taught, HORIZON)
    outcomes, lost = outcomes.only(known), lost[known]
    if len(lost) < FEWEST:
        why = f"too few liens are {HORIZON} months old only since it was taught"
        return Found("outcomes", "unknown", len(lost), why)
    chance, wait = model.tell(outcomes.columns)
    said = expected_loss(chance, np.ones(len(chance)), wait)
    found = beside(lost, said, clusters_of(outcomes.columns.county, outcomes.columns.day))
    if found is None:
        return Found("outcomes", "unknown", len(lost), "too few sales since it was taught")
    words = (
        f"{100 * said.mean():.2f} of 100 expected to be lost, {100 * lost.mean():.2f} were,"
        f" {found.groups} sales, t {found.t:.2f} ({found.chance:.2f} by chance)"
    )
    far = (found.more or found.less) and abs(found.gap) > LEAST_GAP
    return Found("outcomes", "drifted" if far else "stable", len(lost), words)
