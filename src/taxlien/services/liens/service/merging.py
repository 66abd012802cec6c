"""Liens of merged parcels: with the facts that the parcels have together, and as they would be without.

A lien is published with the facts of its whole group; ``own_facts`` keeps what it would have without
merges. Whatever changes a lien changes that, and the group's facts are laid over it again: undoing a
merge gives back exactly what is there now without it (docs/adr/0064).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from taxlien.interfaces.liens import Lien
from taxlien.kit.database import Session
from taxlien.services.liens import repository
from taxlien.services.liens.logic.deriving import Change
from taxlien.services.liens.logic.merged import Edge, Groups, combine, own_facts
from taxlien.services.liens.logic.parcels import (
    LIEN_FACTS,
    NOTHING_KNOWN,
    Assessed,
    enrich,
    lien_values,
)
from taxlien.services.liens.repository import ParcelKey

_encode = msgspec.json.Encoder(order="deterministic").encode
_COMPARED = tuple(set(Lien.__struct_fields__) - {"version", "last_changed_at", "status", "source"})
Row = tuple[object, ...]


class Together:
    """The groups that some parcels are in. Nothing is kept before ``write``; the counties are locked."""

    def __init__(
        self,
        session: Session,
        keys: Iterable[ParcelKey],
        edges: Iterable[Edge],
        assessed: Mapping[ParcelKey, Assessed],
    ) -> None:
        self._session = session
        self._groups = Groups(keys, edges)
        self._assessed = assessed
        self._facts: dict[frozenset[ParcelKey], Assessed] = {}
        self._kept: dict[UUID, dict[str, Any]] = {}
        self._own: dict[UUID, Lien] = {}
        self._published: dict[UUID, Lien] = {}

    def covers(self, lien: Lien) -> bool:
        """Tell whether the parcel of ``lien`` is in one of these groups."""
        return parcel_of(lien) in self._groups.members

    async def know(self, ids: Iterable[UUID]) -> None:
        """Learn what these liens would have without merges."""
        self._kept |= await repository.own_facts(self._session, ids)

    def apart(self, lien: Lien) -> Lien:
        """Return a lien of the catalogue as it would be without merges; see ``know``."""
        kept = self._kept.get(lien.lien_id)
        return msgspec.structs.replace(lien, **kept) if kept else lien

    def join(self, own: Lien) -> Lien:
        """Return a lien, as it would be without merges, with the facts of its group."""
        if not self.covers(own):
            return own
        published = enrich(own, self._facts_of(parcel_of(own)))
        self._own[own.lien_id], self._published[own.lien_id] = own, published
        return published

    def rejoin(self, before: Lien, change: Change) -> Change | None:
        """Return what ``change``, of a lien without merges, changes of the lien as it is published."""
        if not self.covers(before):
            return change
        after = self.join(change.lien)
        changed = tuple(n for n in _COMPARED if getattr(before, n) != getattr(after, n))
        if not changed and after.status == before.status:
            if after.source == before.source:
                return None
            changed = ("source",)
        return Change(after, tuple(sorted(changed)), before.status)

    def own(self, liens: Iterable[Lien]) -> list[Lien]:
        """Return ``liens`` and what else was joined, all as they would be without merges."""
        others = {lien.lien_id: lien for lien in liens} | self._own
        return list(others.values())

    async def settle(self, at: datetime) -> list[Change]:
        """Bring every lien of the groups to what their parcels are now; return the changes."""
        liens = await repository.liens_of_parcels(self._session, self._groups.members)
        await self.know(lien.lien_id for lien in liens)
        changes = []
        for before in liens:
            known = self._assessed.get(parcel_of(before), NOTHING_KNOWN)
            after = self.join(enrich(self.apart(before), known))
            changed = tuple(n for n in LIEN_FACTS if getattr(before, n) != getattr(after, n))
            if changed:
                after = msgspec.structs.replace(
                    after, version=before.version + 1, last_changed_at=at
                )
                changes.append(Change(after, changed, before.status))
        if changes:
            await repository.update_liens(self._session, [change.lien for change in changes])
        await self.write()
        return changes

    async def write(self) -> None:
        """Keep what joined liens would have without merges, and append who said what they have."""
        now = {
            lien_id: own_facts(own, self._published[lien_id]) for lien_id, own in self._own.items()
        }
        moved = {n: facts for n, facts in now.items() if facts != self._kept.get(n, {})}
        if moved:
            await repository.keep_own_facts(self._session, moved)
            self._kept |= moved
        rows = await self._rows_by_merge()
        if rows:
            await repository.insert_observations_by_merge(self._session, rows)
        self._own.clear()

    async def _rows_by_merge(self) -> list[Row]:
        """Return the observations that joined liens have by merges, and do not have yet."""
        wanted: dict[tuple[str, str, UUID], list[Lien]] = {}
        for lien in self._own.values():
            here = parcel_of(lien)
            for there, said in self._foreign(here):
                wanted.setdefault((*there, said), []).append(lien)
        if not wanted:
            return []
        pages = await repository.parcel_pages(self._session, sorted(wanted))
        known = await repository.said_by_merge(self._session, self._own)
        rows: list[Row] = []
        for (fips, key, said), liens in sorted(wanted.items(), key=lambda entry: entry[0]):
            page = pages[said]
            for lien in liens:
                row = observation_row(
                    lien.lien_id, page.source_id, page, page.page_sha256, lien_values(page.facts)
                )
                spoken = (lien.lien_id, page.source_id, page.url, page.fetched_at, row[7])
                if spoken not in known:
                    merges = self._groups.path(parcel_of(lien), (fips, key))
                    rows.append((*row, [str(merge) for merge in merges]))
        return rows

    def _facts_of(self, key: ParcelKey) -> Assessed:
        group = self._groups.members[key]
        if group not in self._facts:
            self._facts[group] = combine(
                {one: self._assessed[one] for one in group if one in self._assessed}
            )
        return self._facts[group]

    def _foreign(self, here: ParcelKey) -> set[tuple[ParcelKey, UUID]]:
        """Return the observations, by parcel, that a parcel has its facts from, but for its own."""
        facts = self._facts_of(here)
        used = {facts.origins[name].observation for name in facts.settled()}
        return {
            (there, origin.observation)
            for there in self._groups.members[here] - {here}
            if there in self._assessed
            for origin in self._assessed[there].origins.values()
            if origin.observation in used
        }


async def load(
    session: Session, keys: Iterable[ParcelKey], *, alone: bool = False
) -> Together | None:
    """Return the groups that ``keys`` are in; None where there are none, which costs one query.

    With ``alone``, parcels that are in no group (any more) are groups of one.
    """
    wanted = set(keys)
    merged = await repository.merged_counties(session, {fips for fips, _ in wanted})
    edges = await repository.merges_around(session, (key for key in wanted if key[0] in merged))
    if not edges and not alone:
        return None
    members = set(Groups(wanted if alone else (), edges).members)
    assessed = await repository.assessed(session, members)
    return Together(session, wanted if alone else (), edges, assessed)


def observation_row(
    lien_id: UUID, source_id: UUID, page: Any, page_sha256: bytes, values: Mapping[str, Any]
) -> Row:
    """Return the observation of a lien that a page about its parcel makes."""
    said = _encode({name: values[name] for name in LIEN_FACTS if name in values})
    return (
        lien_id,
        str(source_id),
        None,
        None,
        page.url,
        page.fetched_at.isoformat(),
        page.parser_version,
        hashlib.sha256(said).digest(),
        said.decode(),
        page_sha256,
    )


def parcel_of(lien: Lien) -> ParcelKey:
    """Return the key of the parcel a lien is on."""
    return lien.county_fips, lien.parcel_key
