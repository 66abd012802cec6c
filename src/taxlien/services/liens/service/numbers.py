"""Find the parcels of items that name them by another number than their id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from taxlien.interfaces.scraper import LienObserved
from taxlien.kit.database import Session
from taxlien.services.liens import repository
from taxlien.services.liens.logic.deriving import Statement
from taxlien.services.liens.logic.numbers import filed, items_by_parcel
from taxlien.services.liens.logic.pages import Page, lien_record
from taxlien.services.liens.logic.records import LienRecord


async def file_items(
    session: Session, fips: str, items: Iterable[tuple[LienObserved, Page]]
) -> tuple[list[Statement], Counter[str]]:
    """Return what these items of a county say, each under its parcel; and why others are no liens.

    The parcel is the one that an assessor's page gives that number, else one of that number itself.
    """
    skipped: Counter[str] = Counter()
    records: list[tuple[LienRecord, Page]] = []
    labels: dict[str, str] = {}
    for item, page in items:
        for one in items_by_parcel(item):
            record = lien_record(one, fips)
            if isinstance(record, LienRecord):
                records.append((record, page))
                labels[record.parcel_key] = record.attributes["parcel_id is"]
            else:
                skipped[record] += 1
    if not records:
        return [], skipped
    known = await repository.file_numbers(session, fips, labels)
    return [filed(record, page, *known[record.parcel_key]) for record, page in records], skipped
