"""The facts models are made of: written a batch at a time, read whole."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date
from operator import attrgetter
from uuid import UUID

import msgspec
from sqlalchemy import text

from taxlien.interfaces.liens import Lien
from taxlien.kit.database import Session, copy_rows, driver_connection
from taxlien.services.ml.logic.frame import COLUMNS
from taxlien.services.ml.models import LienFacts

_NAMES = ("version", *COLUMNS)
_row_of = attrgetter(*_NAMES)
_LISTED = ", ".join(_NAMES)

_ARRIVED = text(
    "CREATE TEMPORARY TABLE IF NOT EXISTS arrived (LIKE ml.liens) ON COMMIT DELETE ROWS"
)
# In one order for all, or two workers could wait for each other. What is new waits to be scored.
_MERGE = text(
    f"WITH written AS (INSERT INTO ml.liens AS kept ({_LISTED})"  # noqa: S608 - our own names
    f" SELECT {_LISTED} FROM pg_temp.arrived ORDER BY lien_id"
    " ON CONFLICT (lien_id) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _NAMES if name != "lien_id")
    + " WHERE kept.version < excluded.version RETURNING lien_id)"
    " INSERT INTO ml.scores (lien_id) SELECT lien_id FROM written ORDER BY lien_id"
    " ON CONFLICT (lien_id) DO UPDATE SET appointment = 0"
)
# Made-up liens teach only where there are no real ones.
_READ = (
    f"COPY (SELECT {', '.join(COLUMNS)} FROM ml.liens"  # noqa: S608 - our own names
    " WHERE synthetic = (NOT EXISTS (SELECT FROM ml.liens WHERE NOT synthetic)))"
    " TO STDOUT (FORMAT csv, HEADER)"
)
# What is after the day of its source. Of very many, the parcels of one number in so many: whole histories.
_AFTER = (
    " FROM ml.liens WHERE synthetic = %(synthetic)s AND {day} >"
    " coalesce((%(of_source)s::jsonb ->> source)::date, %(otherwise)s::date)"
)
_SALE = "sale_date"
_NEWS = "greatest(sale_date, paid_on, redeemed_on, ended_on)"
_PART = " AND (hashtext(county_fips || parcel_key) & 2147483647) %% %(parts)s = 0"


async def upsert(session: Session, liens: Sequence[Lien]) -> None:
    """Write ``liens``, each named once, where what is kept is older."""
    if not liens:
        return
    await session.execute(_ARRIVED)
    await copy_rows(session, "pg_temp.arrived", _NAMES, map(_row_of, liens))
    await session.execute(_MERGE)


async def get(session: Session, lien_id: UUID) -> LienFacts | None:
    """Return what is kept of a lien."""
    return await session.get(LienFacts, lien_id)


async def read_csv(session: Session) -> AsyncIterator[bytes]:
    """Yield the training frame as CSV with a header, in pieces and in no order: real liens if any."""
    connection = await driver_connection(session)
    async with connection.cursor() as cursor, cursor.copy(_READ) as copy:
        async for piece in copy:
            yield bytes(piece)


async def read_since(
    session: Session, of_source: Mapping[str, date], otherwise: date, *, news: bool, synthetic: bool,
    most: int,
) -> AsyncIterator[bytes]:  # fmt: skip
    """Yield liens sold after the day of their source, or after ``otherwise``, as ``read_csv`` does;
    ``news``: also those of which something was heard since. Of more than about ``most``, some parcels."""
    after = _AFTER.format(day=_NEWS if news else _SALE)
    values: dict[str, object] = {
        "of_source": msgspec.json.encode(of_source).decode(),
        "otherwise": otherwise,
        "synthetic": synthetic,
    }
    connection = await driver_connection(session)
    async with connection.cursor() as cursor:
        await cursor.execute(f"SELECT count(*){after}", values)
        row = await cursor.fetchone()
        values["parts"] = max(1, math.ceil(row[0] / most)) if row else 1
        chosen = f"COPY (SELECT {', '.join(COLUMNS)}{after}{_PART}) TO STDOUT (FORMAT csv, HEADER)"
        async with cursor.copy(chosen, values) as copy:
            async for piece in copy:
                yield bytes(piece)
