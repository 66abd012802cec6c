"""Read a county's file as a stream of records: the one entry the importer needs.

    stream = read_records(path, mapping, options=ReadOptions(values={"year": "2019"}))
    for item in stream:          # LienRecord | SaleRecord | PriceIndexRecord | Reject
        ...                      # UnreadableFile may be raised at any point: then keep nothing
    stream.counts                # ReadCounts: lines, records, rejects, duplicates, repaired, ...
    stream.unmet_expectations()  # words for each assertion of the mapping that does not hold
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping as Values
from pathlib import Path

import msgspec

from ..logic.mapping import Mapping
from ..logic.records import ReadCounts, Record, Reject


class ReadOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the user adds to a mapping.

    ``values`` fills what the path does not say (``year``, ``county`` as FIPS or name).
    ``county_fips(state, name)`` finds a county the mapping does not list, or gives null.
    """

    values: Values[str, str] = {}
    county_fips: Callable[[str, str], str | None] | None = None


class RecordStream(Iterator[Record | Reject]):
    """The records of one file, once, in its order. Use ``counts`` after (or while) iterating."""

    counts: ReadCounts

    def unmet_expectations(self) -> list[str]: ...


def read_records(
    path: Path,
    mapping: Mapping,
    *,
    options: ReadOptions = ReadOptions(),  # noqa: B008
    on_progress: Callable[[ReadCounts], None] | None = None,
) -> RecordStream: ...
