"""The training frame as a polars table: its types, and the one order of its rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl

from .about import Taught
from .frame import COLUMNS, ORDER, Kind

_TYPES: dict[Kind, pl.DataType] = {
    "text": pl.String(),
    "date": pl.Date(),
    "float": pl.Float64(),
    "integer": pl.Int64(),
    "flag": pl.Boolean(),
}
_AT_ONCE = 4_096  # rows as dictionaries take 20 times what they take as columns
SCHEMA = pl.Schema({name: _TYPES[kind] for name, kind in COLUMNS.items()})


def table_of(rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Return ``rows`` as a training frame, in its order; what a row does not name is null."""
    waiting, parts = iter(rows), [pl.DataFrame(schema=SCHEMA)]
    while some := [{name: row.get(name) for name in COLUMNS} for row in islice(waiting, _AT_ONCE)]:
        parts.append(pl.DataFrame(some, schema=SCHEMA))
    return ordered(pl.concat(parts))


def ordered(table: pl.DataFrame) -> pl.DataFrame:
    """Return ``table`` with its columns and rows in the one order that training reads."""
    others = [name for name in COLUMNS if name not in ORDER]
    return table.select(*COLUMNS).sort(*ORDER[:-1], *others, ORDER[-1], nulls_last=True)


def read_table(file: Path) -> pl.DataFrame:
    """Return the frame of a CSV that PostgreSQL wrote, with a header, in the one order."""
    told = {name: pl.String() if kind == "flag" else _TYPES[kind] for name, kind in COLUMNS.items()}
    table = pl.read_csv(file, schema=pl.Schema(told))
    flags = [name for name, kind in COLUMNS.items() if kind == "flag"]
    return ordered(table.with_columns(pl.col(name) == "t" for name in flags))


def sources_of(table: pl.DataFrame) -> tuple[Taught, ...]:
    """Return what each source gave to ``table``, by name."""
    told = table.group_by("source").agg(
        rows=pl.len(), first=pl.col("sale_date").min(), last=pl.col("sale_date").max()
    )
    return tuple(Taught(*row) for row in told.sort("source").iter_rows())


def sha256_of(table: pl.DataFrame) -> str:
    """Return the SHA-256 of what ``table`` says, whatever ids an import gave: hex."""
    return hashlib.sha256(table.drop("lien_id").write_csv().encode()).hexdigest()
