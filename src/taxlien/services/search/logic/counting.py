"""Which counties a search was about, and what kind of question it was."""

from __future__ import annotations

import csv
import io
from functools import cache
from itertools import islice
from typing import NamedTuple

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


class Kind(NamedTuple):
    """How was asked and answered: roles of the words, names of the filters, the order, how much was found."""

    roles: tuple[str, ...]
    filters: tuple[str, ...]
    sort: str
    outcome: str

    @property
    def name(self) -> str:
        """``words/filters/sort/outcome``, without a word that was typed."""
        parts = ("+".join(self.roles), "+".join(self.filters), self.sort, self.outcome)
        return "/".join(part or "-" for part in parts)


def kind_of(query: SearchQuery, hits: Hits) -> Kind:
    """Return the kind of a question, whichever page of it was asked."""
    roles = {word.role for piece in read_words(query.text) for word in piece}
    filters = [name for name in query.filters.__struct_fields__ if _is_set(query.filters, name)]
    return Kind(tuple(sorted(roles)), tuple(sorted(filters)), query.sort, _outcome(hits))


def is_further_page(query: SearchQuery) -> bool:
    """Say whether a later page is asked: that is no further search."""
    return bool(query.offset) or query.after is not None


def _is_set(filters: Filters, name: str) -> bool:
    return getattr(filters, name) not in (None, ())


def _outcome(hits: Hits) -> str:
    band = next((name for most, name in _OUTCOMES if hits.total <= most), "many")
    return f"{band}+near" if hits.near_matches and hits.total else band


_OUTCOMES = ((0, "none"), (1, "one"), (20, "page"), (1_000, "some"))
_BANDS = (*(name for _, name in _OUTCOMES), "many")
OUTCOMES: tuple[str, ...] = (*_BANDS, *(f"{band}+near" for band in _BANDS))
"""Every outcome of a kind."""


@cache
def known_counties() -> frozenset[str]:
    """Return the FIPS codes of the counties there are: what is typed is counted only if it is one."""
    rows = csv.DictReader(io.StringIO(reference_text("counties.csv")))
    return frozenset(row["fips"] for row in rows)
