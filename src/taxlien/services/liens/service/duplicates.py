"""Parcels that several sources spell differently: found, merged where that is certain, and undone.

A merge is a statement beside the data: liens and parcels keep their own keys, and reading resolves
them. Which keys are one parcel follows from the merges in force alone, and so do the facts that their
liens have by it: undoing one leaves what would be there without it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from taxlien.interfaces.liens import Lien, parcel_key
from taxlien.kit.database import Session
from taxlien.kit.errors import Conflict, InvalidInput, NotFound
from taxlien.kit.ids import new_id
from taxlien.kit.outbox import emit_many
from taxlien.services.liens import repository
from taxlien.services.liens.logic.duplicates import Likeness, by_address, by_number
from taxlien.services.liens.repository import Candidate, Merge, ParcelRow

from . import merging
from .recording import announcement

MERGES_AT_A_TIME = 1_000


class Compared(msgspec.Struct, frozen=True):
    """What comparing a county brought: pairs merged now, and candidates that are new."""

    merged: int
    candidates: int


class ParcelView(msgspec.Struct, frozen=True):
    """A parcel, the keys that are merged into it, and the liens on all of them."""

    parcel: ParcelRow
    other_keys: tuple[str, ...]
    liens: tuple[Lien, ...]


async def counties_to_compare(session: Session) -> list[str]:
    """Return the counties of several sources where something new came since they were compared."""
    return await repository.counties_to_compare(session)


async def compare_parcels(session: Session, fips: str, *, at: datetime) -> Compared:
    """Compare the parcels of a county: merge what is certain, note what a person should look at.

    A pair that a person parted or dismissed is left alone. Memory holds
    some thousands of the county's parcels, and what is alike among all.
    """
    numbers = by_number(await repository.pairs_by_number(session, fips))
    numbers = await repository.of_different_sources(session, fips, numbers)
    certain = [pair for pair in numbers if pair.certain]
    uncertain = {_pair(pair): pair for pair in numbers if not pair.certain}
    taken = {_pair(pair) for pair in certain}
    async for sides in repository.sides(session, fips):
        found = [pair for pair in by_address(sides) if _pair(pair) not in taken]
        apart = await repository.of_different_sources(session, fips, found)
        uncertain |= {_pair(pair): pair for pair in apart if _pair(pair) not in uncertain}
    await repository.lock_counties(session, [fips])
    known = await repository.merges_of_pairs(session, fips, taken | uncertain.keys())
    wanted = [_merge(fips, pair, "rule", at) for pair in certain if _pair(pair) not in known]
    merged = 0
    for start in range(0, len(wanted), MERGES_AT_A_TIME):
        some = wanted[start : start + MERGES_AT_A_TIME]
        merged += await repository.insert_merges(session, some)
        await _settle(session, some, at)
    fresh = [pair for key, pair in uncertain.items() if key not in known]
    candidates = await repository.insert_candidates(session, fips, fresh, at)
    await repository.note_scan(session, fips, at)
    return Compared(merged, candidates)


async def _settle(session: Session, merges: Iterable[Merge], at: datetime) -> None:
    """Give the liens of parcels that were merged, or are no more, their facts, and announce it."""
    keys = {
        (merge.county_fips, key) for merge in merges for key in (merge.parcel_key, merge.other_key)
    }
    together = await merging.load(session, keys, alone=True)
    changes = await together.settle(at) if together else []
    if changes:
        await emit_many(session, map(announcement, changes))


def _pair(likeness: Likeness) -> tuple[str, str]:
    return likeness.parcel_key, likeness.other_key


def _merge(fips: str, likeness: Likeness, decided_by: str, at: datetime) -> Merge:
    return Merge(
        id=new_id(),
        county_fips=fips,
        parcel_key=likeness.parcel_key,
        other_key=likeness.other_key,
        score=Decimal(str(likeness.score)),
        evidence=likeness.evidence,
        decided_by=decided_by,
        merged_at=at,
        undone_at=None,
    )


async def merge_parcels(session: Session, fips: str, one: str, other: str) -> Merge:
    """Merge two parcels because a person says so. Ids may be spelled as published.

    Raises ``NotFound`` for a parcel nobody spoke of, ``InvalidInput`` for one given twice, and
    ``Conflict`` where the two are merged already.
    """
    first, second = sorted((parcel_key(one), parcel_key(other)))
    if first == second:
        raise InvalidInput("parcel_id", "a parcel is not merged with itself")
    await repository.lock_counties(session, [fips])
    for key in (first, second):
        if await repository.parcel_row(session, fips, key) is None:
            raise NotFound(f"no parcel {key} is known in county {fips}")
    decided = await repository.decide_candidate(session, fips, first, second, "merged")
    score, evidence = decided or (Decimal(1), {"rule": "a person"})
    likeness = Likeness(first, second, float(score), evidence, certain=True)
    merge = _merge(fips, likeness, "person", datetime.now(UTC))
    if not await repository.insert_merges(session, [merge]):
        raise Conflict(f"{first} and {second} are merged already")
    await _settle(session, [merge], merge.merged_at)
    return merge


async def undo_merge(session: Session, merge_id: UUID) -> Merge:
    """End a merge. It is not made again by itself. Raises ``NotFound``."""
    at = datetime.now(UTC)
    fips = await repository.county_of_merge(session, merge_id)
    if fips is not None:
        await repository.lock_counties(session, [fips])
    merge = await repository.undo_merge(session, merge_id, at)
    if merge is None:
        raise NotFound(f"no merge {merge_id} is in force")
    await _settle(session, [merge], at)
    await repository.decide_candidate(
        session, merge.county_fips, merge.parcel_key, merge.other_key, "dismissed"
    )
    return merge


async def dismiss(session: Session, fips: str, one: str, other: str) -> None:
    """Note that two parcels are two. Raises ``NotFound`` where they were no candidates."""
    first, second = sorted((parcel_key(one), parcel_key(other)))
    if await repository.decide_candidate(session, fips, first, second, "dismissed") is None:
        raise NotFound(f"{first} and {second} are no candidates in county {fips}")


async def duplicates(
    session: Session, fips: str | None, limit: int
) -> tuple[list[Merge], list[Candidate]]:
    """Return the merges in force, latest first, and what waits for a person, the likeliest first."""
    merges = await repository.list_merges(session, fips, limit)
    return merges, await repository.list_candidates(session, fips, limit)


async def parcel(session: Session, fips: str, parcel_id: str) -> ParcelView:
    """Return the parcel that ``parcel_id`` is now, under whatever number. Raises ``NotFound``."""
    keys = await repository.same_parcels(session, fips, parcel_key(parcel_id))
    found = await repository.parcel_row(session, fips, keys[0]) if keys else None
    if found is None:
        raise NotFound(f"no parcel {parcel_id} is known in county {fips}")
    liens = await repository.liens_of_parcels(session, [(fips, key) for key in keys])
    return ParcelView(found, tuple(keys[1:]), tuple(liens))
