"""Made-up sales of the years before the demo's: what the demo's models learn from beside its liens.

They are drawn like the demo's liens, and are never in the catalogue.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from taxlien.interfaces.liens import parcel_key
from taxlien.run.demo.generate import DemoPlan, demo_liens
from taxlien.services.ml.logic.frame import COLUMNS

SOURCE = "demo"


def past_plan(plan: DemoPlan, years: int, a_year: int) -> DemoPlan:
    """Return a plan of the ``years`` before each county's first sale of ``plan``, with ``a_year`` liens
    in each."""
    counties = [
        replace(
            county,
            years=list(range(min(county.years) - years, min(county.years))),
            count=years * a_year,
        )
        for county in plan.counties
    ]
    return replace(plan, seed=plan.seed + 1, counties=counties)


def facts(plan: DemoPlan, *, today: date, years: int, a_year: int) -> Iterator[dict[str, Any]]:
    """Yield the demo's liens and those of ``years`` before, as rows of a training frame."""
    for part, some in (("now", plan), ("past", past_plan(plan, years, a_year))):
        for number, lien in enumerate(demo_liens(some, today=today)):
            row = {name: _plain(lien.get(name)) for name in COLUMNS}
            yield row | {
                "lien_id": f"{part}-{number}",
                "parcel_key": parcel_key(lien["parcel_id"]),
                "source": SOURCE,
                "synthetic": True,
            }


def _plain(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else value
