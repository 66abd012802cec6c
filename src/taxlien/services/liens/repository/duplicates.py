"""Parcels that are one: found, merged, undone; and which key stands for them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import text

from taxlien.kit.database import Session
from taxlien.services.liens.logic.duplicates import Likeness, Rank, Side

_encode = msgspec.json.Encoder(decimal_format="string", uuid_format="canonical").encode

_PAIRS = text(
    """
    SELECT one.parcel_key, other.parcel_key, ltrim(one.parcel_key, '0')
    FROM liens.parcels AS one JOIN liens.parcels AS other
        ON other.county_fips = one.county_fips AND one.parcel_key < other.parcel_key
        AND ltrim(one.parcel_key, '0') = ltrim(other.parcel_key, '0')
    WHERE one.county_fips = :fips
    UNION ALL
    SELECT named.parcel_key, parcel.parcel_key, ltrim(named.id_key, '0')
    FROM liens.parcel_other_ids AS named JOIN liens.parcels AS parcel
        ON parcel.county_fips = named.county_fips AND parcel.parcel_key <> named.parcel_key
        AND ltrim(parcel.parcel_key, '0') = ltrim(named.id_key, '0')
    WHERE named.county_fips = :fips
    UNION ALL
    SELECT one.parcel_key, other.parcel_key, ltrim(one.id_key, '0')
    FROM liens.parcel_other_ids AS one JOIN liens.parcel_other_ids AS other
        ON other.county_fips = one.county_fips AND one.parcel_key < other.parcel_key
        AND ltrim(other.id_key, '0') = ltrim(one.id_key, '0')
    WHERE one.county_fips = :fips
    """
)


async def pairs_by_number(session: Session, fips: str) -> list[tuple[str, str, str]]:
    """Return (key, key, number) of parcels of a county that share a number but for leading zeros."""
    return [tuple(row) for row in await session.execute(_PAIRS, {"fips": fips})]


SIDES_AT_ONCE = 2_000
"""Parcels of a county read in one go; a million of them are no more in memory than these."""

# Parcels of one house number follow one another. Number 0 stands for land without a house.
_SIDES = text(
    """
    SELECT parcel_key, parcel_id, situs_address, city, zip_code, acres, year_built,
        ltrim(substring(situs_address from '\\d+'), '0') AS house
    FROM liens.parcels WHERE county_fips = :fips AND situs_address ~ '^\\s*0*[1-9]'
    ORDER BY house, parcel_key
    """
)


async def sides(session: Session, fips: str) -> AsyncIterator[list[Side]]:
    """Yield the parcels of a county that have a house number, those of one number always together."""
    options = {"yield_per": SIDES_AT_ONCE}
    result = await session.stream(_SIDES, {"fips": fips}, execution_options=options)
    together: list[Side] = []
    last = None
    async for rows in result.partitions(SIDES_AT_ONCE):  # unsaid, it is all rows
        for *side, house in rows:
            if house != last and len(together) >= SIDES_AT_ONCE:
                yield together
                together = []
            last = house
            together.append(Side(*side))
    if together:
        yield together


def _speakers(key: str) -> str:
    return f"""
        SELECT source_id FROM liens.parcel_observations
        WHERE county_fips = :fips AND parcel_key = pair.{key}
        UNION ALL SELECT said.source_id FROM liens.liens AS lien
        JOIN liens.observations AS said USING (lien_id)
        WHERE lien.county_fips = :fips AND lien.parcel_key = pair.{key}
            AND said.merge_ids IS NULL
    """  # noqa: S608 - our own names


_APART = text(
    f"""
    SELECT pair.position FROM json_to_recordset(cast(:pairs AS json))
        AS pair (position integer, parcel_key text, other_key text)
    WHERE NOT EXISTS (({_speakers("parcel_key")}) INTERSECT ({_speakers("other_key")}))
    ORDER BY pair.position
    """  # noqa: S608 - our own names
)


async def of_different_sources(
    session: Session, fips: str, found: Sequence[Likeness]
) -> list[Likeness]:
    """Return those pairs of which no source speaks of both."""
    rows = [
        {"position": n, "parcel_key": pair.parcel_key, "other_key": pair.other_key}
        for n, pair in enumerate(found)
    ]
    if not rows:
        return []
    values = {"fips": fips, "pairs": _encode(rows).decode()}
    return [found[position] for (position,) in await session.execute(_APART, values)]


class Merge(NamedTuple):
    """Two keys that are, or were taken for, one parcel."""

    id: UUID
    county_fips: str
    parcel_key: str
    other_key: str
    score: Decimal
    evidence: dict[str, Any]
    decided_by: str
    merged_at: datetime
    undone_at: datetime | None


_MERGE_COLUMNS = ", ".join(Merge._fields)
_INSERT_MERGE = text(
    f"""
    INSERT INTO liens.parcel_merges ({_MERGE_COLUMNS})
    SELECT {_MERGE_COLUMNS}
    FROM json_populate_recordset(NULL::liens.parcel_merges, cast(:merges AS json))
    ON CONFLICT (county_fips, parcel_key, other_key) WHERE undone_at IS NULL DO NOTHING
    RETURNING id
    """  # noqa: S608 - our own names
)


async def insert_merges(session: Session, merges: Iterable[Merge]) -> int:
    """Add merges; a pair that is merged stays as it is. Returns how many were new."""
    body = _encode([merge._asdict() for merge in merges]).decode()
    return len((await session.execute(_INSERT_MERGE, {"merges": body})).all())


async def merges_of_pairs(
    session: Session, fips: str, pairs: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], bool]:
    """Return those pairs that ever were merged, and whether they still are."""
    query = text(
        "SELECT merge.parcel_key, merge.other_key, bool_or(merge.undone_at IS NULL)"
        " FROM json_to_recordset(cast(:pairs AS json)) AS pair (parcel_key text, other_key text)"
        " JOIN liens.parcel_merges AS merge ON merge.county_fips = :fips"
        " AND merge.parcel_key = pair.parcel_key AND merge.other_key = pair.other_key GROUP BY 1, 2"
    )
    rows = [{"parcel_key": one, "other_key": other} for one, other in pairs]
    values = {"fips": fips, "pairs": _encode(rows).decode()}
    return {(one, other): active for one, other, active in await session.execute(query, values)}


async def county_of_merge(session: Session, merge_id: UUID) -> str | None:
    """Return the county of a merge, in force or not; None where there is no such merge."""
    query = text("SELECT county_fips FROM liens.parcel_merges WHERE id = :id")
    return (await session.execute(query, {"id": merge_id})).scalar_one_or_none()


async def undo_merge(session: Session, merge_id: UUID, at: datetime) -> Merge | None:
    """End a merge; None where there is no such merge in force."""
    query = text(
        f"UPDATE liens.parcel_merges SET undone_at = :at WHERE id = :id AND undone_at IS NULL"  # noqa: S608
        f" RETURNING {_MERGE_COLUMNS}"
    )
    row = (await session.execute(query, {"id": merge_id, "at": at})).first()
    return Merge(*row) if row else None


async def list_merges(session: Session, fips: str | None, limit: int) -> list[Merge]:
    """Return the merges in force, latest first."""
    query = text(
        f"SELECT {_MERGE_COLUMNS} FROM liens.parcel_merges WHERE undone_at IS NULL"  # noqa: S608
        " AND (cast(:fips AS text) IS NULL OR county_fips = :fips)"
        " ORDER BY merged_at DESC, id DESC LIMIT :limit"
    )
    return [Merge(*row) for row in await session.execute(query, {"fips": fips, "limit": limit})]


_INSERT_CANDIDATES = text(
    """
    INSERT INTO liens.duplicate_candidates AS known
        (county_fips, parcel_key, other_key, score, evidence, state, found_at)
    SELECT county_fips, parcel_key, other_key, score, evidence, state, found_at
    FROM json_populate_recordset(NULL::liens.duplicate_candidates, cast(:rows AS json))
    ON CONFLICT (county_fips, parcel_key, other_key) DO UPDATE
        SET score = excluded.score, evidence = excluded.evidence
        WHERE known.state = 'open'
            AND (known.score, known.evidence) IS DISTINCT FROM (excluded.score, excluded.evidence)
    RETURNING (xmax = 0)
    """
)


async def insert_candidates(
    session: Session, fips: str, found: Iterable[Likeness], at: datetime
) -> int:
    """Add pairs for a person to look at; those decided before stay so. Returns how many are new."""
    rows = [
        {
            "county_fips": fips,
            "parcel_key": pair.parcel_key,
            "other_key": pair.other_key,
            "score": pair.score,
            "evidence": pair.evidence,
            "state": "open",
            "found_at": at,
        }
        for pair in found
    ]
    written = await session.execute(_INSERT_CANDIDATES, {"rows": _encode(rows).decode()})
    return sum(1 for (is_new,) in written if is_new)


class Candidate(NamedTuple):
    """Two keys that may be one parcel."""

    county_fips: str
    parcel_key: str
    other_key: str
    score: Decimal
    evidence: dict[str, Any]
    state: str
    found_at: datetime


async def list_candidates(session: Session, fips: str | None, limit: int) -> list[Candidate]:
    """Return the candidates that nobody decided yet, the likeliest first."""
    query = text(
        f"SELECT {', '.join(Candidate._fields)} FROM liens.duplicate_candidates"  # noqa: S608
        " WHERE state = 'open' AND (cast(:fips AS text) IS NULL OR county_fips = :fips)"
        " ORDER BY score DESC, county_fips, parcel_key, other_key LIMIT :limit"
    )
    return [Candidate(*row) for row in await session.execute(query, {"fips": fips, "limit": limit})]


_DECIDE = text(
    "UPDATE liens.duplicate_candidates SET state = :state WHERE county_fips = :fips"
    " AND parcel_key = :one AND other_key = :other RETURNING score, evidence"
)


async def decide_candidate(
    session: Session, fips: str, one: str, other: str, state: str
) -> tuple[Decimal, dict[str, Any]] | None:
    """Write what became of a candidate; return its score and evidence, None where there is none."""
    values = {"fips": fips, "one": one, "other": other, "state": state}
    row = (await session.execute(_DECIDE, values)).first()
    return None if row is None else (row[0], row[1])


_COMPONENT = text(
    """
    WITH RECURSIVE same (parcel_key) AS (
        SELECT cast(:key AS text) COLLATE "C"
        UNION
        SELECT CASE WHEN merge.parcel_key = same.parcel_key THEN merge.other_key
            ELSE merge.parcel_key END
        FROM same JOIN liens.parcel_merges AS merge ON merge.county_fips = :fips
            AND merge.undone_at IS NULL
            AND (merge.parcel_key = same.parcel_key OR merge.other_key = same.parcel_key)
    )
    SELECT parcel.observed_at IS NULL, parcel.first_seen_at, parcel.parcel_key
    FROM same JOIN liens.parcels AS parcel
        ON parcel.county_fips = :fips AND parcel.parcel_key = same.parcel_key
    """
)


async def same_parcels(session: Session, fips: str, key: str) -> list[str]:
    """Return every key of the parcel that ``key`` is one of; the first stands for all."""
    found = await session.execute(_COMPONENT, {"fips": fips, "key": key})
    return [rank.parcel_key for rank in sorted(Rank(*row) for row in found)]


# Counties that several sources speak of, where something new came since they were compared.
_DUE = text(
    """
    SELECT coverage.county_fips FROM liens.coverage AS coverage
    LEFT JOIN liens.duplicate_scans AS scan ON scan.county_fips = coverage.county_fips
    WHERE coverage.parcels + coverage.liens > 0
        AND coalesce(scan.scanned_at < now() - interval '10 minutes', true)
    GROUP BY coverage.county_fips, scan.scanned_at
    HAVING count(*) > 1 AND coalesce(max(coverage.grown_at) > scan.scanned_at, true)
    ORDER BY scan.scanned_at NULLS FIRST, coverage.county_fips
    """
)


async def counties_to_compare(session: Session) -> list[str]:
    """Return the counties whose parcels are to be compared, the longest waiting first."""
    return [fips for (fips,) in await session.execute(_DUE)]


async def note_scan(session: Session, fips: str, at: datetime) -> None:
    query = text(
        "INSERT INTO liens.duplicate_scans (county_fips, scanned_at) VALUES (:fips, :at)"
        " ON CONFLICT (county_fips) DO UPDATE SET scanned_at = excluded.scanned_at"
    )
    await session.execute(query, {"fips": fips, "at": at})
