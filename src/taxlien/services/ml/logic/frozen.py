"""The frozen evaluation: one parcel in twenty, chosen by its name, teaches no model and judges all."""

from __future__ import annotations

import hashlib

import polars as pl

ONE_IN = 20


def is_frozen(county_fips: str | None, parcel_key: str | None) -> bool:
    """Tell whether a parcel belongs to the evaluation: for ever, whatever is imported besides."""
    name = f"{county_fips or ''}|{parcel_key or ''}".encode()
    return int.from_bytes(hashlib.sha256(name).digest()[:4]) % ONE_IN == 0


def split(table: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows that teach and those that judge, each in its order."""
    parcels = table.select("county_fips", "parcel_key").unique(maintain_order=True)
    chosen = [is_frozen(fips, key) for fips, key in parcels.iter_rows()]
    marked = parcels.with_columns(pl.Series("frozen", chosen, dtype=pl.Boolean))
    frozen = table.select("county_fips", "parcel_key").join(
        marked,
        on=["county_fips", "parcel_key"],
        how="left",
        maintain_order="left",
        nulls_equal=True,
    )["frozen"]
    return table.filter(~frozen), table.filter(frozen)
