"""Which counties a search was about."""

from __future__ import annotations

import csv
import io
from functools import cache
from itertools import islice

import msgspec

from taxlien.kit.reference import reference_text

from .query import Hits, SearchQuery

MAX_COUNTIES = 3
_LOOKED_AT = 5


class _Place(msgspec.Struct):
    county_fips: str


_place = msgspec.json.Decoder(_Place)


def counties_meant(query: SearchQuery, hits: Hits) -> tuple[str, ...]:
    """Return the counties (FIPS) a search asks for or, where it names none, those of its top hits.

    The second page of an answer is no further search, and one that is about everything counts for no
    more than ``MAX_COUNTIES``.
    """
    if query.offset:
        return ()
    named = [fips for fips in query.filters.counties if fips in known_counties()]
    if named:
        return tuple(named[:MAX_COUNTIES])
    found = dict.fromkeys(_place.decode(item).county_fips for item in hits.items[:_LOOKED_AT])
    return tuple(islice((fips for fips in found if fips in known_counties()), MAX_COUNTIES))


@cache
def known_counties() -> frozenset[str]:
    """Return the FIPS codes of the counties there are: what is typed is counted only if it is one."""
    rows = csv.DictReader(io.StringIO(reference_text("counties.csv")))
    return frozenset(row["fips"] for row in rows)
