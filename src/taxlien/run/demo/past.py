"""Made-up sales of the years before the demo's: what the demo's models learn from beside its liens.

They are drawn like the demo's liens, and are never in the catalogue.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from taxlien.interfaces.liens import parcel_key
from taxlien.run.demo.generate import DemoCounty, DemoPlan, demo_liens
from taxlien.services.liens.logic.states import state_of
from taxlien.services.ml.logic.auction.methods import bidding_of
from taxlien.services.ml.logic.frame import COLUMNS

SOURCE = "demo"


class AYear(NamedTuple):
    """How many liens a county sold in each past year: where prices can be learned, and elsewhere."""

    priced: int
    others: int


def past_plan(plan: DemoPlan, years: int, a_year: AYear) -> DemoPlan:
    """Return a plan of the ``years`` before each county's first sale of ``plan``."""
    counties = [
        replace(
            county,
            years=list(range(min(county.years) - years, min(county.years))),
            count=years * (a_year.priced if _priced(county) else a_year.others),
        )
        for county in plan.counties
    ]
    return replace(plan, seed=plan.seed + 1, counties=counties)


def _priced(county: DemoCounty) -> bool:
    day = date.fromisoformat(county.sale.format(year=min(county.years)))
    return bidding_of(state_of(county.fips), day).method is not None


def facts(plan: DemoPlan, *, today: date, years: int, a_year: AYear) -> Iterator[dict[str, Any]]:
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
