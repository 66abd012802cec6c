"""Which counties a search was about, and what kind of question it was."""

from __future__ import annotations

import csv
import io
from functools import cache
from itertools import islice

import msgspec

from taxlien.kit.reference import reference_text

from .query import Filters, Hits, SearchQuery
from .words import read_words

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


def kind_of(query: SearchQuery, hits: Hits) -> str | None:
    """Return ``words/filters/sort/outcome``: how was asked and answered, without a word that was typed.

    None for a later page, which is no further search.
    """
    if query.offset or query.after is not None:
        return None
    roles = {word.role for piece in read_words(query.text) for word in piece}
    filters = [name for name in query.filters.__struct_fields__ if _is_set(query.filters, name)]
    parts = ("+".join(sorted(roles)), "+".join(sorted(filters)), query.sort, _outcome(hits))
    return "/".join(part or "-" for part in parts)


def _is_set(filters: Filters, name: str) -> bool:
    return getattr(filters, name) not in (None, ())


def _outcome(hits: Hits) -> str:
    band = next((name for most, name in _OUTCOMES if hits.total <= most), "many")
    return f"{band}+near" if hits.near_matches and hits.total else band


_OUTCOMES = ((0, "none"), (1, "one"), (20, "page"), (1_000, "some"))


@cache
def known_counties() -> frozenset[str]:
    """Return the FIPS codes of the counties there are: what is typed is counted only if it is one."""
    rows = csv.DictReader(io.StringIO(reference_text("counties.csv")))
    return frozenset(row["fips"] for row in rows)
