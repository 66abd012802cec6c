"""Writing what was observed, in bulk: one statement per batch and table.

Rows go to the server as one JSON parameter or by COPY. The planner takes a JSON set for a hundred rows
and so walks the indexes, which is right here: a batch is small beside the tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import partial
from operator import attrgetter, is_not
from typing import NamedTuple, cast
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from taxlien.interfaces.liens import Lien, LienStatus
from taxlien.kit.database import Session, copy_rows
from taxlien.services.liens.logic.deriving import Known

from .rows import COLUMNS, LIEN_SELECT, lien_of

_encode = msgspec.json.Encoder(decimal_format="string", uuid_format="canonical").encode
_lien_row = attrgetter(*COLUMNS)

CATALOGUE_LOCK = 0x11E5
"""First number of the advisory locks; the second is 0 for the whole catalogue, else a county."""

_LOCK = text("SELECT pg_advisory_xact_lock(:lock, :part)")
_LOCK_SHARED = text("SELECT pg_advisory_xact_lock_shared(:lock, 0)")


async def lock_catalogue(session: Session) -> None:
    """Wait until nobody else writes liens, and keep it so until the transaction ends."""
    await session.execute(_LOCK, {"lock": CATALOGUE_LOCK, "part": 0})


async def lock_counties(session: Session, fips: Iterable[str]) -> None:
    """Wait until nobody else writes liens of these counties, and keep it so to the transaction's end.

    Counties are locked in ascending order, so two writers never wait for each other.
    """
    await session.execute(_LOCK_SHARED, {"lock": CATALOGUE_LOCK})
    for code in sorted(set(fips)):
        await session.execute(_LOCK, {"lock": CATALOGUE_LOCK, "part": int(code)})


_CANDIDATES = text(
    """
    SELECT key.county_fips, key.parcel_key, key.tax_year,
        lien.lien_id, lien.certificate_number, lien.advertising_number,
        (SELECT content_sha256 FROM liens.observations AS observation
         WHERE observation.lien_id = lien.lien_id AND observation.source_id = :source_id
            AND observation.values ? 'status' -- what a parcel gave its lien is no statement of it
         ORDER BY number DESC LIMIT 1) AS content_sha256
    FROM json_to_recordset(cast(:keys AS json))
        AS key (county_fips text, parcel_key text, tax_year smallint)
    JOIN liens.liens AS lien ON lien.county_fips = key.county_fips::char(5)
        AND lien.parcel_key = key.parcel_key
        AND lien.tax_year IS NOT DISTINCT FROM key.tax_year
    ORDER BY lien.lien_id
    """
)

Key = tuple[str, str, int | None]


async def candidates(
    session: Session, keys: Iterable[Key], source_id: UUID | None
) -> dict[Key, list[Known]]:
    """Return the liens of each (county, parcel key, tax year), oldest first.

    With None for the source, no hash of what it said last is looked up.
    """
    wanted = [
        {"county_fips": fips, "parcel_key": parcel, "tax_year": year} for fips, parcel, year in keys
    ]
    parameters = {"keys": _encode(wanted).decode(), "source_id": source_id}
    found: dict[Key, list[Known]] = {}
    for fips, parcel, year, *known in await session.execute(_CANDIDATES, parameters):
        found.setdefault((fips, parcel, year), []).append(Known(*known))
    return found


async def insert_liens(session: Session, liens: Sequence[Lien]) -> None:
    """Add new liens. Columns that are null throughout, often half of them, are not sent."""
    present = [name for name in COLUMNS if any(map(_is_known, map(attrgetter(name), liens)))]
    await copy_rows(session, "liens", present, map(attrgetter(*present), liens))


_is_known = partial(is_not, None)


_UPDATE = text(
    "UPDATE liens.liens AS lien SET "  # noqa: S608 - the column names are ours
    + ", ".join(f"{name} = new.{name}" for name in COLUMNS if name != "lien_id")
    + " FROM json_populate_recordset(NULL::liens.liens, cast(:liens AS json)) AS new"
    " WHERE lien.lien_id = new.lien_id"
)


async def update_liens(session: Session, liens: Sequence[Lien]) -> None:
    """Replace the current state of liens."""
    rows = [dict(zip(COLUMNS, _lien_row(lien), strict=True)) for lien in liens]
    await session.execute(_UPDATE, {"liens": _encode(rows).decode()})


PARCEL_FACTS = (
    "situs_address",
    "city",
    "zip_code",
    "property_type",
    "acres",
    "building_sqft",
    "year_built",
    "latitude",
    "longitude",
)
_PARCEL_COLUMNS = ("county_fips", "parcel_key", "parcel_id", *PARCEL_FACTS, "first_seen_at")
_parcel_facts = attrgetter(*PARCEL_FACTS)

# A row is touched only when it says something new: most parcels come back year after year.
_UPSERT_PARCELS = text(
    f"""
    INSERT INTO liens.parcels AS parcel ({", ".join(_PARCEL_COLUMNS)})
    SELECT {", ".join(_PARCEL_COLUMNS)}
    FROM json_populate_recordset(NULL::liens.parcels, cast(:parcels AS json))
    ON CONFLICT (county_fips, parcel_key) DO UPDATE SET
        parcel_id = excluded.parcel_id,
        {", ".join(f"{name} = coalesce(excluded.{name}, parcel.{name})" for name in PARCEL_FACTS)}
    WHERE parcel.parcel_id <> excluded.parcel_id
        OR {" OR ".join(f"excluded.{n} <> parcel.{n}" for n in PARCEL_FACTS)}
        OR num_nulls({", ".join(f"parcel.{name}" for name in PARCEL_FACTS)}) > num_nulls(
            {", ".join(f"coalesce(excluded.{name}, parcel.{name})" for name in PARCEL_FACTS)})
    """  # noqa: S608 - the column names are ours
)


async def upsert_parcels(session: Session, liens: Iterable[Lien]) -> None:
    """Add the parcels of ``liens``, or fill in what they newly say; later liens win over earlier."""
    parcels: dict[tuple[str, str], dict[str, object]] = {}
    for lien in liens:
        facts = zip(PARCEL_FACTS, _parcel_facts(lien), strict=True)
        row = parcels.setdefault(
            (lien.county_fips, lien.parcel_key),
            {
                "county_fips": lien.county_fips,
                "parcel_key": lien.parcel_key,
                "first_seen_at": lien.last_changed_at,
            },
        )
        row["parcel_id"] = lien.parcel_id
        row.update((name, value) for name, value in facts if value is not None)
    rows = _encode([parcels[key] for key in sorted(parcels)]).decode()
    await session.execute(_UPSERT_PARCELS, {"parcels": rows})


OBSERVATION_COLUMNS = (
    "lien_id",
    "source_id",
    "import_id",
    "line",
    "url",
    "fetched_at",
    "parser_version",
    "content_sha256",
    "values",
    "page_sha256",
)


async def insert_observations(session: Session, rows: Iterable[Sequence[object]]) -> None:
    """Append observations; each row has the values of ``OBSERVATION_COLUMNS``."""
    await copy_rows(session, "observations", OBSERVATION_COLUMNS, rows)


async def insert_history(session: Session, rows: Iterable[Sequence[object]]) -> None:
    """Append to status histories: lien_id, status, seen_on, observed_at, source_id."""
    columns = ("lien_id", "status", "seen_on", "observed_at", "source_id")
    await copy_rows(session, "status_history", columns, rows)


class Heard(NamedTuple):
    """What is known of a lien beside a statement about it.

    ``recorded``: this very statement was. ``repeated``: it says what its source said last before that
    time. ``known_source``: its source spoke of the lien before. ``later``: what pages fetched later
    said, of any source, or said again, of its own.
    """

    recorded: bool
    repeated: bool
    known_source: bool
    later: frozenset[str]


_HEARD = text(
    """
    SELECT key.lien_id,
        EXISTS (SELECT FROM liens.observations AS said WHERE said.lien_id = key.lien_id
            AND said.source_id = :source_id AND said.fetched_at = key.fetched_at
            AND said.content_sha256 = decode(key.sha256, 'hex')),
        coalesce((SELECT said.content_sha256 = decode(key.sha256, 'hex')
            FROM liens.observations AS said WHERE said.lien_id = key.lien_id
            AND said.source_id = :source_id AND said.fetched_at <= key.fetched_at
            AND said.values ? 'status' ORDER BY said.fetched_at DESC, said.number DESC LIMIT 1),
            false),
        EXISTS (SELECT FROM liens.observations AS said WHERE said.lien_id = key.lien_id
            AND said.source_id = :source_id AND said.values ? 'status'),
        ARRAY(SELECT DISTINCT jsonb_object_keys(said.values) FROM liens.observations AS said
            WHERE said.lien_id = key.lien_id AND said.merge_ids IS NULL
            AND (said.fetched_at > key.fetched_at
                OR said.source_id = :source_id AND EXISTS (SELECT FROM liens.repetitions AS again
                    WHERE again.lien_id = key.lien_id AND again.source_id = :source_id
                    AND again.content_sha256 = said.content_sha256
                    AND again.fetched_at > key.fetched_at)))
    FROM json_to_recordset(cast(:keys AS json))
        AS key (lien_id uuid, fetched_at timestamptz, sha256 text)
    """
)


async def heard(
    session: Session, said: Iterable[tuple[UUID, datetime, bytes]], source_id: UUID
) -> dict[UUID, Heard]:
    """Return what is known beside each (lien, time fetched, hash of what is said) of one source."""
    rows = [
        {"lien_id": lien_id, "fetched_at": at, "sha256": sha256.hex()}
        for lien_id, at, sha256 in said
    ]
    if not rows:
        return {}
    values = {"keys": _encode(rows).decode(), "source_id": source_id}
    return {
        lien_id: Heard(recorded, repeated, known, frozenset(later))
        for lien_id, recorded, repeated, known, later in await session.execute(_HEARD, values)
    }


_REPEAT = text(
    """
    INSERT INTO liens.repetitions (lien_id, source_id, content_sha256, fetched_at)
    SELECT key.lien_id, :source_id, decode(key.sha256, 'hex'), key.fetched_at
    FROM json_to_recordset(cast(:keys AS json))
        AS key (lien_id uuid, fetched_at timestamptz, sha256 text)
    ON CONFLICT (lien_id, source_id, content_sha256) DO UPDATE
    SET fetched_at = greatest(repetitions.fetched_at, excluded.fetched_at)
    """
)


async def note_repetitions(
    session: Session, said: Sequence[tuple[UUID, datetime, bytes]], source_id: UUID
) -> None:
    """Keep when a source said again what it had said: at most one for a lien and what was said."""
    rows = [
        {"lien_id": lien_id, "fetched_at": at, "sha256": sha256.hex()}
        for lien_id, at, sha256 in said
    ]
    if rows:
        values = {"keys": _encode(rows).decode(), "source_id": source_id}
        await session.execute(_REPEAT, values)


_HISTORY_DAYS = text(
    "SELECT lien_id, status, seen_on FROM liens.status_history WHERE lien_id = ANY(:ids)"
).bindparams(bindparam("ids", type_=ARRAY(Uuid)))


async def history_days(
    session: Session, ids: Sequence[UUID]
) -> dict[UUID, set[tuple[LienStatus, date | None]]]:
    """Return the (status, day) entries of each of these liens."""
    found: dict[UUID, set[tuple[LienStatus, date | None]]] = {}
    if ids:
        for lien_id, status, seen_on in await session.execute(_HISTORY_DAYS, {"ids": ids}):
            found.setdefault(lien_id, set()).add((cast(LienStatus, status), seen_on))
    return found


_WITHOUT_SALE = text(
    f"{LIEN_SELECT} WHERE county_fips = :fips AND tax_year = :tax_year"
    " AND sale_date_basis IS DISTINCT FROM 'published' ORDER BY lien_id"
)


async def liens_without_published_sale(session: Session, fips: str, tax_year: int) -> list[Lien]:
    """Return the liens of a county and tax year whose sale date nobody published yet."""
    rows = await session.execute(_WITHOUT_SALE, {"fips": fips, "tax_year": tax_year})
    return [lien_of(row) for row in rows]
