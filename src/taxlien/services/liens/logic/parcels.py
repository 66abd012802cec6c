"""What the observations of a parcel make of it, and what its liens take from it. Pure.

The assessor's page wins for facts of the property, whenever it was read; a lien's own list wins for
facts of the lien (docs/adr/0063). Among pages, the latest non-null value of each field counts, by the
time they were fetched; of two values of different years, that of the later year.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from taxlien.interfaces.liens import Lien

from .deriving import Change
from .pages import ParcelStatement

LIEN_FACTS = (
    "situs_address",
    "city",
    "zip_code",
    "property_type",
    "acres",
    "building_sqft",
    "year_built",
    "latitude",
    "longitude",
    "homestead",
    "market_value",
    "assessed_value",
)
"""Facts of the property that a lien carries too."""

PARCEL_FACTS = (
    *LIEN_FACTS,
    "property_class",
    "land_use",
    "flags",
    "market_value_year",
    "assessed_value_year",
)
YEAR_OF = {
    "market_value": "market_value_year",
    "assessed_value": "assessed_value_year",
}
_WITH_ITS_VALUE = frozenset(YEAR_OF.values())


class Origin(NamedTuple):
    """Which observation a fact comes from, when its page was fetched, and by whom it was said."""

    observation: UUID
    fetched_at: datetime
    source_id: UUID


class Assessed(NamedTuple):
    """The facts that assessors' pages gave of a parcel, and where each comes from."""

    facts: dict[str, Any]
    origins: dict[str, Origin]

    def settled(self) -> frozenset[str]:
        """Return the facts of a lien on this parcel that its own list does not change."""
        return frozenset(LIEN_FACTS) & self.facts.keys()


NOTHING_KNOWN = Assessed({}, {})


def fold(known: Assessed, statement: ParcelStatement, observation: UUID) -> Assessed:
    """Return what is known of a parcel after one more page, which may be older than what is known."""
    facts, origins = dict(known.facts), dict(known.origins)
    origin = Origin(observation, statement.page.fetched_at, statement.source_id)
    said = dict(statement.facts)
    flags = origins.get("flags")
    if "flags" not in said and (flags is None or flags.source_id == statement.source_id):
        said["flags"] = None  # this source names none, or none any more
    for name, value in said.items():
        if name in _WITH_ITS_VALUE or not wins(name, said, origin, known):
            continue
        facts[name], origins[name] = value, origin
        year = YEAR_OF.get(name)
        if year is not None:
            facts[year] = said.get(year)
            origins[year] = origin
    return Assessed({name: value for name, value in facts.items() if value is not None}, origins)


def wins(name: str, said: Mapping[str, Any], origin: Origin, known: Assessed) -> bool:
    """Tell whether a fact of ``said`` counts beside what is known: of two years the later, else by time."""
    before = known.origins.get(name)
    if before is None:
        return True
    year = YEAR_OF.get(name)
    if year is not None:
        now, then = said.get(year), known.facts.get(year)
        if now is not None and then is not None and now != then:
            return bool(now > then)
    return origin.fetched_at >= before.fetched_at


def moved(before: Assessed, after: Assessed) -> frozenset[str]:
    """Return the facts of liens that differ between two states of a parcel."""
    return frozenset(name for name in LIEN_FACTS if before.facts.get(name) != after.facts.get(name))


def enrich(lien: Lien, known: Assessed) -> Lien:
    """Return ``lien`` with the facts of its parcel, as it was otherwise."""
    changes = differences(lien, known)
    return msgspec.structs.replace(lien, **changes) if changes else lien


def enrichment(lien: Lien, known: Assessed, *, at: datetime) -> Change | None:
    """Return what the facts of its parcel make of a lien of the catalogue; None where nothing changes."""
    changes = differences(lien, known)
    if not changes:
        return None
    after = msgspec.structs.replace(lien, version=lien.version + 1, last_changed_at=at, **changes)
    return Change(after, tuple(changes), lien.status)


def differences(lien: Lien, known: Assessed) -> dict[str, Any]:
    """Return the facts of the parcel that ``lien`` does not have so."""
    return {
        name: known.facts[name]
        for name in LIEN_FACTS
        if name in known.facts and getattr(lien, name) != known.facts[name]
    }


def lien_values(facts: Mapping[str, Any], names: frozenset[str] | None = None) -> dict[str, Any]:
    """Return of ``facts`` those that liens carry, all or the named ones, decimals as text."""
    return {
        name: str(facts[name]) if isinstance(facts[name], Decimal) else facts[name]
        for name in LIEN_FACTS
        if name in facts and (names is None or name in names)
    }
