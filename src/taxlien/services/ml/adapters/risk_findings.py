"""What a risk model is worth: on the frozen parcels, and on sales ahead of all that taught it."""

from __future__ import annotations

import numpy as np
import polars as pl

from taxlien.services.ml.logic import findings, peers
from taxlien.services.ml.logic.findings import Findings
from taxlien.services.ml.logic.redemption.labels import Outcomes, as_of
from taxlien.services.ml.logic.risk.features import NAMES, features_of
from taxlien.services.ml.logic.risk.meaning import Floats, expected_loss

from .redemption_findings import split_day, years_of
from .redemption_trainer import learned_from
from .risk_model import RiskModel, starts
from .risk_trainer import TooFewOutcomes, history_from, realised, train_on

MEASURE = "squared miss of what is lost of a dollar"
MEAN, CELLS = "the county's mean loss", "pooled cells"


def findings_of(
    model: RiskModel, taught: pl.DataFrame, judged: pl.DataFrame, seed: int
) -> Findings:
    """Return what the frozen rows ``judged`` tell of ``model``, and a model taught on early sales of
    later ones. All is lost where nothing is redeemed, as no value of a property is known here."""
    known, _ = learned_from(taught)
    tested, _ = learned_from(judged)
    frozen = _of("frozen parcels", known, tested, model, yearly=True)
    return findings.joined(frozen, _ahead(known, taught, seed), _shift(known, model))


def _of(
    what: str, taught: Outcomes, tested: Outcomes, model: RiskModel, *, yearly: bool = False
) -> Findings:
    was, before = realised(tested), realised(taught)
    told = np.isfinite(was)
    known = np.isfinite(before)
    if told.sum() < 2 or not known.any():
        return Findings()
    tested, was = tested.only(told), was[told]
    columns = tested.columns
    said = _loss(*model.tell(columns))
    others = {
        MEAN: peers.rate_of(taught.columns.county[known], before[known], columns.county),
        CELLS: _loss(*starts(model.tables, columns)),
    }
    misses = {name: (other - was) ** 2 for name, other in others.items()}
    miss = (said - was) ** 2
    years = findings.by_year(what, MEASURE, years_of(columns.day), miss, (MEAN, misses[MEAN]))
    return Findings(
        (findings.compared(what, MEASURE, miss, misses),),
        (findings.honesty(f"{what}: lost of a dollar", np.clip(said, 0, 1), was),),
        (years,) if yearly else (),
    )


def _ahead(outcomes: Outcomes, taught: pl.DataFrame, seed: int) -> Findings:
    day = split_day(outcomes)
    known = as_of(outcomes, day)
    try:
        model = train_on(known, history_from(taught), seed)
    except TooFewOutcomes:
        return Findings()
    later = outcomes.only(outcomes.columns.day >= day)
    return _of(f"sales from {np.datetime64(int(day), 'D')} on", known, later, model)


def _shift(outcomes: Outcomes, model: RiskModel) -> Findings:
    matrix = features_of(outcomes.columns, model.history)
    late = outcomes.columns.day >= split_day(outcomes)
    if not late.any() or late.all():
        return Findings()
    return Findings(shifted=findings.shifted(NAMES, matrix[~late], matrix[late]))


def _loss(lost: Floats, wait: Floats) -> Floats:
    return expected_loss(lost, np.ones(len(lost)), wait)
