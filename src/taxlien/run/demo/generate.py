"""Draw synthetic liens from a seed. The same seed gives the same liens, to the cent.

Distributions follow what lists of such counties look like (amounts log-normal, most Florida bids at the
0.25% floor, Arizona bids spread below 16%); no row is copied from one. What becomes of them follows the
law of their state (``fates``).
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import yaml

from taxlien.kit.reference import reference_text
from taxlien.run.demo.fates import fate_of
from taxlien.services.liens.logic.states import state_of

CENT = Decimal("0.01")


@dataclass(frozen=True)
class DemoCounty:
    """One county of ``data/demo.yml``; ``face`` and ``value`` are (median in dollars, sigma of the log)."""

    fips: str
    parcel: str
    cities: list[str]
    zip: str
    kind: str
    sale: str
    years: list[int]
    count: int
    face: tuple[float, float]
    value: tuple[float, float]
    bids: str
    redeemed: float
    homestead: float


@dataclass(frozen=True)
class DemoPlan:
    """The whole of ``data/demo.yml``."""

    seed: int
    streets: list[str]
    suffixes: list[str]
    directions: list[str]
    property_types: dict[str, int]
    counties: list[DemoCounty]

    @staticmethod
    def from_dict(raw: dict[str, Any]) -> DemoPlan:
        """Build the plan from parsed YAML. Raises TypeError for an unknown or missing key."""
        return DemoPlan(**{**raw, "counties": [DemoCounty(**county) for county in raw["counties"]]})

    @property
    def size(self) -> int:
        """How many liens the plan makes."""
        return sum(county.count for county in self.counties)


def demo_plan() -> DemoPlan:
    """Return the plan that ships."""
    return DemoPlan.from_dict(yaml.safe_load(reference_text("demo.yml")))


def money(value: float) -> Decimal:
    return Decimal(value).quantize(CENT)


def log_normal(rng: random.Random, median: float, sigma: float) -> Decimal:
    return money(max(35.0, rng.lognormvariate(math.log(median), sigma)))


def _florida(rng: random.Random, face: Decimal) -> dict[str, Any]:
    steps = 1 if rng.random() < 0.62 else min(72, 1 + int(rng.expovariate(1 / 18)))
    return {"bid_rate_pct": Decimal(steps) * Decimal("0.25")}


def _arizona(rng: random.Random, face: Decimal) -> dict[str, Any]:
    return {
        "bid_rate_pct": Decimal(
            rng.choices(range(17), [1, 1, 2, 4, 6, 8, 9, 8, 7, 6, 5, 4, 3, 2, 2, 2, 9])[0]
        )
    }


def _new_jersey(rng: random.Random, face: Decimal) -> dict[str, Any]:
    if rng.random() < 0.6:
        return {"bid_rate_pct": Decimal(0), "premium": money(float(face) * rng.uniform(0.2, 3.0))}
    return {"bid_rate_pct": Decimal(rng.randint(1, 18))}


def _illinois(rng: random.Random, face: Decimal) -> dict[str, Any]:
    return {"bid_rate_pct": Decimal(rng.choices(range(10), [30, 10, 8, 6, 6, 6, 6, 8, 8, 12])[0])}


def _premium(rng: random.Random, face: Decimal) -> dict[str, Any]:
    return {"premium": money(float(face) * rng.uniform(0.0, 0.14))}


def _property(rng: random.Random, face: Decimal) -> dict[str, Any]:
    bid = face * Decimal(round(rng.uniform(1.0, 24.0), 2))
    return {"winning_bid": bid.quantize(CENT), "premium": Decimal(0)}


def _overbid(rng: random.Random, face: Decimal) -> dict[str, Any]:
    return {
        "opening_bid": face,
        "winning_bid": (face * Decimal(round(rng.uniform(1.0, 5.0), 2))).quantize(CENT),
    }


def _nothing(rng: random.Random, face: Decimal) -> dict[str, Any]:
    return {}


BIDS: dict[str, Callable[[random.Random, Decimal], dict[str, Any]]] = {
    "florida": _florida,
    "arizona": _arizona,
    "new_jersey": _new_jersey,
    "illinois": _illinois,
    "premium": _premium,
    "mississippi": _premium,
    "property": _property,
    "overbid": _overbid,
    "deed": _overbid,
    "none": _nothing,
}


def demo_liens(plan: DemoPlan, *, today: date) -> Iterator[dict[str, Any]]:
    """Yield the observable fields of each synthetic lien, named as in ``interfaces.liens.Lien``.

    ``today`` separates lists of coming sales (advertised) from sold liens, and bounds redemption dates.
    """
    rng = random.Random(plan.seed)  # noqa: S311 - a demo, not a secret
    for county in plan.counties:
        for number in range(1, county.count + 1):
            yield _lien(rng, plan, county, number, today)


def _lien(
    rng: random.Random, plan: DemoPlan, county: DemoCounty, number: int, today: date
) -> dict[str, Any]:
    year = rng.choice(county.years)
    sold_on = date.fromisoformat(county.sale.format(year=year))
    face = log_normal(rng, *county.face)
    value = log_normal(rng, *county.value)
    land = rng.choices(list(plan.property_types), list(plan.property_types.values()))[0]
    lien: dict[str, Any] = {
        "state": state_of(county.fips),
        "kind": county.kind,
        "county_fips": county.fips,
        "parcel_id": "".join(str(rng.randint(0, 9)) if c == "#" else c for c in county.parcel),
        "tax_year": year - 1,
        "certificate_number": f"{year}-{number:05d}",
        "advertising_number": str(number),
        "sale_date": sold_on,
        "sale_date_basis": "published",
        "face_amount": face,
        "market_value": value,
        "assessed_value": (value * Decimal("0.85")).quantize(CENT),
        "situs_address": _address(rng, plan),
        "city": rng.choice(county.cities),
        "zip_code": f"{county.zip}{rng.randint(1, 60):02d}",
        "property_type": land,
        "acres": money(rng.lognormvariate(-1.2, 0.9)),
        "homestead": rng.random() < county.homestead,
        "vacant": land == "vacant land",
        "status": "advertised",
    }
    return lien | _outcome(rng, county, lien, today)


def _address(rng: random.Random, plan: DemoPlan) -> str:
    parts = (
        str(rng.randint(1, 9999)),
        rng.choice(plan.directions),
        rng.choice(plan.streets),
        rng.choice(plan.suffixes),
    )
    return " ".join(part for part in parts if part)


def _outcome(
    rng: random.Random, county: DemoCounty, lien: dict[str, Any], today: date
) -> dict[str, Any]:
    fate = rng.random()
    if lien["sale_date"] > today:
        return {"status": "advertised"}
    if fate < 0.08:
        return {"status": "removed"}
    if fate < 0.12:
        return {"status": "unsold" if county.kind == "deed_sale" else "struck_off"}
    bid = BIDS[county.bids](rng, lien["face_amount"]) | {
        "bid_count": 1 + int(rng.expovariate(0.4)),
    }
    wait, chance = rng.expovariate(1.0), rng.random()
    return bid | fate_of(lien, county.redeemed, chance=chance, wait=wait, today=today)
