"""The demo's models: taught once from made-up liens, marked so, and only where no model is in office."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from taxlien.run.demo.generate import demo_plan
from taxlien.run.demo.past import AYear, facts

if TYPE_CHECKING:
    from taxlien.run.commands.ml_product import MlProduct

A_YEAR = {"redemption": AYear(60, 60), "price": AYear(420, 20), "risk": AYear(60, 60)}
"""Model -> liens of a county in each past sale: prices ask for 3,000 bids of a state within eight years;
the course of liens is taught by fewer, which keeps training small."""
PAST_SETTING = "TAXLIEN_DEMO_PAST_YEARS"
"""How many years of sales before the demo's teach its models; 0: it has none."""
PAST_YEARS = 10
LOWEST_PRIORITY = 19


def taught_mark(home: Path) -> Path:
    """Return the file that says that the embedded database of ``home`` has its models."""
    return home / "postgres" / "demo_taught"


def past_years() -> int:
    """Return how many years teach. Raises ``ValueError`` where the setting is no number."""
    return int(os.environ.get(PAST_SETTING) or PAST_YEARS)


def stand_back() -> None:
    """Let everybody else go first, take one core, and load neither pandas nor scikit-learn: training uses
    neither, and libraries load them wherever they are installed."""
    os.nice(LOWEST_PRIORITY)
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "POLARS_MAX_THREADS"):
        os.environ.setdefault(name, "1")
    for name in ("pandas", "sklearn"):
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]


async def teach(product: MlProduct, years: int) -> list[str]:
    """Train what has no champion yet. Returns their names; doing it again trains nothing."""
    missing = await _without_champion(product)
    if not missing:
        return []
    from taxlien.services.ml.logic.table import table_of
    from taxlien.services.ml.service import training

    today = datetime.now(UTC).date()

    def make(name: str) -> training.Made:
        rows = facts(demo_plan(), today=today, years=years, a_year=A_YEAR[name])
        return training.make(name, table_of(rows), tested=False)

    # All are made before MLflow, another 40 MB, is asked for to write them down.
    for made in [await asyncio.to_thread(make, name) for name in missing]:
        async with product.database.session() as session:
            await training.register(
                session, product.blobs, product.registry, made, objects=product.objects
            )
    return missing


async def _without_champion(product: MlProduct) -> list[str]:
    from taxlien.services.ml.service import serving

    async with product.database.session() as session:
        held = {one.name for one in await serving.models(session) if one.alias == "champion"}
    return [name for name in A_YEAR if name not in held]
