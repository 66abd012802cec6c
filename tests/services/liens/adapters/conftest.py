"""Fixtures of the reading tests: a small mapping, and files written on the spot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from taxlien.services.liens.adapters.reading import ReadOptions, RecordStream, read_records
from taxlien.services.liens.logic.mapping import Mapping, parse_mapping
from taxlien.services.liens.logic.records import LienRecord, ReadCounts, Record, Reject

SIMPLE = """
name: simple
title: A small list
source: {legal_status: open_data, licence: none needed}
county: {state: FL, fips: "12105"}
constants: {kind: certificate}
columns:
  parcel_id: {from: [Parcel], parse: parcel, required: true}
  certificate_number: {from: [Cert], parse: number}
  advertising_number: {from: [Adv], parse: number, pattern: "[0-9]+"}
  face_amount: {from: [Face], parse: money, required: true}
  bid_rate_pct: {from: [Rate], parse: rate_pct, minimum: 0, maximum: 18}
  situs_address: {from: [Address], parse: address}
  sale_date: {from: [Sold], parse: date, formats: [MM/DD/YYYY, MM/DD/YY]}
  tax_year: {from: [Year], parse: year}
attributes:
  note: [Note]
personal:
  buyer: {from: [Buyer], shape: name}
status:
- is: sold
"""


class Outcome:
    """All that came of one file."""

    def __init__(self, stream: RecordStream) -> None:
        items: list[Record | Reject] = list(stream)
        self.liens = [item for item in items if isinstance(item, LienRecord)]
        self.rejects = [item for item in items if isinstance(item, Reject)]
        self.counts: ReadCounts = stream.counts
        self.unmet = stream.unmet_expectations()

    @property
    def every_line_is_accounted_for(self) -> bool:
        c = self.counts
        parts = c.records + c.rejects + c.duplicates + c.skipped + c.header + c.blank + c.joined
        return c.lines == parts


@pytest.fixture
def simple() -> Mapping:
    return parse_mapping(SIMPLE)


@pytest.fixture
def read(tmp_path: Path, simple: Mapping) -> Callable[..., Outcome]:
    """Write bytes to a file of this name and read it through a mapping (the small one)."""

    def read_bytes(
        content: bytes,
        mapping: Mapping = simple,
        name: str = "list.csv",
        values: dict[str, str] | None = None,
    ) -> Outcome:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return Outcome(read_records(path, mapping, options=ReadOptions(values=values or {})))

    return read_bytes
