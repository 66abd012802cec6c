"""Reading liens and what was said of them. Lists walk an index from a position, never by offset."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from taxlien.interfaces.liens import Lien
from taxlien.kit.database import Session

from .merged import IN_FORCE
from .rows import LIEN_SELECT, lien_of

_GET = text(f"{LIEN_SELECT} WHERE lien_id = ANY(:ids)").bindparams(
    bindparam("ids", type_=ARRAY(Uuid))
)
_EXPORT = text(f"{LIEN_SELECT} WHERE lien_id > :after ORDER BY lien_id LIMIT :limit")
_SUBSEQUENT = text(
    f"{LIEN_SELECT} WHERE county_fips = :county_fips AND parcel_key = :parcel_key"
    " AND certificate_number = :certificate_number ORDER BY paid_on, tax_year, lien_id"
)


class Filter(NamedTuple):
    """What a list of liens is narrowed to; None narrows nothing. Bounds of FIPS are inclusive."""

    fips_from: str = "00000"
    fips_to: str = "99999"
    status: str | None = None
    updated_since: datetime | None = None


async def get_liens(session: Session, ids: Sequence[UUID]) -> dict[UUID, Lien]:
    """Return the liens that exist of ``ids``."""
    if not ids:
        return {}
    rows = await session.execute(_GET, {"ids": list(ids)})
    return {lien.lien_id: lien for lien in map(lien_of, rows)}


async def get_lien(session: Session, lien_id: UUID) -> Lien | None:
    return (await get_liens(session, [lien_id])).get(lien_id)


async def list_liens(
    session: Session, where: Filter, after: tuple[str | datetime, UUID] | None, limit: int
) -> list[Lien]:
    """Return a page by (county, id); with ``updated_since``, by (last change, id)."""
    order = "county_fips" if where.updated_since is None else "last_changed_at"
    conditions = ["county_fips BETWEEN :fips_from AND :fips_to"]
    values: dict[str, Any] = {**where._asdict(), "limit": limit}
    if where.updated_since is not None:
        conditions.append("last_changed_at >= :updated_since")
    if where.status is not None:
        conditions.append("status = :status")
    if after is not None:
        conditions.append(f"({order}, lien_id) > (:after_value, :after_id)")
        values |= {"after_value": after[0], "after_id": after[1]}
    query = f"{LIEN_SELECT} WHERE {' AND '.join(conditions)} ORDER BY {order}, lien_id LIMIT :limit"
    return [lien_of(row) for row in await session.execute(text(query), values)]


async def export_liens(session: Session, after: UUID, limit: int) -> list[Lien]:
    """Return up to ``limit`` liens by id, from the one following ``after``."""
    return [
        lien_of(row) for row in await session.execute(_EXPORT, {"after": after, "limit": limit})
    ]


async def same_certificate(session: Session, lien: Lien) -> list[Lien]:
    """Return every lien of the same parcel and certificate number, ``lien`` among them."""
    values = {
        "county_fips": lien.county_fips,
        "parcel_key": lien.parcel_key,
        "certificate_number": lien.certificate_number,
    }
    return [lien_of(row) for row in await session.execute(_SUBSEQUENT, values)]


class Said(NamedTuple):
    """An observation with the words of its source and file."""

    number: int
    source: str
    source_title: str
    legal_status: str
    file: str | None
    line: int | None
    url: str | None
    fetched_at: datetime
    parser_version: str
    content_sha256: bytes
    values: dict[str, Any]
    page_sha256: bytes | None


_OBSERVATIONS = text(
    f"""
    SELECT said.number, source.name, source.title, source.legal_status, import.file_name,
        said.line, said.url, said.fetched_at, said.parser_version,
        said.content_sha256, said.values, said.page_sha256
    FROM liens.observations AS said
    JOIN liens.sources AS source ON source.id = said.source_id
    LEFT JOIN liens.imports AS import ON import.id = said.import_id
    WHERE said.lien_id = :lien_id AND said.number < :before AND {IN_FORCE}
    ORDER BY said.number DESC LIMIT :limit
    """  # noqa: S608 - our own names
)


async def observations_of(
    session: Session, lien_id: UUID, *, before: int, limit: int
) -> list[Said]:
    """Return what was said of a lien, latest first, from the one before number ``before``.

    What it had by a merge that was undone is left out.
    """
    values = {"lien_id": lien_id, "before": before, "limit": limit}
    return [Said(*row) for row in await session.execute(_OBSERVATIONS, values)]


class Seen(NamedTuple):
    """A status a lien was in, who said so, and when."""

    number: int
    status: str
    seen_on: date | None
    observed_at: datetime
    source: str


_HISTORY = text(
    """
    SELECT entry.number, entry.status, entry.seen_on, entry.observed_at, source.name
    FROM liens.status_history AS entry JOIN liens.sources AS source ON source.id = entry.source_id
    WHERE entry.lien_id = :lien_id AND entry.number > :after
    ORDER BY entry.number LIMIT :limit
    """
)


async def history_of(session: Session, lien_id: UUID, *, after: int, limit: int) -> list[Seen]:
    """Return the statuses of a lien in the order they were learned."""
    values = {"lien_id": lien_id, "after": after, "limit": limit}
    return [Seen(*row) for row in await session.execute(_HISTORY, values)]
