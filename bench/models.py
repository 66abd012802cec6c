"""How good the redemption model is on liens it never saw, beside what is simpler.

    python bench/models.py [--data FOLDER] [--peers] [--only rows|parcels|certificates|lines|time|speed]

Reads the county files of Larimer (Colorado) and Charleston (South Carolina) through the catalogue's own
readers, as an import does. Splits: five folds by rows, five by parcels (no parcel on both sides), a quarter
of whole certificates with the later taxes paid on them (nothing of either is known), a quarter of all lines,
sold liens and later taxes alike, and by time (taught on what was known the day before a sale, tested on that
sale). Peers are told one rate, a logistic regression and a random forest on the same features.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import fields, replace
from datetime import date
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
from taxlien.services.ml.adapters import redemption_taxes, redemption_trainer
from taxlien.services.ml.adapters.redemption_trainer import taxes_from
from taxlien.services.ml.logic import metrics
from taxlien.services.ml.logic.case import Case
from taxlien.services.ml.logic.frame import COLUMNS
from taxlien.services.ml.logic.redemption.answer import ASKED
from taxlien.services.ml.logic.redemption.columns import Columns
from taxlien.services.ml.logic.redemption.features import NAMES, OF_A_SALE, features_of
from taxlien.services.ml.logic.redemption.labels import Outcomes, as_of
from taxlien.services.ml.logic.redemption.report import brier_of_rate, report_of
from taxlien.services.ml.logic.redemption.spread import interval_of
from taxlien.services.ml.logic.survival import EDGES
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
    told = np.empty((len(outcomes), len(EDGES)))
    for one in range(FOLDS):
        model = redemption_trainer.train_on(outcomes.only(fold != one), history)
        told[fold == one] = model.tell(outcomes.only(fold == one).columns).redeemed
    for state in (b"CO", b"SC"):
        mine = outcomes.columns.state == state
        show(f"{split} {state.decode()}", "model", outcomes.only(mine), told[mine], outcomes)
        if state == b"CO":
            known, came = outcomes.came_by(12)
            chosen = known & mine
            for row in metrics.reliability(came[chosen], told[chosen, EDGES.index(12)]):
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
    held: list[bool] = []
    for day in np.unique(larimer.columns.day)[-7:-1]:
        taught = as_of(outcomes, day)
        tested = larimer.only(larimer.columns.day == day)
        model = redemption_trainer.train_on(taught, history)
        held += inside(model, tested)
        split = f"sale of {np.datetime64(int(day), 'D')}"
        show(split, "model", tested, model.tell(tested.columns).redeemed, taught)
        if peers:
            ahead(split, taught, tested, history)
    print(f"80 % intervals of the share redeemed by 6, 12, 24, 36 months of a coming sale: "
          f"{sum(held)} of {len(held)} hold it")  # fmt: skip


def inside(model: Any, tested: Outcomes) -> list[bool]:
    """Return whether a sale's share of redeemed lies in the interval around its mean chance."""
    redeemed = model.tell(tested.columns).redeemed
    found = []
    for months in ASKED:
        place = EDGES.index(months)
        known, came = tested.came_by(months)
        if known.sum() < 30:
            continue
        spread = np.array(model.tables.far_spread[place])
        low, high = interval_of(redeemed[known, place].mean(keepdims=True), spread)
        found.append(bool(low[0] <= came[known].mean() <= high[0]))
    return found


def joined(first: Outcomes, second: Outcomes) -> Outcomes:
    """Return the liens of both."""

    def both(one: Any, other: Any, names: Any) -> list[Any]:
        return [np.concatenate([getattr(one, f.name), getattr(other, f.name)]) for f in names]

    columns = Columns(*both(first.columns, second.columns, fields(Columns)))
    return Outcomes(columns, *both(first, second, fields(Outcomes)[1:]))


def certificates(table: pl.DataFrame) -> None:
    """Print how a quarter of whole certificates is told, and the later taxes paid on them, by what was
    imported of the others."""
    keys = ["county_fips", "parcel_key", "certificate_number"]
    whole = table.select(keys).unique().sort(keys, nulls_last=True)
    chosen = np.random.default_rng(1).random(len(whole)) < 0.25
    held = whole.filter(pl.Series(chosen))
    taught = table.join(held, on=keys, how="anti", nulls_equal=True)
    tested = table.join(held, on=keys, how="semi", nulls_equal=True)
    quarter("certificates", taught, tested)


def lines(table: pl.DataFrame) -> None:
    """Print how a quarter of all lines of the files is told, drawn whatever they are, by the others."""
    chosen = pl.Series(np.random.default_rng(1).random(len(table)) < 0.25)
    quarter("lines", table.filter(~chosen), table.filter(chosen))


def quarter(split: str, taught: pl.DataFrame, tested: pl.DataFrame) -> None:
    """Print how ``tested`` is told: sold liens, also without premium, parcel or face, and later taxes."""
    model = redemption_taxes.taught(redemption_trainer.train(taught), taxes_from(taught), 7)
    sold, _ = redemption_trainer.learned_from(tested)
    later, known = taxes_from(tested), redemption_trainer.learned_from(taught)[0]
    for state in (b"CO", b"SC"):
        both = [part.only(part.columns.state == state) for part in (sold, later)]
        parts = {"sold": both[0], "later taxes": both[1], "both": joined(*both)}
        where = f"{split} {state.decode()}"
        for name, part in parts.items():
            if len(part):
                show(where, name, part, model.tell(part.columns).redeemed, known)
        for field in ("premium", "parcel", "face"):
            nothing = {field: np.full(len(both[0]), np.nan)}
            told = model.tell(replace(both[0].columns, **nothing)).redeemed
            show(where, f"no {field}", both[0], told, known)


def speed(outcomes: Outcomes, history: Any) -> None:
    """Print the CPU of one answer, of one with reasons, and of many, for liens of a sale to come."""
    model = redemption_trainer.train_on(outcomes, history)
    parcels = outcomes.columns.parcel[outcomes.columns.state == b"CO"].tolist()
    for day in (date(2009, 11, 18), date(2016, 11, 17)):
        cases = [
            Case(state="CO", county_fips="08069", sale_date=day, face_amount=900.0,
                 parcel_id=f"{number:.0f}") for number in parcels
        ]  # fmt: skip
        timed = []
        for case in cases[:2000]:
            began = time.process_time()
            model.predict([case], explain=False)
            timed.append((time.process_time() - began) * 1000)
        began = time.process_time()
        for case in cases[:50]:
            model.predict([case], explain=True)
        reasons = (time.process_time() - began) / 50 * 1000
        many = (cases * 9)[:100_000]
        began = time.process_time()
        model.predict(many)
        batch = time.process_time() - began
        print(f"sale of {day}: one {np.median(timed):.2f} ms CPU (99 of 100 under "
              f"{np.percentile(timed, 99):.2f}), with reasons {reasons:.1f} ms, {len(many):,} at once "
              f"{batch:.1f} s")  # fmt: skip


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
    parser.add_argument(
        "--only", choices=["rows", "parcels", "certificates", "lines", "time", "speed"]
    )
    asked = parser.parse_args()
    table = frame(asked.data)
    outcomes, history = redemption_trainer.learned_from(table)
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
    if asked.only in (None, "certificates"):
        certificates(table)
    if asked.only in (None, "lines"):
        lines(table)
    if asked.only in (None, "time"):
        by_time(outcomes, history, asked.peers)
    if asked.only in (None, "speed"):
        speed(outcomes, history)
    print(f"CPU {time.process_time() - started:.0f} s")


if __name__ == "__main__":
    main()
