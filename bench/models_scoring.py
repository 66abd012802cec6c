"""How fast liens are scored in bulk, as the job does it: some thousand at a time, figures without words.

    python bench/models_scoring.py [--liens 1000000] [--redemption]

The model is taught by made-up sales of the demo, and the liens that are scored are drawn as the demo's
are, then repeated on other parcels until there are enough: columns as they lie in ml.liens, without a
database. What reading, writing and indexing cost is not in it. ``--redemption`` asks the redemption model
about the same liens as well (its chances by every edge).
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from taxlien.run.demo import past
from taxlien.run.demo.generate import demo_plan
from taxlien.run.demo.models import A_YEAR, PAST_YEARS
from taxlien.services.ml.adapters.family import FAMILIES
from taxlien.services.ml.logic.risk.asked import AskedLien
from taxlien.services.ml.logic.risk.bulk import columns_of_liens
from taxlien.services.ml.logic.table import table_of
from taxlien.services.ml.service.scoring import AT_ONCE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--liens", type=int, default=1_000_000)
    parser.add_argument("--redemption", action="store_true")
    asked = parser.parse_args()
    model, rows = taught("risk")
    scores: Counter[int | None] = Counter()
    model.score(rows)  # trees and laws are read

    def score(liens: list[AskedLien]) -> None:
        scores.update(said.score for said in model.score(liens))

    measure("risk: score of 1 to 100 and chance", score, rows, asked.liens)
    known = sum(scores.values()) - scores[None]
    print(f"{known:,} have a score, of {len(scores)} kinds; trees {model.tables.trees}")
    if asked.redemption:
        curves, rows = taught("redemption")
        measure(
            "redemption: chances by nine edges",
            lambda liens: curves.tell(columns_of_liens(liens)[0]),
            rows,
            asked.liens,
        )


def taught(name: str) -> tuple[Any, list[AskedLien]]:
    """Return a model that made-up sales taught, and liens like theirs."""
    today = datetime.now(UTC).date()
    facts = list(past.facts(demo_plan(), today=today, years=PAST_YEARS, a_year=A_YEAR[name]))
    table = table_of(facts)
    begin = time.process_time()
    files = FAMILIES[name].training().train(table, table, 7)
    print(f"{name}: taught by {len(facts):,} made-up liens in {time.process_time() - begin:.1f} s")
    rows = [AskedLien(**{field: fact[field] for field in AskedLien._fields}) for fact in facts]
    return FAMILIES[name].load(files, "1"), rows


def many(rows: list[AskedLien], count: int) -> Iterator[list[AskedLien]]:
    """Yield ``count`` liens in batches: ``rows``, and again on parcels of other numbers."""
    endless = (
        row._replace(parcel_key=f"{row.parcel_key}{again or ''}")
        for again in range(count)
        for row in rows
    )
    liens = islice(endless, count)
    while batch := list(islice(liens, AT_ONCE)):
        yield batch


def measure(
    what: str, ask: Callable[[list[AskedLien]], object], rows: list[AskedLien], count: int
) -> None:
    """Ask about ``count`` liens; print what that took, without the making of the liens."""
    cpu = wall = 0.0
    for batch in many(rows, count):
        begin, began = time.process_time(), time.perf_counter()
        ask(batch)
        cpu += time.process_time() - begin
        wall += time.perf_counter() - began
    print(
        f"{what}: {count:,} liens in {cpu:.1f} s of CPU ({count / cpu:,.0f} a second and core),"
        f" {wall:.1f} s by the clock",
        flush=True,
    )


if __name__ == "__main__":
    main()
