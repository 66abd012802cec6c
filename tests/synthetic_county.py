"""A made-up county of any size that lives on from day to day: records as a site would say them."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal

from msgspec.structs import replace

from taxlien.interfaces.scraper import LienObserved, ParcelObserved, ValueOfYear
from taxlien.services.scraper.logic.facts import facts_of
from taxlien.services.scraper.logic.figures import RunFigures
from taxlien.services.scraper.logic.pages import Reading

DAY = date(2026, 5, 1)
STREETS = ("OAK ST", "N MAIN ST", "PINE AVE", "LAKE DR", "COUNTY RD")
CITIES = ("Alder", "Birch", "Cedar Grove")
USES = ("0100 SINGLE FAMILY", "0000 VACANT", "0800 MULTI FAMILY", "1000 STORE")

Change = Callable[[LienObserved], LienObserved]


def dollars(amount: float) -> Decimal:
    return Decimal(round(amount * 100)) / 100


def liens(count: int, seed: int = 1, first: int = 0) -> list[LienObserved]:
    """Certificates of next month's sale."""
    chance = random.Random(f"{seed}-{first}")
    return [
        LienObserved(
            kind="certificate",
            status="advertised",
            parcel_id=f"{chance.randint(1, 36):02d}-{chance.randint(1, 30):02d}-27-0000-{n:05d}",
            advertising_number=str(n + 1),
            tax_year=2025,
            sale_date=date(2026, 6, 1),
            face_amount=dollars(math.exp(chance.gauss(7, 1))),
            assessed_value=dollars(math.exp(chance.gauss(11.5, 0.8))),
            situs_address=f"{chance.randint(1, 9999)} {chance.choice(STREETS)}",
            city=chance.choice(CITIES),
            zip_code=f"3280{chance.randint(1, 9)}",
            property_type=chance.choice(USES),
            homestead=chance.random() < 0.3 if chance.random() < 0.9 else None,
        )
        for n in range(first, first + count)
    ]


def parcels(count: int, seed: int = 1) -> list[ParcelObserved]:
    """Properties with the values of two years."""
    chance = random.Random(f"parcels-{seed}")
    return [
        ParcelObserved(
            parcel_id=f"R{n:07d}",
            situs_address=f"{chance.randint(1, 9999)} {chance.choice(STREETS)}",
            legal_description=f"LOT {n} BLK {chance.randint(1, 9)}",
            land_use=chance.choice(USES),
            acres=dollars(math.exp(chance.gauss(0, 1))),
            year_built=chance.randint(1950, 2020),
            values=tuple(
                ValueOfYear(year=year, kind="market", amount=dollars(base), label="Market")
                for base in [math.exp(chance.gauss(12, 0.6))]
                for year in (2025, 2024)
            ),
        )
        for n in range(count)
    ]


def figures(
    records: Sequence[LienObserved | ParcelObserved], *, day: date = DAY, pages: int = 10
) -> RunFigures:
    """What a run that read just these records would have for figures."""
    run = RunFigures(day=day)
    reading = Reading(
        liens=tuple(x for x in records if isinstance(x, LienObserved)),
        parcels=tuple(x for x in records if isinstance(x, ParcelObserved)),
    )
    for fact in facts_of(reading):
        run.observe(fact)
    for _ in range(pages):
        run.page(read=0)
    return run


def changed(records: Sequence[LienObserved], share: float, change: Change) -> list[LienObserved]:
    """``records`` with a share of them changed, evenly spread."""
    every = round(1 / share)
    return [change(x) if n % every == 0 else x for n, x in enumerate(records)]


def next_day(records: Sequence[LienObserved], seed: int) -> list[LienObserved]:
    """A day later: some paid, some came, a few values were corrected."""
    chance = random.Random(f"day-{seed}")
    kept = [
        replace(x, status="removed")
        if chance.random() < 0.02
        else replace(x, face_amount=dollars(float(x.face_amount or 0) * 1.015))
        if chance.random() < 0.05
        else x
        for x in records
        if chance.random() > 0.005
    ]
    return kept + liens(max(1, len(records) // 100), seed=seed, first=100_000 + seed * 10_000)


def after_the_sale(records: Sequence[LienObserved], seed: int = 1) -> list[LienObserved]:
    """The day of the sale: nearly all are sold, with a certificate and a rate."""
    chance = random.Random(f"sale-{seed}")
    return [
        replace(
            x,
            status="sold",
            certificate_number=f"2026-{n:06d}",
            bid_rate_pct=Decimal(chance.randint(1, 72)) / 4,
            winning_bid=x.face_amount,
            bid_count=chance.randint(1, 40),
        )
        if chance.random() < 0.9
        else replace(x, status="struck_off")
        for n, x in enumerate(records)
    ]
