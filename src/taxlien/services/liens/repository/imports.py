"""Sources, imports, sales and house prices: what a file brings besides liens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import text

from taxlien.kit.database import Session
from taxlien.kit.ids import new_id
from taxlien.services.liens.logic.deriving import Source
from taxlien.services.liens.logic.records import PriceIndexRecord, SaleRecord

_encode = msgspec.json.Encoder(decimal_format="string", uuid_format="canonical").encode

_UPSERT_SOURCE = text(
    """
    INSERT INTO liens.sources
        (id, name, title, county_fips, legal_status, platform, url, synthetic)
    VALUES (:id, :name, :title, :county_fips, :legal_status, :platform, :url, :synthetic)
    ON CONFLICT (name) DO UPDATE SET title = excluded.title, county_fips = excluded.county_fips,
        legal_status = excluded.legal_status, platform = excluded.platform, url = excluded.url
    RETURNING id, name, synthetic
    """
)


async def upsert_source(
    session: Session,
    *,
    name: str,
    title: str,
    county_fips: str | None,
    legal_status: str,
    platform: str | None,
    url: str | None,
    synthetic: bool,
) -> Source:
    """Add a source, or bring its description up to date. Synthetic stays what it was."""
    values = {
        "id": new_id(),
        "name": name,
        "title": title,
        "county_fips": county_fips,
        "legal_status": legal_status,
        "platform": platform,
        "url": url,
        "synthetic": synthetic,
    }
    return Source(*(await session.execute(_UPSERT_SOURCE, values)).one())


class SourceRow(NamedTuple):
    """A source as others name it."""

    name: str
    county_fips: str | None


async def source_by_id(session: Session, source_id: UUID) -> SourceRow:
    """Return the source of an id that is known to exist."""
    query = text("SELECT name, county_fips FROM liens.sources WHERE id = :id")
    return SourceRow(*(await session.execute(query, {"id": source_id})).one())


class ImportRow(NamedTuple):
    """One row of ``imports``."""

    id: UUID
    source_id: UUID
    file_name: str
    sha256: bytes
    size_bytes: int
    mapping_name: str
    mapping_version: str
    status: str
    reason: str | None
    counts: dict[str, Any]
    started_at: datetime
    finished_at: datetime


_INSERT_IMPORT = text(
    f"INSERT INTO liens.imports ({', '.join(ImportRow._fields)})"  # noqa: S608 - our own names
    f" VALUES ({', '.join(f':{name}' for name in ImportRow._fields)})".replace(
        ":counts", "cast(:counts AS jsonb)"
    )
)


async def insert_import(session: Session, row: ImportRow) -> None:
    values = row._asdict() | {"counts": _encode(row.counts).decode()}
    await session.execute(_INSERT_IMPORT, values)


class SaleRow(NamedTuple):
    """A sale with the county's own words for it."""

    id: UUID
    county_fips: str
    state: str
    county: str
    sale_date: date
    kind: str
    label: str | None
    tax_year: int | None
    source: str


_UPSERT_SALES = text(
    """
    INSERT INTO liens.sales AS sale
        (id, county_fips, sale_date, kind, label, tax_year, source_id, observed_at)
    SELECT id, county_fips, sale_date, kind, label, tax_year, source_id, observed_at
    FROM json_populate_recordset(NULL::liens.sales, cast(:sales AS json))
    ON CONFLICT (county_fips, sale_date, kind, tax_year) DO UPDATE
        SET label = excluded.label, source_id = excluded.source_id,
            observed_at = excluded.observed_at
    WHERE sale.label IS DISTINCT FROM excluded.label
        AND coalesce(sale.observed_at <= excluded.observed_at, true)
    RETURNING county_fips, tax_year, (xmax = 0) AS is_new, sale_date, kind, label
    """
)


class UpsertedSale(NamedTuple):
    """A sale that an upsert wrote."""

    county_fips: str
    year: int | None
    is_new: bool
    sale_date: date
    kind: str
    label: str | None


class Upserted(NamedTuple):
    """A row that an upsert wrote; the ones that said nothing new are not written."""

    county_fips: str
    year: int | None
    is_new: bool


async def upsert_sales(
    session: Session, sales: Iterable[SaleRecord], source_id: UUID, observed_at: datetime
) -> list[UpsertedSale]:
    """Add sales. Two records of one day, kind and tax year are one sale: the last one counts."""
    by_key = {(s.county_fips, s.sale_date, s.kind, s.tax_year): s for s in sales}
    rows = [
        {
            "id": new_id(),
            "county_fips": sale.county_fips,
            "sale_date": sale.sale_date,
            "kind": sale.kind,
            "label": sale.label,
            "tax_year": sale.tax_year,
            "source_id": source_id,
            "observed_at": observed_at,
        }
        for sale in by_key.values()
    ]
    found = await session.execute(_UPSERT_SALES, {"sales": _encode(rows).decode()})
    return [UpsertedSale(*row) for row in found]


_PRICE_COLUMNS = "county_fips, year, index, change_pct, index_1990, index_2000"
_UPSERT_PRICES = text(
    f"""
    INSERT INTO liens.county_price_index AS price ({_PRICE_COLUMNS}, source_id)
    SELECT {_PRICE_COLUMNS}, source_id
    FROM json_populate_recordset(NULL::liens.county_price_index, cast(:prices AS json))
    ON CONFLICT (county_fips, year) DO UPDATE SET index = excluded.index,
        change_pct = excluded.change_pct, index_1990 = excluded.index_1990,
        index_2000 = excluded.index_2000, source_id = excluded.source_id
    WHERE (price.index, price.change_pct, price.index_1990, price.index_2000) IS DISTINCT FROM
        (excluded.index, excluded.change_pct, excluded.index_1990, excluded.index_2000)
    RETURNING county_fips, year, (xmax = 0) AS is_new
    """  # noqa: S608 - our own names
)


async def upsert_price_index(
    session: Session, records: Sequence[PriceIndexRecord], source_id: UUID
) -> list[Upserted]:
    """Add or correct house price indexes; the last record of a county and year counts."""
    by_key = {(record.county_fips, record.year): record for record in records}
    rows = [
        {name: getattr(record, name) for name in _PRICE_COLUMNS.split(", ")}
        | {"source_id": source_id}
        for record in by_key.values()
    ]
    found = await session.execute(_UPSERT_PRICES, {"prices": _encode(rows).decode()})
    return [Upserted(*row) for row in found]


_SALE_DAYS = text("SELECT sale_date, kind, tax_year FROM liens.sales WHERE county_fips = :fips")


async def sale_days(session: Session, fips: str) -> list[tuple[date, str, int | None]]:
    """Return (day, kind, tax year) of every sale of a county."""
    return [(row[0], row[1], row[2]) for row in await session.execute(_SALE_DAYS, {"fips": fips})]


async def list_sales(
    session: Session,
    *,
    fips_from: str,
    fips_to: str,
    after: tuple[str, date, UUID] | None,
    limit: int,
) -> list[SaleRow]:
    """Return a page of sales by (county, day, id)."""
    position = "AND (sale.county_fips, sale.sale_date, sale.id) > (:fips, :day, :id)"
    query = f"""
        SELECT sale.id, sale.county_fips, county.state, county.name, sale.sale_date, sale.kind,
            sale.label, sale.tax_year, source.name
        FROM liens.sales AS sale
        JOIN liens.counties AS county ON county.fips = sale.county_fips
        JOIN liens.sources AS source ON source.id = sale.source_id
        WHERE sale.county_fips BETWEEN :fips_from AND :fips_to {position if after else ""}
        ORDER BY sale.county_fips, sale.sale_date, sale.id LIMIT :limit
    """  # noqa: S608 - our own names
    values: dict[str, Any] = {"fips_from": fips_from, "fips_to": fips_to, "limit": limit}
    if after:
        values |= dict(zip(("fips", "day", "id"), after, strict=True))
    return [SaleRow(*row) for row in await session.execute(text(query), values)]
