"""How an answer is cut into pages: by number within a window, or on from where the last one ended."""

from __future__ import annotations

from hashlib import blake2b
from typing import Annotated, NamedTuple

import msgspec

from taxlien.kit.errors import InvalidInput

from .ordering import Key
from .query import MAX_WINDOW, RELEVANCE, Filters, Hits, SearchQuery

MAX_TOTAL = 10_000
"""Liens are counted exactly up to here; of more, an answer says that there are more."""

MAX_SHOWN = 1_000_000_000
"""No cursor counts further: that many liens there are not."""

_DIGEST_BYTES = 9
_SEVERAL = tuple(name for name in Filters.__struct_fields__ if getattr(Filters(), name) == ())
"""Filters of several values, whose order means nothing."""


class Total(NamedTuple):
    """A count as it is told: ``text`` for people."""

    total: int
    is_exact: bool
    text: str


class Place(msgspec.Struct, frozen=True, array_like=True):
    """What a cursor holds: the question it belongs to, and the key, or where words rank the number,
    after which the next page begins. Beside a key, ``shown`` is how many liens the pages before had;
    None in a cursor that does not say."""

    question: bytes
    after: Key | int
    shown: Annotated[int, msgspec.Meta(ge=0, le=MAX_SHOWN)] | None = None


def told(count: int) -> Total:
    """Return how a count of liens is told."""
    if count > MAX_TOTAL:
        return Total(MAX_TOTAL, False, f"{MAX_TOTAL:,}+")
    return Total(count, True, f"{count:,}")


def canonical(query: SearchQuery) -> SearchQuery:
    """Return ``query`` in the form that is the same for all that mean the same."""
    filters = query.filters
    several = [name for name in _SEVERAL if len(getattr(filters, name)) > 1]
    if not several:
        return query
    ordered = {name: tuple(sorted(getattr(filters, name))) for name in several}
    return msgspec.structs.replace(query, filters=msgspec.structs.replace(filters, **ordered))


def question_of(query: SearchQuery) -> bytes:
    """Return a digest of what is asked and in which order, however the answer is cut."""
    uncut = msgspec.structs.replace(
        canonical(query),
        offset=0,
        after=None,
        shown=None,
        limit=0,
        facets=False,
        highlight=False,
        chips=(),
    )
    return blake2b(msgspec.msgpack.encode(uncut), digest_size=_DIGEST_BYTES).digest()


def liens_before(query: SearchQuery) -> int | None:
    """Return how many liens the pages before this one had; None where its cursor did not count."""
    return query.offset if query.after is None else query.shown


def next_place(query: SearchQuery, hits: Hits) -> Place | None:
    """Return where the page after ``hits`` begins; None where it was the last."""
    if hits.last is not None:
        before = liens_before(query)
        shown = None if before is None else min(before + len(hits.items), MAX_SHOWN)
        return Place(question_of(query), hits.last, shown)
    end = query.offset + query.limit
    ranked = query.sort == RELEVANCE and query.text
    return Place(question_of(query), end) if ranked and end < hits.total else None


def continued(query: SearchQuery, place: Place) -> SearchQuery:
    """Return ``query`` from ``place`` on.

    Raises ``InvalidInput`` naming ``cursor`` where that belongs to another question, or is beyond what
    words rank, and naming ``page`` where that is given too.
    """
    if query.offset:
        raise InvalidInput("page", "is given beside a cursor: take one of them")
    if place.question != question_of(query):
        raise InvalidInput("cursor", "belongs to another question; ask for the first page without")
    if isinstance(place.after, Key):
        return msgspec.structs.replace(query, after=place.after, shown=place.shown)
    if place.after >= MAX_WINDOW:
        message = f"ends here: only the first {MAX_WINDOW:,} liens are ranked by relevance"
        raise InvalidInput("cursor", f"{message}; narrow the filters, or sort by price_asc")
    return msgspec.structs.replace(query, offset=max(0, place.after))
