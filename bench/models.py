"""How good the redemption model is on liens it never saw, beside what is simpler.

    python bench/models.py [--data FOLDER] [--peers]

Reads the county files of Larimer (Colorado) and Charleston (South Carolina) through the catalogue's own
readers, as an import does. Splits: five folds by rows, five by parcels (no parcel on both sides), and by
time (taught on what was known the day before a sale, tested on that sale). Peers are told one rate, a
logistic regression and a random forest on the same features.
"""

from __future__ import annotations

import argparse
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from taxlien.services.liens.adapters.reading import read_records, sample_file
from taxlien.services.liens.adapters.shipped import mapping_for
from taxlien.services.liens.logic.records import LienRecord
from taxlien.services.ml.adapters import redemption_trainer
from taxlien.services.ml.logic import metrics
from taxlien.services.ml.logic.frame import COLUMNS
from taxlien.services.ml.logic.redemption.features import NAMES, OF_A_SALE, features_of
from taxlien.services.ml.logic.redemption.labels import Outcomes, as_of
from taxlien.services.ml.logic.redemption.report import brier_of_rate, report_of
from taxlien.services.ml.logic.table import table_of

FILES = ("larimer_co/liens.csv", "charleston_sc/outcomes_2012_2013.csv")
FOLDS = 5


def frame(folder: Path) -> pl.DataFrame:
    """Return the files as the training frame that importing them would make."""
    rows: list[dict[str, Any]] = []
    for name in FILES:
        path = folder / name
        sample = sample_file(path)
        mapping = mapping_for(path, sample.header, sample.rows)
        assert mapping is not None, path
        for record in read_records(path, mapping):
            if not isinstance(record, LienRecord):
                continue
            facts = {field: getattr(record, field, None) for field in COLUMNS}
            plain = {k: float(v) if isinstance(v, Decimal) else v for k, v in facts.items()}
            ids = {"source": mapping.name, "lien_id": f"{name}:{record.line}", "synthetic": False}
            rows.append(plain | ids)
    return table_of(rows)


def show(split: str, who: str, tested: Outcomes, redeemed: Any, taught: Outcomes) -> None:
    for months, s in report_of(tested, redeemed).items():
        auc = "-" if s.auc is None else f"{s.auc:.4f}"
        print(
            f"{split:<22} {who:<10} {months:>2} m  n {s.n:>6,}  rate {s.base_rate:.3f}  "
            f"Brier {s.brier:.4f} (told the rate {brier_of_rate(taught, tested, months):.4f})  "
            f"log loss {s.log_loss:.4f}  AUC {auc}  ECE {s.ece:.4f}",
            flush=True,
        )


def folded(split: str, outcomes: Outcomes, history: Any, fold: Any, peers: bool) -> None:
    told = np.empty((len(outcomes), 9))
    for one in range(FOLDS):
        model = redemption_trainer.train_on(outcomes.only(fold != one), history)
        told[fold == one] = model.tell(outcomes.only(fold == one).columns).redeemed
    for state in (b"CO", b"SC"):
        mine = outcomes.columns.state == state
        show(f"{split} {state.decode()}", "model", outcomes.only(mine), told[mine], outcomes)
        if state == b"CO":
            known, came = outcomes.came_by(12)
            chosen = known & mine
            for row in metrics.reliability(came[chosen], told[chosen, 3]):
                print(f"    said {row.predicted:.3f}  came {row.observed:.3f}  n {row.n:,}")
    if peers:
        beside(split, outcomes, history, fold)


def beside(split: str, outcomes: Outcomes, history: Any, fold: Any) -> None:
    """Print what simpler models reach for twelve and 36 months in Larimer, on the same features."""
    matrix = features_of(outcomes.columns, history)
    alike = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    for who, made in (
        ("logistic", LogisticRegression(max_iter=500)),
        ("forest", RandomForestClassifier(300, min_samples_leaf=5, n_jobs=2, random_state=1)),
    ):
        for months in (12, 36):
            known, came = outcomes.came_by(months)
            chosen = known & (outcomes.columns.state == b"CO")
            said = np.full(len(outcomes), np.nan)
            for one in range(FOLDS):
                taught, asked = chosen & (fold != one), chosen & (fold == one)
                learned = make_pipeline(alike, made).fit(matrix[taught], came[taught])
                said[asked] = learned.predict_proba(matrix[asked])[:, 1]
            s = metrics.scores_of(came[chosen], said[chosen])
            print(f"{split:<22} {who:<10} {months:>2} m  Brier {s.brier:.4f}  log loss "
                  f"{s.log_loss:.4f}  AUC {s.auc:.4f}  ECE {s.ece:.4f}", flush=True)  # fmt: skip


def by_time(outcomes: Outcomes, history: Any, peers: bool) -> None:
    """Print each later sale of Larimer as it could have been said the day before it."""
    larimer = outcomes.only(outcomes.columns.state == b"CO")
    for day in np.unique(larimer.columns.day)[-7:-1]:
        taught = as_of(outcomes, day)
        tested = larimer.only(larimer.columns.day == day)
        model = redemption_trainer.train_on(taught, history)
        split = f"sale of {np.datetime64(int(day), 'D')}"
        show(split, "model", tested, model.tell(tested.columns).redeemed, taught)
        if peers:
            ahead(split, taught, tested, history)


def ahead(split: str, taught: Outcomes, tested: Outcomes, history: Any) -> None:
    """Print a logistic regression's twelve months, taught the same day."""
    general = [k for k, name in enumerate(NAMES) if name not in OF_A_SALE]
    known, came = taught.came_by(12)
    learned = make_pipeline(
        SimpleImputer(add_indicator=True), StandardScaler(), LogisticRegression(max_iter=500)
    ).fit(features_of(taught.columns, history)[known][:, general], came[known])
    known, came = tested.came_by(12)
    said = learned.predict_proba(features_of(tested.columns, history)[known][:, general])[:, 1]
    s = metrics.scores_of(came[known], said)
    print(f"{split:<22} logistic   12 m  Brier {s.brier:.4f}  AUC {s.auc:.4f}  ECE {s.ece:.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    beside_project = Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=beside_project)
    parser.add_argument("--peers", action="store_true", help="also simpler models")
    parser.add_argument("--only", choices=["rows", "parcels", "time"])
    asked = parser.parse_args()
    outcomes, history = redemption_trainer.learned_from(frame(asked.data))
    print(f"{len(outcomes):,} liens with a known course; 5 folds, seed 1")
    made = np.random.default_rng(1)
    started = time.process_time()
    if asked.only in (None, "rows"):
        folded("rows", outcomes, history, made.permutation(len(outcomes)) % FOLDS, asked.peers)
    if asked.only in (None, "parcels"):
        columns = outcomes.columns
        keys = np.rec.fromarrays([columns.county, columns.parcel])
        _, parcel = np.unique(keys, return_inverse=True)
        fold = made.permutation(int(parcel.max()) + 1)[parcel] % FOLDS
        folded("parcels", outcomes, history, fold, False)
    if asked.only in (None, "time"):
        by_time(outcomes, history, asked.peers)
    print(f"CPU {time.process_time() - started:.0f} s")


if __name__ == "__main__":
    main()
