"""Read a county's file as a stream of records: the one entry the importer needs.

stream = read_records(path, mapping, options=ReadOptions(values={"year": "2019"}))
for item in stream:          # LienRecord | SaleRecord | PriceIndexRecord | Reject
    ...                      # UnreadableFile may be raised at any point: then keep nothing
stream.counts                # ReadCounts: lines, records, rejects, duplicates, repaired, ...
stream.unmet_expectations()  # words for each assertion of the mapping that does not hold
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Mapping as Values
from pathlib import Path
from typing import Protocol

import msgspec

from taxlien.services.liens.logic.locating import Start, locate, path_values
from taxlien.services.liens.logic.mapping import Mapping
from taxlien.services.liens.logic.proposing import find_header
from taxlien.services.liens.logic.records import ReadCounts, Record, Reject, UnreadableFile
from taxlien.services.liens.logic.rows import DUPLICATE, SKIPPED, RowReader

from .delimited import DelimitedRows, Row, likely_delimiters
from .json_rows import JsonRows
from .opening import OpenedFile
from .xlsx import open_sheets

PROGRESS_EVERY = 5_000


class ReadOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the user adds to a mapping.

    ``values`` fills what the path does not say (``year``, ``county`` as FIPS or name) and wins over
    the path. ``county_fips(state, name)`` finds a county the mapping does not list, or gives null;
    the name comes in lower case.
    """

    values: Values[str, str] = {}
    county_fips: Callable[[str, str], str | None] | None = None


class RowSource(Protocol):
    """A file's rows as text cells, the header among them. Every format is read through this."""

    delimiter: str

    def sample(self) -> list[Row]:
        """The first rows, without spending them."""
        ...

    def rows(self) -> Iterator[Row | Reject]:
        """All rows, once."""
        ...


class FileSample(msgspec.Struct, frozen=True, kw_only=True):
    """What an unknown file looks like: its header (invented where it has none) and first rows."""

    header: list[str]
    rows: list[list[str]]
    delimiter: str


class RecordStream(Iterator[Record | Reject]):
    """The records of one file, once, in its order. Use ``counts`` after (or while) iterating."""

    def __init__(
        self,
        path: Path,
        mapping: Mapping,
        options: ReadOptions,
        on_progress: Callable[[ReadCounts], None] | None,
    ) -> None:
        self.mapping = mapping
        self.counts = ReadCounts()
        self.unread_columns: tuple[str, ...] = ()
        self._path = path
        self._options = options
        self._on_progress = on_progress
        self._items = self._read()

    def __iter__(self) -> Iterator[Record | Reject]:
        return self._items

    def __next__(self) -> Record | Reject:
        return next(self._items)

    def unmet_expectations(self) -> list[str]:
        """What the file as a whole should have been and is not. Empty is good."""
        counts, expect = self.counts, self.mapping.expect
        unmet = []
        taken = counts.records + counts.duplicates
        if taken < expect.min_rows:
            unmet.append(f"{taken} rows were read, at least {expect.min_rows} are expected")
        seen = taken + counts.rejects
        if seen and counts.rejects > expect.max_reject_share * seen:
            share = expect.max_reject_share * 100
            unmet.append(f"{counts.rejects} of {seen} rows were rejected, over {share:g} %")
        for name in self.unread_columns:
            unmet.append(f"the mapping does not know the column {name!r}")
        return unmet

    def _read(self) -> Iterator[Record | Reject]:
        counts = self.counts
        with OpenedFile(self._path) as opened:
            counts.bytes_total = opened.total
            source, start = _locate(opened, self.mapping, counts)
            self.unread_columns = start.layout.unread
            values = path_values(self.mapping, self._path.as_posix()) or {}
            reader = RowReader(
                self.mapping,
                start.layout,
                values={**values, **self._options.values},
                county_fips=self._options.county_fips,
                sample=[row for line, row, _ in source.sample() if line != start.header_line],
                delimiter=source.delimiter,
            )
            yield from self._records(source, start.header_line, reader, opened)
            counts.repaired = reader.repaired
            self._report(opened)

    def _records(
        self, source: RowSource, header_line: int | None, reader: RowReader, opened: OpenedFile
    ) -> Iterator[Record | Reject]:
        counts, read = self.counts, reader.read
        begun = header_line is None
        pending = PROGRESS_EVERY
        for row in source.rows():
            if not begun:
                line = row.line if isinstance(row, Reject) else row[0]
                counts.header += 1 if line else 0
                begun = line == header_line
                continue
            item = row if isinstance(row, Reject) else read(*row)
            if isinstance(item, Reject):
                counts.rejects += 1
                yield item
            elif item is DUPLICATE:
                counts.duplicates += 1
            elif item is SKIPPED:
                counts.skipped += 1
            else:
                counts.records += 1
                yield item  # type: ignore[misc]
            pending -= 1
            if not pending:
                pending = PROGRESS_EVERY
                counts.repaired = reader.repaired
                self._report(opened)

    def _report(self, opened: OpenedFile) -> None:
        self.counts.bytes_read = opened.position
        if self._on_progress is not None:
            self._on_progress(self.counts)


def read_records(
    path: Path,
    mapping: Mapping,
    *,
    options: ReadOptions | None = None,
    on_progress: Callable[[ReadCounts], None] | None = None,
) -> RecordStream:
    """Stream a file's records through a mapping. Nothing is opened before the first is asked for.

    Raises ``UnreadableFile`` while iterating, where the file as a whole cannot be trusted.
    ``on_progress`` is called every 5,000 rows and at the end, with the same counts object.
    """
    return RecordStream(path, mapping, options or ReadOptions(), on_progress)


def sample_file(path: Path) -> FileSample:
    """Look at the beginning of an unknown file. Raises ``UnreadableFile``."""
    with OpenedFile(path) as opened:
        source = _sources(opened, ReadCounts())[0]
        rows = [cells for _, cells, _ in source.sample()]
        if not rows:
            raise UnreadableFile("the file holds no rows")
        header, first = find_header(rows)
        return FileSample(header=header, rows=rows[first : first + 200], delimiter=source.delimiter)


def _sources(opened: OpenedFile, counts: ReadCounts) -> list[RowSource]:
    """The ways of reading the file, the likeliest first."""
    if opened.kind == "workbook":
        return list(open_sheets(opened, counts))
    if opened.kind == "json":
        return [JsonRows(opened, counts)]
    return [DelimitedRows(opened, mark, counts) for mark in likely_delimiters(opened)]


def _locate(opened: OpenedFile, mapping: Mapping, counts: ReadCounts) -> tuple[RowSource, Start]:
    """The first way of reading in which the mapping fits the file."""
    sources = _sources(opened, counts)
    first_error: UnreadableFile | None = None
    for source in sources:
        try:
            return source, locate(mapping, source.sample())
        except UnreadableFile as error:
            first_error = first_error or error
    assert first_error is not None
    raise first_error
