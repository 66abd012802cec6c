"""Parcels as assessors' pages describe them: what is known, what was said, and by whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import CHAR

from taxlien.interfaces.liens import Lien
from taxlien.kit.database import Session, copy_rows
from taxlien.services.liens.logic.pages import ParcelStatement
from taxlien.services.liens.logic.parcels import PARCEL_FACTS, Assessed, Origin

from .rows import LIEN_SELECT, lien_of

ParcelKey = tuple[str, str]

_encode = msgspec.json.Encoder(decimal_format="string", uuid_format="canonical").encode
_KEYS = "json_to_recordset(cast(:keys AS json)) AS key (county_fips text, parcel_key text)"
_SAME = "{0}.county_fips = key.county_fips::char(5) AND {0}.parcel_key = key.parcel_key"


def _keys(keys: Iterable[ParcelKey]) -> dict[str, str]:
    rows = [{"county_fips": fips, "parcel_key": key} for fips, key in sorted(keys)]
    return {"keys": _encode(rows).decode()}


_ASSESSED_COUNTIES = text(
    "SELECT fips FROM unnest(:fips) AS fips WHERE EXISTS (SELECT FROM liens.parcels"
    " WHERE county_fips = fips AND observed_at IS NOT NULL)"
).bindparams(bindparam("fips", type_=ARRAY(CHAR(5))))


async def assessed_counties(session: Session, fips: Iterable[str]) -> set[str]:
    """Return those counties of which an assessor's page is known."""
    found = await session.execute(_ASSESSED_COUNTIES, {"fips": sorted(fips)})
    return {row[0] for row in found}


def as_said(column: str) -> str:
    """Return how a column is selected: sizes without the zeros that its type adds."""
    return f"trim_scale({column})" if column.endswith(("acres", "building_sqft")) else column


_ASSESSED = text(
    f"""
    SELECT parcel.county_fips, parcel.parcel_key, parcel.origins,
        {", ".join(as_said(f"parcel.{name}") for name in PARCEL_FACTS)}
    FROM {_KEYS} JOIN liens.parcels AS parcel ON {_SAME.format("parcel")}
    WHERE parcel.observed_at IS NOT NULL
    """  # noqa: S608 - our own names
)


async def assessed(session: Session, keys: Iterable[ParcelKey]) -> dict[ParcelKey, Assessed]:
    """Return what assessors' pages gave of these parcels, where they gave anything."""
    found = {}
    for fips, key, stored, *values in await session.execute(_ASSESSED, _keys(keys)):
        origins = {
            name: Origin(UUID(said), datetime.fromisoformat(at), UUID(source))
            for name, (said, at, source) in stored.items()
        }
        facts = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in zip(PARCEL_FACTS, values, strict=True)
            if value is not None and name in origins
        }
        found[fips, key] = Assessed(facts, origins)
    return found


class Heard(NamedTuple):
    """The observation that a statement repeats, and whether its source spoke of that parcel before."""

    repeats: UUID | None
    known_source: bool


# Said again: the very same page, or what the source said last before that time.
_HEARD = text(
    f"""
    SELECT key.position, coalesce(
        (SELECT said.id FROM liens.parcel_observations AS said WHERE {_SAME.format("said")}
            AND said.source_id = key.source_id AND said.fetched_at = key.fetched_at
            AND said.content_sha256 = decode(key.sha256, 'hex') LIMIT 1),
        (SELECT CASE WHEN said.content_sha256 = decode(key.sha256, 'hex') THEN said.id END
            FROM liens.parcel_observations AS said WHERE {_SAME.format("said")}
            AND said.source_id = key.source_id AND said.fetched_at <= key.fetched_at
            ORDER BY said.fetched_at DESC, said.id DESC LIMIT 1)),
        EXISTS (SELECT FROM liens.parcel_observations AS said WHERE {_SAME.format("said")}
            AND said.source_id = key.source_id)
    FROM json_to_recordset(cast(:keys AS json)) AS key (position integer, county_fips text,
        parcel_key text, source_id uuid, fetched_at timestamptz, sha256 text)
    """  # noqa: S608 - our own names
)


async def heard_parcels(session: Session, said: Sequence[ParcelStatement]) -> list[Heard]:
    """Return for each statement whether it is known already."""
    rows = [
        {
            "position": position,
            "county_fips": statement.county_fips,
            "parcel_key": statement.parcel_key,
            "source_id": statement.source_id,
            "fetched_at": statement.page.fetched_at,
            "sha256": statement.sha256.hex(),
        }
        for position, statement in enumerate(said)
    ]
    found = [Heard(None, False)] * len(said)
    for position, *heard in await session.execute(_HEARD, {"keys": _encode(rows).decode()}):
        found[position] = Heard(*heard)
    return found


_OBSERVATION_COLUMNS = (
    "county_fips",
    "parcel_key",
    "id",
    "source_id",
    "url",
    "fetched_at",
    "parser_version",
    "content_sha256",
    "page_sha256",
    "parcel_id",
    "facts",
    "values",
    "taxes",
    "transfers",
)


async def insert_parcel_observations(
    session: Session, said: Iterable[tuple[UUID, ParcelStatement]]
) -> None:
    """Append what was said of parcels."""
    rows = (
        (
            statement.county_fips,
            statement.parcel_key,
            observation,
            statement.source_id,
            statement.page.url,
            statement.page.fetched_at,
            statement.page.parser_version,
            statement.sha256,
            statement.page.sha256,
            statement.parcel_id,
            statement.said,
            statement.values,
            statement.taxes,
            statement.transfers,
        )
        for observation, statement in said
    )
    await copy_rows(session, "parcel_observations", _OBSERVATION_COLUMNS, rows)


_INSERT_OTHER_IDS = text(
    "INSERT INTO liens.parcel_other_ids (county_fips, id_key, parcel_key, label)"
    " SELECT county_fips, id_key, parcel_key, label"
    " FROM json_populate_recordset(NULL::liens.parcel_other_ids, cast(:ids AS json))"
    " ON CONFLICT DO NOTHING"
)


async def insert_other_ids(session: Session, said: Iterable[ParcelStatement]) -> None:
    """Note the further numbers of parcels."""
    rows = {
        (statement.county_fips, found, statement.parcel_key, label)
        for statement in said
        for label, found in statement.other_ids
    }
    if rows:
        names = ("county_fips", "id_key", "parcel_key", "label")
        body = _encode([dict(zip(names, row, strict=True)) for row in sorted(rows)]).decode()
        await session.execute(_INSERT_OTHER_IDS, {"ids": body})


_COLUMNS = ("county_fips", "parcel_key", "parcel_id", *PARCEL_FACTS, "observed_at", "origins")

# What an assessor never said stays as the lists of liens have it.
_UPSERT_ASSESSED = text(
    f"""
    INSERT INTO liens.parcels AS parcel ({", ".join(_COLUMNS)}, first_seen_at)
    SELECT {", ".join(_COLUMNS)}, first_seen_at
    FROM json_populate_recordset(NULL::liens.parcels, cast(:parcels AS json))
    ON CONFLICT (county_fips, parcel_key) DO UPDATE SET
        parcel_id = excluded.parcel_id, observed_at = excluded.observed_at,
        origins = excluded.origins,
        {
        ", ".join(
            f"{name} = CASE WHEN excluded.origins ? '{name}' THEN excluded.{name}"
            f" ELSE parcel.{name} END"
            for name in PARCEL_FACTS
        )
    }
    """  # noqa: S608 - our own names
)


async def upsert_assessed(
    session: Session, parcels: Mapping[ParcelKey, Assessed], spelling: Mapping[ParcelKey, str]
) -> None:
    """Write what assessors' pages give of these parcels now; ``spelling`` is the number as published."""
    rows = []
    for fips, key in sorted(parcels):
        known = parcels[fips, key]
        times = [origin.fetched_at for origin in known.origins.values()]
        rows.append(
            {
                **known.facts,
                "county_fips": fips,
                "parcel_key": key,
                "parcel_id": spelling[fips, key],
                "observed_at": max(times),
                "first_seen_at": min(times),
                "origins": {
                    name: (origin.observation, origin.fetched_at, origin.source_id)
                    for name, origin in known.origins.items()
                },
            }
        )
    await session.execute(_UPSERT_ASSESSED, {"parcels": _encode(rows).decode()})


_LIENS_OF = text(
    f"SELECT lien.* FROM {_KEYS} CROSS JOIN LATERAL"  # noqa: S608 - our own names
    f" ({LIEN_SELECT} WHERE {_SAME.format('liens')}) AS lien ORDER BY lien.lien_id"
)


async def liens_of_parcels(session: Session, keys: Iterable[ParcelKey]) -> list[Lien]:
    """Return every lien on these parcels."""
    return [lien_of(row) for row in await session.execute(_LIENS_OF, _keys(keys))]


class PageFacts(NamedTuple):
    """One observation of a parcel, as far as a lien repeats it."""

    id: UUID
    source_id: UUID
    url: str
    fetched_at: datetime
    parser_version: str
    page_sha256: bytes
    facts: dict[str, Any]


_PAGES = text(
    """
    SELECT said.id, said.source_id, said.url, said.fetched_at, said.parser_version,
        said.page_sha256, said.facts
    FROM json_to_recordset(cast(:keys AS json)) AS key (county_fips text, parcel_key text, id uuid)
    JOIN liens.parcel_observations AS said ON said.county_fips = key.county_fips::char(5)
        AND said.parcel_key = key.parcel_key AND said.id = key.id
    """
)


async def parcel_pages(
    session: Session, wanted: Iterable[tuple[str, str, UUID]]
) -> dict[UUID, PageFacts]:
    """Return observations of parcels by (county, parcel key, id)."""
    rows = [{"county_fips": fips, "parcel_key": key, "id": said} for fips, key, said in wanted]
    found = await session.execute(_PAGES, {"keys": _encode(rows).decode()})
    return {row[0]: PageFacts(*row) for row in found}


class ParcelRow(NamedTuple):
    """A parcel as it is known now. Null is unknown; acres, US dollars."""

    county_fips: str
    parcel_key: str
    parcel_id: str
    situs_address: str | None
    city: str | None
    zip_code: str | None
    property_type: str | None
    property_class: str | None
    land_use: str | None
    acres: Decimal | None
    building_sqft: Decimal | None
    year_built: int | None
    latitude: float | None
    longitude: float | None
    homestead: bool | None
    flags: list[str] | None
    market_value: Decimal | None
    market_value_year: int | None
    assessed_value: Decimal | None
    assessed_value_year: int | None
    first_seen_at: datetime
    observed_at: datetime | None


_PARCEL = text(
    f"SELECT {', '.join(map(as_said, ParcelRow._fields))} FROM liens.parcels"  # noqa: S608 - our own names
    " WHERE county_fips = :fips AND parcel_key = :key"
)


async def parcel_row(session: Session, fips: str, key: str) -> ParcelRow | None:
    row = (await session.execute(_PARCEL, {"fips": fips, "key": key})).first()
    return ParcelRow(*row) if row else None
