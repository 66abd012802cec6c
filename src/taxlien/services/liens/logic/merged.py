"""Parcels that are one by merges: which, by which merges, and the facts that all together have. Pure."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from taxlien.interfaces.liens import Lien

from .parcels import LIEN_FACTS, YEAR_OF, Assessed, Origin, wins

ParcelKey = tuple[str, str]


class Edge(NamedTuple):
    """A merge in force between two parcels of a county."""

    id: UUID
    county_fips: str
    parcel_key: str
    other_key: str


class Groups:
    """Which parcels are one by the merges in force; ``keys`` that none names are one each."""

    def __init__(self, keys: Iterable[ParcelKey], edges: Iterable[Edge]) -> None:
        self._next: dict[ParcelKey, list[tuple[ParcelKey, UUID]]] = defaultdict(list)
        for edge in sorted(edges):
            one, other = (edge.county_fips, edge.parcel_key), (edge.county_fips, edge.other_key)
            self._next[one].append((other, edge.id))
            self._next[other].append((one, edge.id))
        self.members: dict[ParcelKey, frozenset[ParcelKey]] = {}
        for key in (*keys, *self._next):
            if key not in self.members:
                group = frozenset(self._reached(key))
                self.members |= dict.fromkeys(group, group)

    def path(self, start: ParcelKey, end: ParcelKey) -> tuple[UUID, ...]:
        """Return the merges by which two parcels of one group are one: of several ways a shortest."""
        reached = self._reached(start)
        merges = []
        while end != start:
            end, merge = reached[end]
            merges.append(merge)
        return tuple(sorted(merges))

    def _reached(self, start: ParcelKey) -> dict[ParcelKey, tuple[ParcelKey, UUID]]:
        """Return every parcel of a group with the one before it and the merge between them."""
        reached = {start: (start, UUID(int=0))}
        waiting = deque([start])
        while waiting:
            here = waiting.popleft()
            for there, merge in self._next.get(here, ()):
                if there not in reached:
                    reached[there] = (here, merge)
                    waiting.append(there)
        return reached


def combine(members: Mapping[ParcelKey, Assessed]) -> Assessed:
    """Return the facts of liens that parcels have together: each as if all pages had been of one.

    It depends on nothing but the members, in whatever order they were merged.
    """
    facts: dict[str, Any] = {}
    origins: dict[str, Origin] = {}
    for key in sorted(members):
        one = members[key]
        for name in LIEN_FACTS:
            if name in one.facts and wins(
                name, one.facts, one.origins[name], Assessed(facts, origins)
            ):
                facts[name], origins[name] = one.facts[name], one.origins[name]
                if name in YEAR_OF:
                    facts[YEAR_OF[name]] = one.facts.get(YEAR_OF[name])
    return Assessed(facts, origins)


def own_facts(own: Lien, published: Lien) -> dict[str, Any]:
    """Return the facts that a lien would have without merges, where it has others with them."""
    return {
        name: value
        for name in LIEN_FACTS
        if (value := getattr(own, name)) != getattr(published, name)
    }
