"""Merged parcels and what their liens have by that: groups, own facts, observations by merge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import CHAR, Uuid

from taxlien.kit.database import Session, copy_rows
from taxlien.services.liens.logic.merged import Edge
from taxlien.services.liens.logic.parcels import LIEN_FACTS

from .parcels import ParcelKey, as_said
from .recording import OBSERVATION_COLUMNS

_encode = msgspec.json.Encoder(decimal_format="string", uuid_format="canonical").encode
_UUIDS = bindparam("ids", type_=ARRAY(Uuid))

_MERGED_COUNTIES = text(
    "SELECT fips FROM unnest(:fips) AS fips WHERE EXISTS (SELECT FROM liens.parcel_merges"
    " WHERE county_fips = fips AND undone_at IS NULL)"
).bindparams(bindparam("fips", type_=ARRAY(CHAR(5))))


async def merged_counties(session: Session, fips: Iterable[str]) -> set[str]:
    """Return those counties in which any parcels are merged."""
    found = await session.execute(_MERGED_COUNTIES, {"fips": sorted(fips)})
    return {row[0] for row in found}


_AROUND = text(
    """
    WITH RECURSIVE same (county_fips, parcel_key) AS (
        SELECT key.county_fips::char(5) COLLATE "C", key.parcel_key COLLATE "C"
        FROM json_to_recordset(cast(:keys AS json)) AS key (county_fips text, parcel_key text)
        UNION
        SELECT same.county_fips, next.parcel_key FROM same CROSS JOIN LATERAL (
            SELECT merge.other_key FROM liens.parcel_merges AS merge
            WHERE merge.county_fips = same.county_fips AND merge.parcel_key = same.parcel_key
                AND merge.undone_at IS NULL
            UNION ALL
            SELECT merge.parcel_key FROM liens.parcel_merges AS merge
            WHERE merge.county_fips = same.county_fips AND merge.other_key = same.parcel_key
                AND merge.undone_at IS NULL
        ) AS next (parcel_key)
    )
    SELECT merge.id, merge.county_fips, merge.parcel_key, merge.other_key
    FROM same CROSS JOIN LATERAL (SELECT * FROM liens.parcel_merges
        WHERE county_fips = same.county_fips AND parcel_key = same.parcel_key
            AND undone_at IS NULL) AS merge
    """
)


async def merges_around(session: Session, keys: Iterable[ParcelKey]) -> list[Edge]:
    """Return the merges in force that tie these parcels to others, directly or through others."""
    rows = [{"county_fips": fips, "parcel_key": key} for fips, key in sorted(keys)]
    found = await session.execute(_AROUND, {"keys": _encode(rows).decode()})
    return [Edge(*row) for row in found]


_OWN = text(
    f"SELECT lien_id, names, {', '.join(map(as_said, LIEN_FACTS))} FROM liens.own_facts"  # noqa: S608
    " WHERE lien_id = ANY(:ids)"
).bindparams(_UUIDS)


async def own_facts(session: Session, ids: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    """Return the facts that these liens would have without merges, where they have others."""
    found = {}
    for lien_id, names, *values in await session.execute(_OWN, {"ids": list(ids)}):
        facts = dict(zip(LIEN_FACTS, values, strict=True))
        found[lien_id] = {name: facts[name] for name in names}
    return found


_COLUMNS = ("lien_id", "names", *LIEN_FACTS)
_KEEP = text(
    f"""
    INSERT INTO liens.own_facts ({", ".join(_COLUMNS)})
    SELECT {", ".join(_COLUMNS)}
    FROM json_populate_recordset(NULL::liens.own_facts, cast(:rows AS json))
    ON CONFLICT (lien_id) DO UPDATE SET
        {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[1:])}
    """  # noqa: S608 - our own names
)
_FORGET = text("DELETE FROM liens.own_facts WHERE lien_id = ANY(:ids)").bindparams(_UUIDS)


async def keep_own_facts(session: Session, own: Mapping[UUID, Mapping[str, Any]]) -> None:
    """Write what liens would have without merges; a lien that would have the same is forgotten."""
    rows = [
        {"lien_id": lien_id, "names": list(facts), **facts}
        for lien_id, facts in own.items()
        if facts
    ]
    same = [lien_id for lien_id, facts in own.items() if not facts]
    if rows:
        await session.execute(_KEEP, {"rows": _encode(rows).decode()})
    if same:
        await session.execute(_FORGET, {"ids": same})


class Spoken(NamedTuple):
    """What tells an observation by a merge from others."""

    lien_id: UUID
    source_id: UUID
    url: str
    fetched_at: datetime
    content_sha256: bytes


IN_FORCE = """(said.merge_ids IS NULL OR NOT EXISTS (SELECT FROM liens.parcel_merges AS merge
    WHERE merge.id = ANY(said.merge_ids) AND merge.undone_at IS NOT NULL))"""
"""An observation ``said`` is of its lien: by itself, or by merges none of which was undone."""

_BY_MERGE = text(
    f"SELECT {', '.join(Spoken._fields)} FROM liens.observations AS said"  # noqa: S608
    f" WHERE said.lien_id = ANY(:ids) AND said.merge_ids IS NOT NULL AND {IN_FORCE}"
).bindparams(_UUIDS)


async def said_by_merge(session: Session, ids: Iterable[UUID]) -> set[Spoken]:
    """Return the observations that these liens have by merges in force."""
    return {Spoken(*row) for row in await session.execute(_BY_MERGE, {"ids": list(ids)})}


async def insert_observations_by_merge(session: Session, rows: Iterable[Sequence[object]]) -> None:
    """Append observations: the values of ``OBSERVATION_COLUMNS``, and the ids of the merges."""
    await copy_rows(session, "observations", (*OBSERVATION_COLUMNS, "merge_ids"), rows)
