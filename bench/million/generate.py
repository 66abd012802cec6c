"""A million liens from a seed: the demo's counties and ways to bid, with the skew of ``skew.yml``."""

from __future__ import annotations

import math
import random
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import accumulate, product
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml

from taxlien.interfaces.liens import Lien
from taxlien.kit.reference import reference_text
from taxlien.run.demo.generate import BIDS, DemoCounty, demo_plan

SKEW: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("skew.yml").read_text())
NOW = datetime(2026, 11, 1, tzinfo=UTC)
TODAY = NOW.date()
# Split, so that a line holds a dozen words.
# ruff: noqa: SIM905
_FIRST = (
    "OAK MAPLE CEDAR PINE ELM ASH BIRCH WALNUT CHERRY HICKORY SPRUCE WILLOW ROSE LAKE RIVER BROOK "
    "SPRING HILL RIDGE VALLEY MEADOW FOREST GARDEN GREEN WHITE STONE ROCK SAND SILVER GOLDEN SUN MOON "
    "STAR NORTH SOUTH EAST WEST HIGH LONG BROAD MILL CHURCH SCHOOL BRIDGE HARBOR EAGLE FOX DEER BEAR "
    "WOLF"
).split()
_LAST = (
    " WOOD FIELD VIEW CREST DALE SIDE LAND TON FORD HAM BURY BROOK HURST MONT PORT SHIRE GATE POINT "
    "GROVE HAVEN BEND RUN GLEN CREEK MOUNT TOP FALLS ARBOR TRACE LEDGE BANK CROFT SHORE MOOR WELL COVE "
    "KNOLL MARSH PEAK HEATH ISLE REACH HOLLOW"
).split(" ")
_SAINTS = "JOSEPH MARY PAUL CHARLES ANDREW LOUIS".split()
_TYPES = ("residential", "vacant land", "commercial", "multi family", None)


class Draw:
    """Draws by weights that are summed once."""

    def __init__(self, values: Sequence[Any], weights: Sequence[float]) -> None:
        self.values = values
        self._sums = list(accumulate(weights))

    def __call__(self, chance: random.Random) -> Any:
        return self.values[bisect(self._sums, chance.random() * self._sums[-1])]


def ranked(values: Sequence[Any], exponent: float, shift: float) -> Draw:
    """Draw by rank, as Zipf and Mandelbrot found words drawn."""
    return Draw(values, [(rank + shift) ** -exponent for rank in range(1, len(values) + 1)])


@dataclass(frozen=True)
class Place:
    """A county that liens lie in, and the demo's county that it follows."""

    county: dict[str, str]
    like: DemoCounty
    face: tuple[float, float]
    cities: tuple[str, ...]
    turn: int


def places(chance: random.Random) -> list[Place]:
    """Return the counties, the largest first, of the states whose law the demo shows."""
    plan = demo_plan()
    header, *lines = reference_text("counties.csv").splitlines()
    names = header.split(",")
    known = [dict(zip(names, line.split(","), strict=False)) for line in lines if '"' not in line]
    states = {row["fips"]: row["state"] for row in known}
    like = {states[c.fips]: c for c in plan.counties if c.fips in states}
    rows = [row for row in known if row["state"] in like]
    chance.shuffle(rows)
    return [
        Place(
            row, like[row["state"]], tuple(SKEW["faces"][n % len(SKEW["faces"])]), _cities(row), n
        )
        for n, row in enumerate(rows[: SKEW["counties"]])
    ]


def _cities(row: dict[str, str]) -> tuple[str, ...]:
    name = row["name"].upper()
    return (
        name,
        f"{name} CITY",
        f"NORTH {name}",
        f"PORT {name}",
        f"{name} SPRINGS",
        f"LAKE {name}",
    )


def street_names(chance: random.Random) -> list[str]:
    """Return made-up streets, the commonest first: numbered ones and saints among them, as everywhere."""
    made = [f"{a}{b}" for a, b in product(_FIRST, _LAST) if a != b]
    chance.shuffle(made)
    names = made[: SKEW["streets"]]
    for n in range(1, 120):
        names[n * 3] = (
            f"{n}{'TH' if n % 100 in (11, 12, 13) else {1: 'ST', 2: 'ND', 3: 'RD'}.get(n % 10, 'TH')}"
        )
    for n, saint in enumerate(_SAINTS):
        names[40 + 7 * n] = f"ST {saint}"
    return names


class Generator:
    """Yields liens, the same for the same seed, however many are taken."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        chance = random.Random(seed)
        self.places = places(chance)
        self.streets = street_names(chance)
        self.place = ranked(self.places, SKEW["county_exponent"], SKEW["county_shift"])
        # Counties share their common streets, and have the rest in orders of their own.
        self.rank = ranked(range(len(self.streets)), SKEW["street_exponent"], SKEW["street_shift"])
        self.suffix = Draw(list(SKEW["suffixes"]), list(SKEW["suffixes"].values()))
        self.bid = Draw(list(SKEW["florida_bids"]), list(SKEW["florida_bids"].values()))

    def liens(self, count: int) -> Iterator[Lien]:
        chance = random.Random(self._seed + 1)
        suffixes: dict[tuple[int, int], str] = {}
        number = 0
        while number < count:
            place = self.place(chance)
            parcel = self._parcel(chance, place, suffixes)
            # Not paid once is often not paid again: as many certificates a parcel as measured.
            again = min(1 + int(chance.expovariate(1 / (SKEW["certificates_a_parcel"] - 0.5))), 12)
            for year in range(2025, 2025 - min(again, count - number), -1):
                yield self._lien(chance, place, parcel, year, number)
                number += 1

    def _parcel(
        self, chance: random.Random, place: Place, suffixes: dict[tuple[int, int], str]
    ) -> dict[str, Any]:
        county, like = place.county, place.like
        parcel_id = "".join(str(chance.randrange(10)) if c == "#" else c for c in like.parcel)
        rank = self.rank(chance)
        name = self.streets[
            rank if rank < 40 else (rank * 7 + place.turn * 131) % len(self.streets)
        ]
        suffix = suffixes.get((place.turn, rank))
        if suffix is None:
            suffix = suffixes[place.turn, rank] = self.suffix(chance)
        house = SKEW["house_number"]
        parts = (
            "" if chance.random() < SKEW["without_number"]
            else str(1 + int(chance.lognormvariate(math.log(house["median"]), house["sigma"]))),
            chance.choice("NSEW") if chance.random() < SKEW["directed"] else "",
            name,
            suffix,
        )  # fmt: skip
        kind = _TYPES[min(int(chance.expovariate(0.9)), 4)]
        value = Decimal(round(chance.lognormvariate(math.log(like.value[0]), like.value[1])))
        return {
            "state": county["state"],
            "county_fips": county["fips"],
            "county": county["name"],
            "parcel_id": parcel_id,
            "parcel_key": parcel_id.replace("-", "").replace("/", "").replace(" ", ""),
            "situs_address": " ".join(part for part in parts if part),
            "city": place.cities[min(int(chance.expovariate(0.8)), 5)],
            "zip_code": f"{like.zip}{chance.randrange(1, 60):02d}",
            "property_type": kind,
            "market_value": value,
            "assessed_value": value,
            "acres": Decimal(round(chance.lognormvariate(-1.2, 0.9) * 100)).scaleb(-2),
            "latitude": round(float(county["latitude"]) + chance.gauss(0, 0.12), 6),
            "longitude": round(float(county["longitude"]) + chance.gauss(0, 0.12), 6),
            "homestead": chance.random() < like.homestead,
            "vacant": kind == "vacant land",
        }

    def _lien(
        self, chance: random.Random, place: Place, parcel: dict[str, Any], year: int, number: int
    ) -> Lien:
        like = place.like
        cents = round(chance.lognormvariate(math.log(place.face[0]), place.face[1]) * 100)
        face = Decimal(max(1000, min(cents, 500_000_000))).scaleb(-2)
        sold_on = date.fromisoformat(like.sale.format(year=year + 1)) + timedelta(
            chance.randrange(4)
        )
        fate = chance.random()
        found: dict[str, Any] = {"status": "advertised"}
        if sold_on <= TODAY and fate < 0.12:
            found = {"status": "removed" if fate < 0.08 else "struck_off"}
        elif sold_on <= TODAY:
            bids = (
                self._florida(chance) if like.bids == "florida" else BIDS[like.bids](chance, face)
            )
            found = {**bids, "status": "redeemed" if fate > 1 - like.redeemed * 0.88 else "sold"}
        return Lien(
            lien_id=UUID(int=chance.getrandbits(128)), version=1, source="bench", synthetic=True,
            first_seen_at=NOW, last_changed_at=NOW, kind=like.kind, tax_year=year,  # type: ignore[arg-type]
            certificate_number=f"{year}-{number:07d}", sale_date=sold_on, sale_date_basis="published",
            face_amount=face, **parcel, **found,
        )  # fmt: skip

    def _florida(self, chance: random.Random) -> dict[str, Any]:
        bid = self.bid(chance)
        steps = {"floor": 1, "top": 72}.get(bid) or chance.randrange(2, 72)
        return {"bid_rate_pct": Decimal(steps) / 4}
