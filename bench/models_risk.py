"""How well coming losses are foretold: the risk model beside the redemption model's own curve.

    python bench/models_risk.py [--data FOLDER]

Each later sale is told by what was known the day before it. A loss is all of a dollar that was never
redeemed within the horizon, and what waiting at 8 % a year costs of every other.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from models import frame

from taxlien.services.ml.adapters import redemption_trainer, risk_trainer
from taxlien.services.ml.logic.redemption.labels import Outcomes, as_of
from taxlien.services.ml.logic.risk.history import History
from taxlien.services.ml.logic.risk.meaning import expected_loss, usual_wait

LAST_SALES = 8


def _seen(outcomes: Outcomes, parcels: History) -> None:
    """Print how other parcels of the sales that taught are told: five folds of parcels."""
    was = risk_trainer.realised(outcomes)
    _, parcel = np.unique(
        np.rec.fromarrays([outcomes.columns.county, outcomes.columns.parcel]), return_inverse=True
    )
    fold = np.random.default_rng(1).permutation(int(parcel.max()) + 1)[parcel] % 5
    said = {who: np.full(len(outcomes), np.nan) for who in ("risk model", "pooled cells")}
    for one in range(5):
        model = risk_trainer.train_on(outcomes.only(fold != one), parcels)
        asked = outcomes.columns.only(fold == one)
        for who, told in (("risk model", model.tell(asked)),
                          ("pooled cells", risk_trainer.starts(model.tables, asked))):  # fmt: skip
            said[who][fold == one] = expected_loss(told[0], np.ones(len(asked)), told[1])
    for county in (b"08069", b"45019"):
        mine = (outcomes.columns.county == county) & np.isfinite(was)
        for who, told in said.items():
            rank = np.corrcoef(told[mine].argsort().argsort(), was[mine].argsort().argsort())[0, 1]
            print(f"{county.decode()} parcels of sales seen, {who:<12} n {mine.sum():,}  squared miss "
                  f"{np.mean((told - was)[mine] ** 2):.5f}  rank correlation {rank:.3f}")  # fmt: skip
    print(f"trees of any lien {model.tables.trees}, of sales seen {model.tables.near_trees}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    beside_project = Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=beside_project)
    table = frame(parser.parse_args().data)
    outcomes, history = redemption_trainer.learned_from(table)
    parcels = risk_trainer.history_from(table)
    was_of = risk_trainer.realised(outcomes)
    held: list[bool] = []
    for county in (b"08069", b"45019"):
        mine = (outcomes.columns.county == county) & np.isfinite(was_of)
        found: dict[str, list[np.ndarray]] = {}
        for day in np.unique(outcomes.columns.day[mine])[-LAST_SALES:]:
            taught = as_of(outcomes, day)
            try:
                risk = risk_trainer.train_on(taught, parcels)
            except risk_trainer.TooFewOutcomes:
                continue
            tested = outcomes.only(mine & (outcomes.columns.day == day))
            was, one = risk_trainer.realised(tested), np.ones(len(tested))
            curve = redemption_trainer.train_on(taught, history).tell(tested.columns).redeemed
            lost, wait = risk.tell(tested.columns)
            cells = risk_trainer.starts(risk.tables, tested.columns)
            said = {
                "risk model": expected_loss(lost, one, wait),
                "redemption's curve": expected_loss(1 - curve[:, -1], one, usual_wait(curve)),
                "pooled cells": expected_loss(cells[0], one, cells[1]),
            }
            for who, told in said.items():
                found.setdefault(who, []).append(np.stack([told, was]))
            level, _ = risk.tables.baseline.of(
                tested.columns.state[0].decode(), county.decode(), day
            )
            ends = risk.intervals([level] * len(tested), lost, one, wait)
            low, high = (float(end.mean()) for end in ends)
            held.append(low <= was.mean() <= high)
            print(
                f"{county.decode()} {np.datetime64(int(day), 'D')} n {len(was):,} told by {level}, trees "
                f"{risk.tables.trees}: lost of 100 {100 * was.mean():.2f}, said "
                f"{100 * said['risk model'].mean():.2f}, interval {100 * low:.2f} to {100 * high:.2f}",
                flush=True,
            )
        for who, parts in found.items():
            told, was = np.concatenate(parts, axis=1)
            rank = np.corrcoef(told.argsort().argsort(), was.argsort().argsort())[0, 1]
            print(
                f"{county.decode()} {who:<22} n {len(was):>6,}  lost of 100 {100 * was.mean():.2f}  "
                f"said {100 * told.mean():.2f}  squared miss {np.mean((told - was) ** 2):.5f}  "
                f"rank correlation {rank:.3f}",
                flush=True,
            )
    _seen(outcomes, parcels)
    print(f"80 % intervals of what is lost of a coming sale: {sum(held)} of {len(held)} hold it")


if __name__ == "__main__":
    main()
