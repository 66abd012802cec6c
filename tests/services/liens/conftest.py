"""A catalogue of its own for every test, and the few records its tests are about."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from taxlien.interfaces.liens import (
    AuctionScheduled,
    LienChanged,
    LienCreated,
    LienStatusChanged,
    ListImported,
)
from taxlien.kit.database import Database
from taxlien.kit.events import Event, decode
from taxlien.services.liens import service
from taxlien.services.liens.logic.mapping import County, Expect, Mapping, Source
from taxlien.services.liens.logic.records import LienRecord, ReadCounts, Record, Reject, SaleRecord
from taxlien.services.liens.service.places import shipped_counties

COUNTIES = shipped_counties()
EVENTS: dict[str, type[Event]] = {
    kind.wire_type(): kind
    for kind in (AuctionScheduled, LienCreated, LienChanged, LienStatusChanged, ListImported)
}


class Stream:
    """Records as reading a file gives them; an exception among them is raised in its place."""

    def __init__(self, items: Iterable[Record | Reject | Exception], unmet: tuple[str, ...] = ()):
        self.counts = ReadCounts()
        self._items = items
        self._unmet = unmet

    def __iter__(self) -> Iterator[Record | Reject]:
        for item in self._items:
            if isinstance(item, Exception):
                raise item
            self.counts.lines += 1
            yield item

    def unmet_expectations(self) -> list[str]:
        return list(self._unmet)


class Catalogue:
    """The service with a database of its own."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def observe(
        self, *records: LienRecord, source: str = "county", synthetic: bool = False
    ) -> tuple[service.RecordCounts, list[Reject]]:
        """Record one batch as a source said it, now, in a transaction."""
        async with self.database.session() as session:
            speaker = await service.register_source(
                session, name=source, title=source, legal_status="open_data", synthetic=synthetic
            )
            provenance = service.Provenance(speaker, datetime.now(UTC), "test/1")
            return await service.record_observations(session, records, provenance)

    async def import_stream(
        self, stream: Stream, mapping: Mapping, **options: Any
    ) -> tuple[service.ImportReport, list[Reject]]:
        """Import a stream as a file, in a transaction."""
        rejects: list[Reject] = []
        file = service.FileFacts(name="list.csv", sha256=b"\x01" * 32, size_bytes=100)
        async with self.database.session() as session:
            report = await service.import_file(
                session, stream, mapping, file, on_reject=rejects.append, **options
            )
        return report, rejects

    async def events(self) -> list[Event]:
        """Return the events waiting in the outbox, oldest first, and empty it."""
        async with self.database.session() as session:
            rows = await session.execute(
                text("WITH gone AS (DELETE FROM liens.outbox RETURNING seq, body)"
                     " SELECT body FROM gone ORDER BY seq")
            )  # fmt: skip
            envelopes = [decode(bytes(body)) for (body,) in rows]
        return [envelope.event(EVENTS[envelope.type]) for envelope in envelopes]

    async def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        """Return what a query finds."""
        async with self.database.session() as session:
            return [tuple(row) for row in await session.execute(text(query), values)]

    async def count(self, table: str) -> int:
        [(number,)] = await self.rows(f"SELECT count(*) FROM liens.{table}")
        return int(number)


@pytest.fixture
async def catalogue(database_for: Callable[..., Awaitable[Database]]) -> Catalogue:
    """An empty catalogue with the shipped counties."""
    database = await database_for("liens")
    async with database.session() as session:
        await service.load_counties(session, COUNTIES)
    return Catalogue(database)


@pytest.fixture
def stream() -> type[Stream]:
    return Stream


@pytest.fixture
def record() -> Callable[..., LienRecord]:
    """``record(face_amount="12.00", ...)``: a sold certificate of Polk County, Florida."""

    def make(**fields: Any) -> LienRecord:
        number = fields.pop("number", 1)
        defaults: dict[str, Any] = {
            "line": number + 1,
            "kind": "certificate",
            "status": "sold",
            "state": "FL",
            "county_fips": "12105",
            "parcel_id": f"0126-{number:06d}",
            "parcel_key": f"0126{number:06d}",
            "tax_year": 2018,
            "certificate_number": f"{number:07d}",
            "face_amount": "1875.34",
            "bid_rate_pct": "0.25",
            "sale_date": date(2019, 5, 31),
            "sale_date_basis": "published",
        }
        return msgspec.convert(
            defaults | fields, LienRecord, strict=True, from_attributes=True,
            builtin_types=(date,),
        )  # fmt: skip

    return make


@pytest.fixture
def mapping() -> Mapping:
    """A mapping of Polk County, as far as importing looks at it."""
    return Mapping(
        name="polk",
        title="Polk County certificate sales",
        source=Source(legal_status="open_data", licence="public record"),
        county=County(fips="12105"),
        columns={},
        expect=Expect(),
    )


@pytest.fixture
def sale() -> Callable[..., SaleRecord]:
    """``sale(day, tax_year=2018, kind=...)``: a day on which Polk County sold."""

    def make(day: date, *, tax_year: int = 2018, kind: str = "certificate_sale") -> SaleRecord:
        return SaleRecord(
            line=2, state="FL", county_fips="12105", sale_date=day, kind=kind, tax_year=tax_year
        )

    return make
