"""Import one file: all of it, in one transaction, or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Protocol
from uuid import UUID

import msgspec

from taxlien.kit.database import Session
from taxlien.kit.ids import new_id
from taxlien.services.liens import repository
from taxlien.services.liens.logic import deriving
from taxlien.services.liens.logic.deriving import Source, Statement
from taxlien.services.liens.logic.mapping import Mapping
from taxlien.services.liens.logic.records import (
    LienRecord,
    PriceIndexRecord,
    ReadCounts,
    Record,
    Reject,
    SaleRecord,
    UnreadableFile,
)

from .recording import BATCH_RECORDS, Provenance, RecordCounts, Recorder, register_source
from .sales import record_sales

RECORDS_AT_A_TIME = 100


class Stream(Protocol):
    """The records of one file, as ``adapters.reading`` gives them."""

    counts: ReadCounts

    def __iter__(self) -> Iterator[Record | Reject]: ...

    def unmet_expectations(self) -> list[str]:
        """Say, after the last record, what the mapping expects of a whole file and this one lacks."""
        ...


class FileFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The file as it lies on disk: name without folders, hash and length as stored."""

    name: str
    sha256: bytes
    size_bytes: int


class ImportReport(msgspec.Struct, kw_only=True):
    """What an import did. Every record read is in one of the five counts of ``liens`` or in
    ``other_new`` to ``other_unchanged`` (sales and price indexes); ``read`` counts lines.

    ``redated`` liens got their sale date from the sales of this file.
    """

    import_id: UUID
    source: str
    liens: RecordCounts
    read: ReadCounts
    other_new: int = 0
    other_changed: int = 0
    other_unchanged: int = 0
    redated: int = 0
    rejects: int = 0

    def as_counts(self) -> dict[str, int]:
        """Return the numbers alone, as the ``imports`` table keeps them."""
        own = {"rejects": self.rejects, "redated": self.redated}
        others = {
            name: getattr(self, name) for name in ("other_new", "other_changed", "other_unchanged")
        }
        return {"lines": self.read.lines, **msgspec.structs.asdict(self.liens), **others, **own}

    def rows(self) -> int:
        """Return the rows of the file; one that was read and then refused is one row."""
        return self.read.records + self.read.duplicates + self.rejects - self.liens.refused

    def unmet(self, mapping: Mapping) -> list[str]:
        """Say if too many rows were refused after they were read, such as those of no known county."""
        said = sum(msgspec.structs.asdict(self.liens).values())
        rows, share = said + self.rejects - self.liens.refused, mapping.expect.max_reject_share
        if not self.liens.refused or self.rejects <= share * rows:
            return []
        return [f"{self.rejects} of {rows} rows were rejected, over {share * 100:g} %"]

    def complete_pct(self) -> float:
        """Return the share of the rows that could be taken, 0 to 100."""
        taken = self.rows() - self.rejects
        return 100.0 * taken / max(1, taken + self.rejects)


class FileOrigin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a collected file comes from: a source that is registered, an address, and when."""

    source: Source
    url: str
    fetched_at: datetime


class RefusedFile(Exception):
    """A file that may not be imported as a whole; ``reasons`` are sentences for its owner.

    ``readable`` says that its good rows could be taken all the same.
    """

    def __init__(self, reasons: Sequence[str], *, readable: bool = False) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = tuple(reasons)
        self.readable = readable


async def import_file(
    session: Session,
    stream: Stream,
    mapping: Mapping,
    file: FileFacts,
    *,
    on_reject: Callable[[Reject], None],
    allow_rejects: bool = False,
    source_name: str | None = None,
    origin: FileOrigin | None = None,
) -> ImportReport:
    """Record every row of a file in the session's transaction, and what the import was.

    Raises ``RefusedFile`` when the file cannot be trusted as a whole (unreadable, or too many
    rejects and not ``allow_rejects``): the caller's transaction must then be rolled back, which
    leaves nothing. Reading is synchronous, a hundred rows at a time. ``origin`` is given for a file
    that was collected; else the mapping says who publishes it, or ``source_name``.
    """
    started_at = datetime.now(UTC)
    source = origin.source if origin else await _publisher(session, mapping, source_name)
    importer = _Importer(session, mapping, source, started_at, on_reject, origin)
    try:
        await importer.run(stream)
    except UnreadableFile as error:
        raise RefusedFile([f"{file.name} cannot be read: {error}"]) from error
    report = importer.report(stream.counts)
    unmet = [] if allow_rejects else stream.unmet_expectations() or report.unmet(mapping)
    if unmet:
        raise RefusedFile([f"{file.name}: {reason}" for reason in unmet], readable=True)
    await repository.insert_import(
        session,
        _import_row(
            importer.import_id, source.id, mapping, file, started_at, "done", None,
            report.as_counts(),
        ),
    )  # fmt: skip
    fetched_at = origin.fetched_at if origin else started_at
    await repository.add_coverage(session, importer.gains(fetched_at))
    if origin is None:
        await repository.note_file(
            session,
            source.id,
            import_id=importer.import_id,
            at=started_at,
            complete_pct=report.complete_pct(),
        )
    return report


async def _publisher(session: Session, mapping: Mapping, source_name: str | None) -> Source:
    """Register who publishes a file, as its mapping has it."""
    return await register_source(
        session,
        name=source_name or mapping.name,
        title=mapping.title,
        legal_status=mapping.source.legal_status,
        county_fips=mapping.county.fips,
        platform=mapping.source.platform,
        url=mapping.source.url,
    )


async def record_refusal(
    session: Session,
    mapping: Mapping,
    file: FileFacts,
    reason: str,
    *,
    started_at: datetime,
    source_name: str | None = None,
    origin: FileOrigin | None = None,
) -> None:
    """Note that a file was refused, in a transaction of its own after the import's was rolled back."""
    source = origin.source if origin else await _publisher(session, mapping, source_name)
    row = _import_row(new_id(), source.id, mapping, file, started_at, "refused", reason, {})
    await repository.insert_import(session, row)


def _import_row(
    import_id: UUID,
    source_id: UUID,
    mapping: Mapping,
    file: FileFacts,
    started_at: datetime,
    status: str,
    reason: str | None,
    counts: dict[str, int],
) -> repository.ImportRow:
    return repository.ImportRow(
        id=import_id,
        source_id=source_id,
        file_name=file.name,
        sha256=file.sha256,
        size_bytes=file.size_bytes,
        mapping_name=mapping.name,
        mapping_version=str(mapping.version),
        status=status,
        reason=reason,
        counts=counts,
        started_at=started_at,
        finished_at=datetime.now(UTC),
    )


class _Batch:
    """Some rows of a file, by what they are."""

    def __init__(self) -> None:
        self.liens: list[Statement] = []
        self.sales: list[SaleRecord] = []
        self.prices: list[PriceIndexRecord] = []
        self.rejects: list[Reject] = []

    def __bool__(self) -> bool:
        return bool(self.liens or self.sales or self.prices or self.rejects)

    def counties(self) -> set[str]:
        found = {statement.record.county_fips for statement in self.liens}
        found |= {sale.county_fips for sale in self.sales}
        return found | {price.county_fips for price in self.prices}


class _Importer:
    """Sorts the records of one file to where each kind goes, a batch at a time."""

    def __init__(
        self,
        session: Session,
        mapping: Mapping,
        source: Source,
        started_at: datetime,
        on_reject: Callable[[Reject], None],
        origin: FileOrigin | None,
    ) -> None:
        self.import_id = new_id()
        self._session = session
        self._one_county = mapping.county.column is None
        self._locked = False
        self._source = source
        self._at = started_at
        self._fetched_at = origin.fetched_at if origin else started_at
        self._on_reject = on_reject
        self._recorder = Recorder(
            session,
            Provenance(
                source=source,
                fetched_at=origin.fetched_at if origin else started_at,
                parser_version=f"{mapping.name}/{mapping.version}",
                import_id=self.import_id,
                url=origin.url if origin else None,
                recorded_at=started_at,
            ),
        )
        self._report = ImportReport(
            import_id=self.import_id,
            source=source.name,
            liens=self._recorder.counts,
            read=ReadCounts(),
        )

    async def run(self, stream: Iterable[Record | Reject]) -> None:
        """Record the whole stream. The next batch is read while the server stores the last one."""
        items = iter(stream)
        batch, failure = await self._read(items)
        while batch:
            reading = asyncio.create_task(self._read(items))
            try:
                await self._record(batch)
            finally:
                after = await reading
            if failure is not None:
                raise failure
            batch, failure = after
        if failure is not None:
            raise failure

    async def _read(self, items: Iterator[Record | Reject]) -> tuple[_Batch, Exception | None]:
        """Read a batch, letting the writer go on in between. A failure of the file is returned."""
        batch = _Batch()
        try:
            for count, item in enumerate(islice(items, BATCH_RECORDS), start=1):
                if isinstance(item, LienRecord):
                    batch.liens.append(deriving.state(item))
                elif isinstance(item, Reject):
                    batch.rejects.append(item)
                elif isinstance(item, SaleRecord):
                    batch.sales.append(item)
                else:
                    batch.prices.append(item)
                if count % RECORDS_AT_A_TIME == 0:
                    await asyncio.sleep(0)
        except UnreadableFile as error:
            return batch, error
        return batch, None

    async def _record(self, batch: _Batch) -> None:
        await self._lock(batch)
        self._reject(batch.rejects)
        if batch.liens:
            await self._recorder.record(batch.liens)
            self._reject(self._recorder.refused)
            self._recorder.refused.clear()
        await self._record_sales(batch.sales)
        await self._record_prices(batch.prices)

    def gains(self, fetched_at: datetime) -> dict[tuple[str, UUID], repository.CoverageGain]:
        """Return what the file adds to what its source said of each county."""
        return {
            (fips, self._source.id): repository.CoverageGain(fetched_at=fetched_at, liens=liens)
            for fips, liens in self._recorder.reached.items()
        }

    def report(self, read: ReadCounts) -> ImportReport:
        self._report.read = read
        return self._report

    def _reject(self, rejects: Sequence[Reject]) -> None:
        self._report.rejects += len(rejects)
        for reject in rejects:
            self._on_reject(reject)

    async def _lock(self, batch: _Batch) -> None:
        """Lock before the first write: one county, or all where a file may name any."""
        counties = batch.counties()
        if self._locked or not counties:
            return
        if self._one_county:
            await repository.lock_counties(self._session, counties)
        else:
            await repository.lock_catalogue(self._session)
        self._locked = True

    def _count(
        self, rows: Sequence[repository.Upserted | repository.UpsertedSale], said: int
    ) -> None:
        new = sum(row.is_new for row in rows)
        self._report.other_new += new
        self._report.other_changed += len(rows) - new
        self._report.other_unchanged += said - len(rows)

    async def _record_prices(self, records: Sequence[PriceIndexRecord]) -> None:
        if records:
            rows = await repository.upsert_price_index(self._session, records, self._source.id)
            self._count(rows, len(records))

    async def _record_sales(self, records: Sequence[SaleRecord]) -> None:
        """Add sales, and give their day to the liens of that county and tax year that lack one."""
        if not records:
            return
        rows, redated = await record_sales(
            self._session, records, self._source.id, fetched_at=self._fetched_at, at=self._at
        )
        self._count(rows, len(records))
        self._report.redated += redated
