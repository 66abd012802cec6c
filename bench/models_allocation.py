"""What choices of liens are worth: the learned policy, the program, greedy, and buying whatever fits.

    python bench/models_allocation.py [--data FOLDER] [--steps N | --policy FILE] [--problems N]

Reads the county files of Larimer, Charleston and RealTaxLien's Florida through the catalogue's own readers,
teaches the redemption model on those with outcomes, and offers their liens again. One parcel in twenty poses
the problems that judge; a policy is taught on the others (needs the extra rl) or read from FILE. All ways
see the same futures and are judged in the same others. Seconds are of this process's CPU.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
from models import frame
from models_auction import FILES
from models_auction import frame as auction_frame

from taxlien.services.ml.adapters import allocation_learning, redemption_trainer
from taxlien.services.ml.adapters.allocation_policy import POLICY, policy_of
from taxlien.services.ml.logic.allocation import exact, greedy
from taxlien.services.ml.logic.allocation.candidate import Candidate, Wishes
from taxlien.services.ml.logic.allocation.judging import Chosen, judge
from taxlien.services.ml.logic.allocation.practice import posed
from taxlien.services.ml.logic.allocation.scenarios import Scenarios, draw
from taxlien.services.ml.logic.allocation.walk import Policy, follow
from taxlien.services.ml.logic.frozen import split
from taxlien.services.ml.logic.table import ordered

SEEN, FRESH = 500, 2_000
Way = Callable[[Scenarios, Wishes], Chosen]


def program(scenarios: Scenarios, wishes: Wishes) -> Chosen:
    solution = exact.solve(scenarios, wishes)
    nothing = np.zeros(len(scenarios.cost), dtype=bool)
    return nothing if solution is None else solution.chosen


def compared(pool: list[Candidate], ways: dict[str, Way], problems: int) -> None:
    names = [*ways, "best of them"]
    rows: dict[str, list[tuple[float, ...]]] = {name: [] for name in names}
    for number in range(problems):
        fitting, wishes = posed(pool, allocation_learning.FIRST_JUDGED + number)
        seen = draw(fitting, wishes, SEEN, number)
        fresh = draw(fitting, wishes, FRESH, number + 1_000_000)
        for name, way in ways.items():
            began = time.process_time()
            chosen = way(seen, wishes)
            spent = time.process_time() - began
            told = judge(chosen, fresh, wishes)
            parts = (told.value, told.expected_profit, told.cvar, told.cost)
            rows[name].append((*(100 * part / wishes.budget for part in parts), told.p_loss, spent))
        rows[names[-1]].append(max((rows[name][-1] for name in ways), key=lambda row: row[0]))
    best = np.array([row[0] for row in rows[names[-1]]])
    print(f"{problems} problems of {len(pool)} liens; percent of the budget, mean")
    for name in names:
        told = np.array(rows[name])
        value, profit, cvar, cost, loss, spent = told.mean(axis=0)
        print(
            f"{name:>16}  value {value:7.3f}  profit {profit:7.3f}  CVaR {cvar:7.3f}  laid out {cost:5.1f}"
            f"  loses {loss:6.1%}  best in {np.mean(told[:, 0] >= best - 1e-9):6.1%}  {spent:6.3f} s"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    beside_project = Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=beside_project)
    parser.add_argument("--steps", type=int, default=allocation_learning.STEPS)
    parser.add_argument(
        "--policy", type=Path, help="an ONNX file; it is written where it is not there"
    )
    parser.add_argument("--problems", type=int, default=60)
    asked = parser.parse_args()
    known = frame(asked.data)
    outcomes, history = redemption_trainer.learned_from(known)
    redemption = redemption_trainer.train_on(outcomes, history)
    florida = auction_frame(asked.data, FILES["rate"][:1]).with_columns(
        synthetic=pl.lit(value=False)
    )
    taught, judged = split(ordered(pl.concat([known, florida.select(known.columns)])))
    learning = allocation_learning.PolicyLearning({"redemption": redemption}, asked.steps)
    ways: dict[str, Way] = {
        "buys what fits": lambda seen, wishes: follow(lambda look: True, seen, wishes),
        "greedy": greedy.choose,
        "program": program,
    }
    if policy := _policy(learning, taught, asked.policy):
        ways["policy (PPO)"] = lambda seen, wishes: follow(policy, seen, wishes)
    pool = allocation_learning.pool_of(judged, learning.teachers)
    compared(sorted(pool, key=lambda each: each.lien_id), ways, asked.problems)


def _policy(
    learning: allocation_learning.PolicyLearning, taught: pl.DataFrame, file: Path | None
) -> Policy | None:
    if file is not None and file.exists():
        return policy_of(file.read_bytes())
    began = time.process_time()
    try:
        content = learning.train(taught, taught, seed=7)[POLICY]
    except ValueError as missing:
        print(f"no policy: {missing}")
        return None
    print(f"policy taught in {learning.steps:,} steps, {time.process_time() - began:.0f} s of CPU")
    if file is not None:
        file.write_bytes(content)
    return policy_of(content)


if __name__ == "__main__":
    main()
