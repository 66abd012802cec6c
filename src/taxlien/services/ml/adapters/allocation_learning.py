"""The buying policy as training and promoting see it: taught on futures that the models in office draw.

Liens that were sold are offered again at what they cost, with the chances that the redemption model gives
those of a coming sale. Champion and challenger are judged on the same problems of the frozen parcels.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import msgspec
import numpy as np
import polars as pl

from taxlien.services.ml.logic.allocation import greedy
from taxlien.services.ml.logic.allocation.candidate import Candidate
from taxlien.services.ml.logic.allocation.judging import judge
from taxlien.services.ml.logic.allocation.offers import ON_OFFER, case_of, offer_of
from taxlien.services.ml.logic.allocation.practice import FUTURES, posed, problems_from
from taxlien.services.ml.logic.allocation.scenarios import draw
from taxlien.services.ml.logic.allocation.valuing import Asked, candidates_of
from taxlien.services.ml.logic.allocation.walk import follow

from .allocation_policy import AllocationPolicy, dump
from .learning import Measured

STEPS = 245_760
MOST_PRACTISED = 1_500
JUDGED_PROBLEMS = 200
FIRST_JUDGED = 2_000_000_000
"""Number of the first problem that judges: none that teaches comes so far."""
JUDGED_FUTURES = 2_000
_SAMPLE_SEED = 20_260_101
_TRAIN = "taxlien.services.ml.adapters.allocation_training:train"
_AHEAD = timedelta(days=30)


@dataclass(frozen=True)
class PolicyLearning:
    """Fulfils ``learning.Learning``. ``teachers`` are the models in office by name."""

    teachers: Mapping[str, Any] = field(default_factory=dict)
    steps: int = STEPS
    problems: int = JUDGED_PROBLEMS

    def taught_by(self, teachers: Mapping[str, Any]) -> PolicyLearning:
        """Return the learning with these teachers."""
        return replace(self, teachers=teachers)

    def train(self, table: pl.DataFrame, memory: pl.DataFrame, seed: int) -> dict[str, bytes]:
        """Return the files of a policy. Raises ``ValueError`` where the extra ``rl`` is not installed, no
        redemption model serves, or there are too few liens."""
        try:
            train = pkgutil.resolve_name(_TRAIN)
        except ModuleNotFoundError as missing:
            raise ValueError(
                f"{missing.name} is not installed; it comes with the extra rl:"
                " pip install 'taxlien[rl]'"
            ) from None
        return dump(train(problems_from(pool_of(table, self.teachers)), self.steps, seed))

    def measure(self, model: AllocationPolicy, table: pl.DataFrame) -> Measured:
        """Return what the policy's choices are worth, in futures that it has not seen: percent of the
        budget below zero, a problem each."""
        pool = sorted(pool_of(table, self.teachers), key=lambda each: each.lien_id)
        values: dict[str, list[float]] = {"policy": [], "greedy": []}
        for number in range(FIRST_JUDGED, FIRST_JUDGED + (self.problems if pool else 0)):
            fitting, wishes = posed(pool, number)
            seen = draw(fitting, wishes, FUTURES, number)
            fresh = draw(fitting, wishes, JUDGED_FUTURES, number + 1_000_000_000)
            chosen = {
                "policy": follow(model.buys, seen, wishes),
                "greedy": greedy.choose(seen, wishes),
            }
            for name, each in chosen.items():
                values[name].append(100.0 * judge(each, fresh, wishes).value / wishes.budget)
        worth = {name: np.array(each) for name, each in values.items()}
        metrics = {"problems": float(len(worth["policy"]))}
        if pool:
            metrics |= {f"value_pct_{name}": float(each.mean()) for name, each in worth.items()}
            metrics["better_than_greedy"] = float((worth["policy"] > worth["greedy"]).mean())
        return Measured(-worth["policy"], np.arange(len(worth["policy"]), dtype=np.int64), metrics)


def pool_of(table: pl.DataFrame, teachers: Mapping[str, Any]) -> list[Candidate]:
    """Return sold liens as they would be offered at a coming sale. Raises ``ValueError``."""
    if "redemption" not in teachers:
        raise ValueError("no model of redemption is in office, whose futures it would be taught in")
    sold = table.filter(
        pl.col("sale_date").is_not_null()
        & (pl.col("face_amount") > 0)
        & (pl.col("kind") == "certificate")
        & ~pl.col("status").is_in(ON_OFFER)
    )
    if sold.is_empty():
        return []
    random = np.random.default_rng(_SAMPLE_SEED)
    size = min(len(sold), MOST_PRACTISED)
    rows = sold[np.sort(random.choice(len(sold), size, replace=False))]
    # The table's order is the same for the same rows; ids are made anew by every import.
    offers = [
        msgspec.structs.replace(offer_of(row), lien_id=f"{number:06}")
        for number, row in enumerate(rows.iter_rows(named=True))
    ]
    coming = max(sold["sale_date"]) + _AHEAD
    cases = [case_of(offer) for offer in offers]
    ahead = [msgspec.structs.replace(case, sale_date=coming) for case in cases]
    told = teachers["redemption"].predict(ahead)
    asked = [Asked(*row) for row in zip(offers, cases, told, strict=True)]
    return candidates_of(asked, date.min)


TRAINING = PolicyLearning()
