"""What a parcel gives its liens: the assessor's facts, each with the page that said it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from taxlien.interfaces.liens import Lien
from taxlien.kit.database import Session
from taxlien.services.liens import repository
from taxlien.services.liens.logic.deriving import Change
from taxlien.services.liens.logic.pages import ParcelStatement
from taxlien.services.liens.logic.parcels import Assessed, enrichment, lien_values
from taxlien.services.liens.repository import PageFacts, ParcelKey

from .merging import Row, Together, observation_row, parcel_of


async def enrich_liens(
    session: Session,
    parcels: Mapping[ParcelKey, Assessed],
    said: Mapping[ParcelKey, Sequence[ParcelStatement]],
    *,
    at: datetime,
    together: Together | None = None,
) -> list[Change]:
    """Give the liens of ``parcels`` their facts; return the changes, which the caller announces.

    ``said`` holds the statements that moved a parcel, oldest first: each becomes an observation of
    every lien there, so that each value can say who said it. Liens of merged parcels change only as
    ``together`` settles them.
    """
    liens = await repository.liens_of_parcels(session, parcels)
    alone = (lien for lien in liens if together is None or not together.covers(lien))
    found = (enrichment(lien, parcels[parcel_of(lien)], at=at) for lien in alone)
    changes = [change for change in found if change is not None]
    if changes:
        await repository.update_liens(session, [change.lien for change in changes])
    rows = [
        observation_row(
            lien.lien_id, statement.source_id, statement.page, statement.page.sha256, values
        )
        for lien in liens
        for statement in said[parcel_of(lien)]
        if (values := lien_values(statement.facts))
    ]
    if rows:
        await repository.insert_observations(session, rows)
    return changes


async def observations_of_new(
    session: Session, liens: Iterable[Lien], assessed: Mapping[ParcelKey, Assessed]
) -> list[Row]:
    """Return the observations that new liens on known parcels begin with: who said each fact."""
    on_known = [(lien, assessed[parcel_of(lien)]) for lien in liens if parcel_of(lien) in assessed]
    wanted = {
        (*parcel_of(lien), known.origins[name].observation)
        for lien, known in on_known
        for name in known.settled()
    }
    pages = await repository.parcel_pages(session, sorted(wanted)) if wanted else {}
    rows = []
    for lien, known in on_known:
        for page, names in _pages_of(known, pages):
            values = lien_values(page.facts, names)
            rows.append(
                observation_row(lien.lien_id, page.source_id, page, page.page_sha256, values)
            )
    return rows


def _pages_of(
    known: Assessed, pages: Mapping[UUID, PageFacts]
) -> list[tuple[PageFacts, frozenset[str]]]:
    """Return the pages that facts of a parcel come from, oldest first, each with its facts."""
    names: dict[UUID, set[str]] = {}
    for name in known.settled():
        names.setdefault(known.origins[name].observation, set()).add(name)
    found = [(pages[said], frozenset(facts)) for said, facts in names.items()]
    return sorted(found, key=lambda entry: (entry[0].fetched_at, entry[0].id))
