"""Which parcel a further number stands for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec
from sqlalchemy import text

from taxlien.kit.database import Session

_encode = msgspec.json.Encoder().encode


class Filed(NamedTuple):
    """The parcel that items of a number are kept under, and its id as published, where it is known."""

    parcel_key: str
    parcel_id: str | None


# A parcel of that very id that an assessor described goes before one that has it as a further number,
# and that only where it is the only one.
_FILE = text(
    """
    WITH wanted AS (
        SELECT key.id_key, key.label FROM json_each_text(cast(:numbers AS json))
            AS key (id_key, label)
        WHERE NOT EXISTS (SELECT FROM liens.filed_numbers AS filed
            WHERE filed.county_fips = :fips AND filed.id_key = key.id_key)
    )
    INSERT INTO liens.filed_numbers (county_fips, id_key, label, parcel_key)
    SELECT :fips, wanted.id_key, wanted.label, coalesce(
        (SELECT parcel.parcel_key FROM liens.parcels AS parcel WHERE parcel.county_fips = :fips
            AND parcel.parcel_key = wanted.id_key AND parcel.observed_at IS NOT NULL),
        (SELECT CASE WHEN min(named.parcel_key) = max(named.parcel_key)
            THEN min(named.parcel_key) END
            FROM liens.parcel_other_ids AS named WHERE named.county_fips = :fips
            AND ltrim(named.id_key, '0') = ltrim(wanted.id_key, '0')
            AND ltrim(wanted.id_key, '0') <> ''),
        wanted.id_key)
    FROM wanted ORDER BY wanted.id_key
    """
)
_FILED = text(
    """
    SELECT filed.id_key, filed.parcel_key, parcel.parcel_id
    FROM json_each_text(cast(:numbers AS json)) AS key (id_key, label)
    JOIN liens.filed_numbers AS filed ON filed.county_fips = :fips AND filed.id_key = key.id_key
    LEFT JOIN liens.parcels AS parcel ON parcel.county_fips = filed.county_fips
        AND parcel.parcel_key = filed.parcel_key
    """
)


async def file_numbers(session: Session, fips: str, numbers: Mapping[str, str]) -> dict[str, Filed]:
    """Return for the keys of ``numbers`` (by their label) the parcel that each stands for.

    Decided once: what is known later changes nothing, so that an item read again is the same lien. The
    caller holds the county's lock.
    """
    values = {"fips": fips, "numbers": _encode(numbers).decode()}
    await session.execute(_FILE, values)
    return {key: Filed(*found) for key, *found in await session.execute(_FILED, values)}
