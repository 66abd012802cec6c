"""Counties: a small table, loaded from shipped data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import CHAR

from taxlien.kit.database import Session
from taxlien.services.liens.logic.deriving import County


class CountyRow(NamedTuple):
    """One line of ``data/counties.csv``."""

    fips: str
    name: str
    full_name: str
    state: str
    state_fips: str
    time_zone: str
    latitude: float
    longitude: float


_COLUMNS = ", ".join(CountyRow._fields)
_SELECT = f"SELECT {_COLUMNS} FROM liens.counties"  # noqa: S608 - our own names
_FIELDS = tuple(name for name in CountyRow._fields if name != "fips")

# Only what differs is written, so that loading at every start costs one read.
_REPLACE = text(
    f"""
    WITH written AS (
        INSERT INTO liens.counties AS county ({_COLUMNS})
        SELECT {_COLUMNS} FROM json_populate_recordset(NULL::liens.counties, cast(:rows AS json))
        ON CONFLICT (fips) DO UPDATE SET {", ".join(f"{n} = excluded.{n}" for n in _FIELDS)}
        WHERE ({", ".join(f"county.{n}" for n in _FIELDS)})
            IS DISTINCT FROM ({", ".join(f"excluded.{n}" for n in _FIELDS)})
        RETURNING 1
    )
    SELECT count(*) FROM written
    """  # noqa: S608 - our own names
)


async def replace_counties(session: Session, rows: Sequence[CountyRow]) -> int:
    """Add or correct counties. Returns how many rows were written."""
    body = msgspec.json.encode([row._asdict() for row in rows]).decode()
    return int((await session.execute(_REPLACE, {"rows": body})).scalar_one())


_BY_FIPS = text("SELECT fips, name, state FROM liens.counties WHERE fips = ANY(:fips)").bindparams(
    bindparam("fips", type_=ARRAY(CHAR(5)))
)


async def county_rows(session: Session, fips: Iterable[str]) -> dict[str, County]:
    """Return those counties that exist, by FIPS code, as far as a lien needs them."""
    found = await session.execute(_BY_FIPS, {"fips": sorted(fips)})
    return {code: County(code, name, state) for code, name, state in found}


async def county_by_fips(session: Session, fips: str) -> CountyRow | None:
    row = (await session.execute(text(f"{_SELECT} WHERE fips = :fips"), {"fips": fips})).first()
    return CountyRow(*row) if row else None


async def list_counties(
    session: Session, *, state: str | None, after: str, limit: int
) -> list[CountyRow]:
    """Return a page of counties by FIPS code, of one state or of all."""
    query = f"{_SELECT} WHERE fips > :after {'AND state = :state' if state else ''}"
    found = await session.execute(
        text(f"{query} ORDER BY fips LIMIT :limit"),
        {"after": after, "limit": limit} | ({"state": state} if state else {}),
    )
    return [CountyRow(*row) for row in found]
