"""Answer what is known of liens, and who said so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from taxlien.interfaces.liens import Lien, LienStatus
from taxlien.kit.database import Session
from taxlien.kit.errors import NotFound
from taxlien.services.liens import repository
from taxlien.services.liens.logic.origins import Origin, origins
from taxlien.services.liens.repository import Filter, Said, Seen

from .places import bounds

EXPLAINED_OBSERVATIONS = 1_000
"""How many of the latest observations are read to say where each value comes from."""

NO_END = 2**62


async def lien(session: Session, lien_id: UUID) -> Lien:
    """Return a lien. Raises ``NotFound``."""
    found = await repository.get_lien(session, lien_id)
    if found is None:
        raise NotFound(f"no lien has the id {lien_id}")
    return found


async def liens(
    session: Session,
    *,
    county_fips: str | None = None,
    state: str | None = None,
    status: LienStatus | None = None,
    updated_since: datetime | None = None,
    after: tuple[str | datetime, UUID] | None = None,
    limit: int,
) -> list[Lien]:
    """Return a page of liens by county; with ``updated_since``, by the time of the last change.

    All liens of one file change at one time, which is when its import began, and are seen when it
    ended: a reader that follows changes asks again from an hour before the last one it saw.
    """
    low, high = await bounds(session, county_fips=county_fips, state=state)
    where = Filter(low, high, status, updated_since)
    return await repository.list_liens(session, where, after, limit)


async def observations(
    session: Session, lien_id: UUID, *, before: int | None, limit: int
) -> tuple[dict[str, Origin], list[Said]]:
    """Return which observation each current value comes from, and a page of them, latest first."""
    current = await lien(session, lien_id)
    everything = await repository.observations_of(
        session, lien_id, before=NO_END, limit=EXPLAINED_OBSERVATIONS
    )
    page = await repository.observations_of(
        session, lien_id, before=NO_END if before is None else before, limit=limit
    )
    return origins(current, everything), page


async def history(session: Session, lien_id: UUID, *, after: int, limit: int) -> list[Seen]:
    """Return a page of a lien's statuses, in the order they were learned. Raises ``NotFound``."""
    await lien(session, lien_id)
    return await repository.history_of(session, lien_id, after=after, limit=limit)


async def named(session: Session, ids: Sequence[UUID]) -> list[Lien]:
    """Return the liens of these ids, however often each is named; what there is not is left out."""
    found = await repository.get_liens(session, list(dict.fromkeys(ids)))
    return list(found.values())


async def export(session: Session, after: UUID, limit: int) -> list[Lien]:
    """Return up to ``limit`` liens by id, from the one following ``after``: to copy the catalogue."""
    return await repository.export_liens(session, after, limit)
