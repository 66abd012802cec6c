"""Sales of counties that do not exist, for tests: bids follow what a model can learn."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import polars as pl

from taxlien.services.ml.logic.table import table_of

YEARS = range(2010, 2016)


def rate_sales(seed: int = 7, size: int = 700) -> list[dict[str, Any]]:
    """Certificates of two counties in Florida: small faces find no bidder, large ones end at the floor."""
    chance = np.random.default_rng(seed)
    rows = []
    for year in YEARS:
        for number in range(size):
            face = float(np.round(np.exp(chance.normal(6, 1)), 2))
            struck = face < 200 and chance.random() < 0.8
            rate = 18.0 if struck else 0.25 if face > 600 else float(chance.integers(20, 60)) / 4
            rows.append(
                _row(year, number, "FL", "12105" if number % 4 else "12023", face)
                | {"bid_rate_pct": rate, "status": "struck_off" if struck else "sold"}
            )
    return rows


def property_sales(seed: int = 8, size: int = 700) -> list[dict[str, Any]]:
    """Properties of Baltimore that go for about half of their assessment, or for the lien to the city."""
    chance = np.random.default_rng(seed)
    rows = []
    for year in YEARS:
        for number in range(size):
            value = float(np.round(np.exp(chance.normal(11, 0.8)), -2))
            struck = value < 30_000 and chance.random() < 0.7
            face = float(np.round(np.exp(chance.normal(7, 0.6)), 2))
            bid = (
                None if struck else round(max(face, value * 0.5 * np.exp(chance.normal(0, 0.1))), 2)
            )
            rows.append(
                _row(year, number, "MD", "24510", face)
                | {"assessed_value": value, "winning_bid": bid, "homestead": bool(number % 2),
                   "status": "struck_off" if struck else "sold", "bid_count": 3}
            )  # fmt: skip
    return rows


def premium_sales(seed: int = 9, size: int = 600) -> list[dict[str, Any]]:
    """Certificates of Arapahoe: a tenth of the face above the lien, now and then nothing."""
    chance = np.random.default_rng(seed)
    rows = []
    for year in YEARS:
        for number in range(size):
            face = float(np.round(np.exp(chance.normal(7, 1)), 2))
            premium = 0.0 if face < 300 else round(face * 0.1 * np.exp(chance.normal(0, 0.1)), 2)
            rows.append(
                _row(year, number, "CO", "08005", face) | {"premium": premium, "status": "sold"}
            )
    return rows


def deed_sales(size: int = 60) -> list[dict[str, Any]]:
    """Deeds of King County, too few for trees."""
    return [
        _row(2015, number, "WA", "53033", None)
        | {"kind": "deed_sale", "winning_bid": 20_000.0 + 500 * number, "status": "sold"}
        for number in range(size)
    ]


def all_sales() -> pl.DataFrame:
    """Return the sales of all these counties as a training frame."""
    return table_of([*rate_sales(), *property_sales(), *premium_sales(), *deed_sales()])


def _row(year: int, number: int, state: str, county: str, face: float | None) -> dict[str, Any]:
    month = {"FL": 6, "MD": 5, "CO": 11, "WA": 9}[state]
    return {
        "lien_id": f"{state}-{year}-{number}", "state": state, "county_fips": county,
        "source": "invented", "kind": "certificate", "parcel_key": f"{number // 20:05d}{number % 20:04d}",
        "sale_date": date(year, month, 1), "face_amount": face,
    }  # fmt: skip
