"""Import one file: all of it, in one transaction, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import islice
from typing import Protocol, TypeVar
from uuid import UUID

import msgspec

from taxlien.kit.database import Session
from taxlien.kit.ids import new_id
from taxlien.kit.outbox import emit_many

from .. import repository
from ..logic import deriving
from ..logic.deriving import SaleDay, Source
from ..logic.mapping import Mapping
from ..logic.records import (
    LienRecord,
    PriceIndexRecord,
    ReadCounts,
    Record,
    Reject,
    SaleRecord,
    UnreadableFile,
)
from .recording import Provenance, Recorder, RecordCounts, announcement, register_source

BATCH_RECORDS = 5_000

T = TypeVar("T")


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


class RefusedFile(Exception):
    """A file that may not be imported as a whole; ``reasons`` are sentences for its owner."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = tuple(reasons)


async def import_file(
    session: Session,
    stream: Stream,
    mapping: Mapping,
    file: FileFacts,
    *,
    on_reject: Callable[[Reject], None],
    allow_rejects: bool = False,
    source_name: str | None = None,
) -> ImportReport:
    """Record every row of a file in the session's transaction, and what the import was.

    Raises ``RefusedFile`` when the file cannot be trusted as a whole (unreadable, or too many
    rejects and not ``allow_rejects``): the caller's transaction must then be rolled back, which
    leaves nothing. Reading is synchronous: call it where nothing else waits on the event loop.
    """
    started_at = datetime.now(UTC)
    source = await register_source(
        session,
        name=source_name or mapping.name,
        title=mapping.title,
        legal_status=mapping.source.legal_status,
        county_fips=mapping.county.fips,
        platform=mapping.source.platform,
        url=mapping.source.url,
    )
    importer = _Importer(session, mapping, source, started_at, on_reject)
    try:
        await importer.run(stream)
    except UnreadableFile as error:
        raise RefusedFile([f"{file.name} cannot be read: {error}"]) from error
    report = importer.report(stream.counts)
    unmet = [] if allow_rejects else stream.unmet_expectations()
    if unmet:
        raise RefusedFile([f"{file.name}: {reason}" for reason in unmet])
    await repository.insert_import(
        session,
        _import_row(
            importer.import_id, source.id, mapping, file, started_at, "done", None,
            report.as_counts(),
        ),
    )  # fmt: skip
    return report


async def record_refusal(
    session: Session,
    mapping: Mapping,
    file: FileFacts,
    reason: str,
    *,
    started_at: datetime,
    source_name: str | None = None,
) -> None:
    """Note that a file was refused, in a transaction of its own after the import's was rolled back."""
    source = await register_source(
        session,
        name=source_name or mapping.name,
        title=mapping.title,
        legal_status=mapping.source.legal_status,
        county_fips=mapping.county.fips,
        platform=mapping.source.platform,
        url=mapping.source.url,
    )
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


class _Importer:
    """Sorts the records of one file to where each kind goes, a batch at a time."""

    def __init__(
        self,
        session: Session,
        mapping: Mapping,
        source: Source,
        started_at: datetime,
        on_reject: Callable[[Reject], None],
    ) -> None:
        self.import_id = new_id()
        self._session = session
        self._one_county = mapping.county.column is None
        self._locked = False
        self._source = source
        self._at = started_at
        self._on_reject = on_reject
        self._recorder = Recorder(
            session,
            Provenance(
                source=source,
                fetched_at=started_at,
                parser_version=f"{mapping.name}/{mapping.version}",
                import_id=self.import_id,
            ),
        )
        self._report = ImportReport(
            import_id=self.import_id,
            source=source.name,
            liens=self._recorder.counts,
            read=ReadCounts(),
        )

    async def run(self, stream: Iterable[Record | Reject]) -> None:
        items = self._without_rejects(stream)
        while batch := list(islice(items, BATCH_RECORDS)):
            await self._lock(batch)
            liens = [record for record in batch if isinstance(record, LienRecord)]
            if liens:
                await self._recorder.record(liens)
                self._pass_on_refused()
            await self._record_sales([r for r in batch if isinstance(r, SaleRecord)])
            await self._record_prices([r for r in batch if isinstance(r, PriceIndexRecord)])

    def report(self, read: ReadCounts) -> ImportReport:
        self._report.read = read
        return self._report

    def _without_rejects(self, stream: Iterable[Record | Reject]) -> Iterator[Record]:
        for item in stream:
            if isinstance(item, Reject):
                self._report.rejects += 1
                self._on_reject(item)
            else:
                yield item

    def _pass_on_refused(self) -> None:
        for reject in self._recorder.refused:
            self._report.rejects += 1
            self._on_reject(reject)
        self._recorder.refused.clear()

    async def _lock(self, batch: Sequence[Record]) -> None:
        """Lock before the first write: one county, or all where a file may name any."""
        if self._locked:
            return
        if self._one_county:
            await repository.lock_counties(self._session, {batch[0].county_fips})
        else:
            await repository.lock_catalogue(self._session)
        self._locked = True

    def _count(self, rows: Sequence[repository.Upserted], said: int) -> None:
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
        rows = await repository.upsert_sales(self._session, records, self._source.id)
        self._count(rows, len(records))
        for fips in sorted({row.county_fips for row in rows}):
            known = deriving.days_of_sales(await repository.sale_days(self._session, fips))
            for year in {row.year for row in rows if row.county_fips == fips}:
                day = known.get(("tax_year", year)) if year is not None else None
                if year is not None and day is not None:
                    await self._redate(fips, year, day)

    async def _redate(self, fips: str, tax_year: int, day: date) -> None:
        liens = await repository.liens_without_published_sale(self._session, fips, tax_year)
        changes = [
            deriving.redate(lien, SaleDay(day, "published"), at=self._at)
            for lien in liens
        ]
        if changes:
            await repository.update_liens(self._session, [change.lien for change in changes])
            await emit_many(self._session, map(announcement, changes))
            self._report.redated += len(changes)
