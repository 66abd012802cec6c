"""What a question means, as conditions on a lien: exactly what an engine finds for it, without typos.

A saved search matches by the same words as a search: analysed alike, each required, the last one perhaps
only begun, a piece with punctuation also as one number. What differs is that nothing near counts: an
alert is for what was asked, never for what is one typo away.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from taxlien.kit.errors import InvalidInput

from .conditions import (
    SHORTEST_PREFIX,
    AllOf,
    AnyOf,
    Begins,
    Condition,
    Inside,
    Is,
    Within,
    all_of,
    any_of,
)
from .document import LienDocument
from .facts import SHORTEST_HALF
from .places import STATE_NAMES, county_key, fold
from .query import Filters, SearchQuery
from .reading import Span
from .tokens import apart, joined, without_zeros
from .words import Word, begun_ordinals, read_words

_SHORTEST_WHOLE_NUMBER = 6
_LONGEST_LETTERS_OF_A_NUMBER = 3
_LONGEST_ZIP = 5

# How many liens of a thousand have it, roughly: queries are filed by the rarest thing they need.
_COSTS = {
    "state": 60.0,
    "status": 300.0,
    "kind": 400.0,
    "property_type": 100.0,
    "year": 150.0,
    "property_class": 120.0,
    "flags": 110.0,
    "not_flags": 700.0,
}
_CHOICES = {
    "states": "state",
    "statuses": "status",
    "kinds": "kind",
    "property_types": "property_type",
    "years": "year",
    "classes": "property_class",
    "flags": "flags",
}
"""Filters of which any value will do, and the fact of a lien that each asks for."""
_FILTERS = Filters.__struct_fields__
_COUNTY_COST = 8.0
_WORD_COSTS = {"name": 3.0, "number": 1.0, "suffix": 120.0, "direction": 90.0, "unit": 30.0}
_NUMBER_COST = 0.1
_GLUED_COST = 0.1
_OF_STATES = frozenset(word for name in STATE_NAMES.values() for word in fold(name).split())


def conditions_of(query: SearchQuery) -> Condition:
    """Return what must hold of a lien for ``query`` to find it, whatever its order and page.

    Raises ``InvalidInput`` for a filter that no condition is known for.
    """
    parts = _filters(query.filters)
    if query.text:
        parts.append(_text(read_words(query.text)))
    return all_of(parts)


def _filters(filters: Filters) -> list[Condition]:
    parts: list[Condition] = []
    if filters.counties:
        parts.append(any_of([c for county in filters.counties for c in _county(county)]))
    for name, asked in zip(_FILTERS, msgspec.structs.astuple(filters), strict=True):
        if asked is None or asked == () or name == "counties":
            continue
        if isinstance(asked, Span) and name in LienDocument.__struct_fields__:
            parts.append(Within(name, asked.low, asked.high))
        elif (field := _CHOICES.get(name)) is not None:
            parts.append(any_of([Is(field, str(value), _COSTS[field]) for value in asked]))
        elif name == "not_flags":
            parts += [_flag(flag, holds=False) for flag in asked]
        elif name == "area":
            parts.append(Inside(asked))
        elif name == "homestead":
            parts.append(_flag(name, holds=asked))
        else:
            # Better refused than told of every lien whether it fits or not.
            raise InvalidInput(name, "cannot be part of a saved search")
    # What is known of a lien without working anything out is asked first.
    return sorted(parts, key=lambda part: isinstance(part, Within))


def _flag(name: str, *, holds: bool) -> Condition:
    """Known to hold, or known not to: what nobody published is neither."""
    field = "flags" if holds else "not_flags"
    return Is(field, name, _COSTS[field])


def _county(wanted: str) -> list[Condition]:
    """ "Baltimore" means the county and the city of that name, "Baltimore County" the county alone."""
    if wanted.isdigit():
        return [Is("fips", wanted, _COUNTY_COST)]
    key = county_key(wanted)
    named: list[Condition] = [Is("county_key", key, _COUNTY_COST)]
    if key == fold(wanted):
        named.append(Is("county_key", f"{key} city", _COUNTY_COST))
    return named


def _text(pieces: Sequence[Sequence[Word]]) -> Condition:
    if not pieces:
        return AnyOf(())
    named = any(word.role in ("name", "number") for piece in pieces for word in piece)
    last = len(pieces) - 1
    glued = _glued(pieces)
    required: list[Condition] = []
    for position, piece in enumerate(pieces):
        found = _piece(piece, begun=position == last, named=named)
        if position in glued and len(found) == 1:
            found = [any_of([found[0], *glued[position]])]
        required += found
    words: Condition = all_of(required)
    whole = _whole(pieces)
    return any_of([words, *whole])


def _piece(piece: Sequence[Word], *, begun: bool, named: bool) -> list[Condition]:
    numeric = len(piece) > 1 and any(word.role == "number" for word in piece)
    required = [
        _word(word, begun=begun and position == len(piece) - 1, numeric=numeric)
        for position, word in enumerate(piece)
        if not (word.role == "noise" and named)
    ]
    if numeric and required:
        parts = [word.written for word in piece]
        return [any_of([AllOf(tuple(required)), *_number(parts, begun)])]
    return required


def _glued(pieces: Sequence[Sequence[Word]]) -> dict[int, list[Condition]]:
    """Return for pieces that may be one word with a neighbour that word: "arm strong" is Armstrong."""
    found: dict[int, list[Condition]] = {}
    for position, (before, after) in enumerate(pairwise(pieces)):
        if len(before) == len(after) == 1:
            one, two = before[0].written, after[0].written
            if one.isalpha() and two.isalpha():
                whole = Is("address", one + two, _GLUED_COST)
                found.setdefault(position, []).append(whole)
                found.setdefault(position + 1, []).append(whole)
    return found


def _number(parts: Sequence[str], begun: bool) -> list[Condition]:
    forms = dict.fromkeys((joined(parts), apart(parts)))
    found: list[Condition] = [Is("number", form, _NUMBER_COST) for form in forms]
    if begun:
        found += [Begins("number", form, _NUMBER_COST) for form in forms]
    return found


def _whole(pieces: Sequence[Sequence[Word]]) -> list[Condition]:
    words = [word for piece in pieces for word in piece]
    if len(pieces) < 2 or not all(_part_of_a_number(word) for word in words):
        return []
    if len("".join(word.written for word in words)) < _SHORTEST_WHOLE_NUMBER:
        return []
    return _number([word.written for word in words], begun=True)


def _word(word: Word, *, begun: bool, numeric: bool) -> Condition:
    number = word.role == "number"
    cost = _WORD_COSTS.get(word.role, 50.0)
    if not _OF_STATES.isdisjoint(word.forms):
        cost = max(cost, 60.0)
    choices: list[Condition] = [Is("address", form, cost) for form in word.forms]
    places = (word.written,) if number else word.forms
    if not number or len(word.written) <= _LONGEST_ZIP:
        choices += [Is("place", form, cost) for form in places]
    if word.role == "name" and len(word.written) >= 2 * SHORTEST_HALF:
        choices.append(Is("glue", word.written, _GLUED_COST))
    if numeric or _part_of_a_number(word):
        choices.append(Is("number", without_zeros(word.written), cost))
    if begun and len(word.written) >= SHORTEST_PREFIX:
        choices += _begun(word, cost)
    return any_of(choices)


def _begun(word: Word, cost: float) -> list[Condition]:
    written = word.written
    if word.role == "number":
        form = without_zeros(written)
        zip_code = [Begins("place", written, cost)] if len(written) < _LONGEST_ZIP else []
        return [Begins("number", form, cost), Begins("address", form, cost), *zip_code]
    ordinals = begun_ordinals(written)
    return [
        Begins("address", written, cost),
        Begins("place", written, cost),
        *(Is("address", nth, cost) for nth in ordinals),
    ]


def _part_of_a_number(word: Word) -> bool:
    return word.role == "number" or len(word.written) <= _LONGEST_LETTERS_OF_A_NUMBER
