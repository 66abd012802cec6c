"""Counties and their sales."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from datetime import date
from uuid import UUID

from taxlien.kit.database import Session
from taxlien.kit.errors import InvalidInput, NotFound
from taxlien.kit.reference import reference_text
from taxlien.services.liens import repository
from taxlien.services.liens.repository import CountyRow, SaleRow


def shipped_counties() -> list[CountyRow]:
    """Return the counties of ``data/counties.csv``."""
    rows = csv.DictReader(io.StringIO(reference_text("counties.csv")))
    return [
        CountyRow(
            fips=row["fips"],
            name=row["name"],
            full_name=row["full_name"],
            state=row["state"],
            state_fips=row["state_fips"],
            time_zone=row["time_zone"],
            latitude=float(row["latitude"]),
            longitude=float(row["longitude"]),
        )
        for row in rows
    ]


async def load_counties(session: Session, rows: Sequence[CountyRow] | None = None) -> int:
    """Bring the table of counties up to what ships (or to ``rows``). Returns how many were written.

    Made to be called at every start: a second call writes nothing.
    """
    return await repository.replace_counties(session, shipped_counties() if rows is None else rows)


async def county(session: Session, fips: str) -> CountyRow:
    """Return a county. Raises ``NotFound``."""
    found = await repository.county_by_fips(session, fips)
    if found is None:
        raise NotFound(f"no county has the FIPS code {fips}")
    return found


async def counties(
    session: Session, *, state: str | None, after: str, limit: int
) -> list[CountyRow]:
    """Return a page of counties by FIPS code. Raises ``InvalidInput`` for an unknown state."""
    if state is not None:
        await bounds_of_state(session, state)
    return await repository.list_counties(session, state=state, after=after, limit=limit)


async def county_lookup(session: Session) -> Callable[[str, str], str | None]:
    """Return a function that finds a county's FIPS code by state and name, as files spell them."""
    by_name: dict[tuple[str, str], str] = {}
    for row in await repository.list_counties(session, state=None, after="", limit=10_000):
        by_name.setdefault((row.state, _plain(row.full_name)), row.fips)
        by_name.setdefault((row.state, _plain(row.name)), row.fips)
    return lambda state, name: by_name.get((state.upper(), _plain(name)))


def _plain(name: str) -> str:
    letters = name.lower().replace("saint ", "st ").replace("ñ", "n")
    return "".join(letter for letter in letters if letter.isalnum())


async def sales(
    session: Session,
    *,
    county_fips: str | None,
    state: str | None,
    after: tuple[str, date, UUID] | None,
    limit: int,
) -> list[SaleRow]:
    """Return a page of sales by county and day. Raises ``InvalidInput`` for an unknown place."""
    low, high = await bounds(session, county_fips=county_fips, state=state)
    return await repository.list_sales(
        session, fips_from=low, fips_to=high, after=after, limit=limit
    )


async def bounds(
    session: Session, *, county_fips: str | None, state: str | None
) -> tuple[str, str]:
    """Return the first and last FIPS code that a list of a county, a state, or all is made of."""
    low, high = await bounds_of_state(session, state) if state else ("00000", "99999")
    if county_fips is None:
        return low, high
    if await repository.county_by_fips(session, county_fips) is None:
        raise InvalidInput("county_fips", f"no county has the FIPS code {county_fips}")
    if not low <= county_fips <= high:
        raise InvalidInput("county_fips", f"{county_fips} is not a county of {state}")
    return county_fips, county_fips


async def bounds_of_state(session: Session, state: str) -> tuple[str, str]:
    """Return the first and last FIPS code of a state. Raises ``InvalidInput`` for an unknown one."""
    found = await repository.list_counties(session, state=state, after="", limit=1)
    if not found:
        raise InvalidInput("state", f"{state} is not a state of the US or DC")
    return f"{found[0].state_fips}000", f"{found[0].state_fips}999"
