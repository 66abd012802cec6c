"""What a redemption model is worth: on the frozen parcels, and on sales ahead of all that taught it."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from taxlien.services.ml.logic import findings, peers
from taxlien.services.ml.logic.findings import Findings
from taxlien.services.ml.logic.metrics import auc
from taxlien.services.ml.logic.redemption.answer import ASKED
from taxlien.services.ml.logic.redemption.columns import Floats
from taxlien.services.ml.logic.redemption.features import NAMES, OF_A_SALE, features_of
from taxlien.services.ml.logic.redemption.history import History
from taxlien.services.ml.logic.redemption.labels import Outcomes, as_of
from taxlien.services.ml.logic.survival import EDGES

from .redemption_model import RedemptionModel
from .redemption_trainer import TooFewOutcomes, learned_from, train_on

SHOWN = (12, 36)
AHEAD = 0.8
"""Share of the days of sale that teach when later ones are foretold."""
FEWEST_TO_COMPARE = 200
GENERAL = [k for k, name in enumerate(NAMES) if name not in OF_A_SALE]
RATE, LOGISTIC = "the county's rate", "logistic regression"
_SAMPLE = 20_000
_FIRST_YEAR = 1970


def findings_of(
    model: RedemptionModel, taught: pl.DataFrame, judged: pl.DataFrame, seed: int
) -> Findings:
    """Return what the frozen rows ``judged`` tell of ``model``, and a model taught on early sales of
    later ones."""
    known, _ = learned_from(taught)
    tested, _ = learned_from(judged)
    told = model.tell(tested.columns).redeemed
    found = [
        _of(f"by {months} months", months, known, tested, told, model.history, yearly=True)
        for months in ASKED
    ]
    return findings.joined(*found, _ahead(known, model.history, seed), _shift(known, model.history))


def split_day(outcomes: Outcomes) -> float:
    """Return the day of sale from which on a fifth of the days lie; NaN without any."""
    days = np.unique(outcomes.columns.day)
    return float(days[min(int(AHEAD * len(days)), len(days) - 1)]) if len(days) else float("nan")


def years_of(days: Floats) -> NDArray[np.int64]:
    """Return the years of days since 1970."""
    return np.asarray(
        (days + 0.0).astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + _FIRST_YEAR
    )


def _of(
    what: str,
    months: int,
    taught: Outcomes,
    tested: Outcomes,
    told: Floats,
    history: History,
    *,
    yearly: bool = False,
) -> Findings:
    known, came = tested.came_by(months)
    learned, was = taught.came_by(months)
    if known.sum() < 2 or learned.sum() < FEWEST_TO_COMPARE:
        return Findings()
    said, came, columns = told[known, EDGES.index(months)], came[known], tested.columns.only(known)
    teachers, was = taught.columns.only(learned), was[learned]
    rate = peers.rate_of(teachers.county, was, columns.county)
    some = slice(None, None, max(1, len(was) // _SAMPLE))
    regression = peers.logistic(
        features_of(teachers, history)[some][:, GENERAL].astype(np.float64),
        was[some],
        features_of(columns, history)[:, GENERAL].astype(np.float64),
    )
    others = {RATE: rate, LOGISTIC: regression}
    misses = {name: (other - came) ** 2 for name, other in others.items()}
    logs = {name: _log_loss(other, came) for name, other in others.items()}
    miss = (said - came) ** 2
    found = Findings(
        (
            findings.compared(what, "Brier", miss, misses),
            findings.compared(what, "log loss", _log_loss(said, came), logs),
        ),
        (findings.honesty(what, said, came, auc(came, said)),),
    )
    if months not in SHOWN or not yearly:
        return found
    years = findings.by_year(what, "Brier", years_of(columns.day), miss, (RATE, misses[RATE]))
    return findings.joined(found, Findings(by_year=(years,)))


def _ahead(outcomes: Outcomes, history: History, seed: int) -> Findings:
    """Return how sales from a day on are foretold by what was known the day before."""
    day = split_day(outcomes)
    try:
        known = as_of(outcomes, day)
        model = train_on(known, history, seed)
    except TooFewOutcomes:
        return Findings()
    later = outcomes.only(outcomes.columns.day >= day)
    told = model.tell(later.columns).redeemed
    since = np.datetime64(int(day), "D")
    found = [
        _of(f"sales from {since} on, by {months} months", months, known, later, told, history)
        for months in SHOWN
    ]
    return findings.joined(*found)


def _shift(outcomes: Outcomes, history: History) -> Findings:
    matrix = features_of(outcomes.columns, history)[:, GENERAL]
    late = outcomes.columns.day >= split_day(outcomes)
    names = [NAMES[k] for k in GENERAL]
    if not late.any() or late.all():
        return Findings()
    return Findings(shifted=findings.shifted(names, matrix[~late], matrix[late]))


def _log_loss(said: Floats, came: Floats) -> Floats:
    chance = np.clip(said, 1e-6, 1 - 1e-6)
    return -(came * np.log(chance) + (1 - came) * np.log(1 - chance))
