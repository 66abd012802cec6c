"""Completes what is being typed, from the words of the index and the liens that have them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec
from tantivy import Query, Searcher

from taxlien.services.search.logic.completing import (
    SHORTEST_INSIDE,
    address_rank,
    number_rank,
    shared_out,
    typed_places,
    typed_words,
)
from taxlien.services.search.logic.query import Suggestion
from taxlien.services.search.logic.tokens import tokens_of, without_zeros
from taxlien.services.search.logic.words import (
    Word,
    address_words,
    begun_ordinals,
    place_words,
    read_words,
)

from .tantivy_query import QueryBuilder
from .tantivy_schema import PART
from .tantivy_vocabulary import Place, Vocabulary

_CANDIDATES = 30
_PARTS_CANDIDATES = 100  # the parts of a number may lie in another order
_WORDS = 8
_SHORTEST_NUMBER = 3


class _Shown(msgspec.Struct):
    """What suggestions need of a stored item."""

    state: str
    county: str
    county_fips: str
    parcel_id: str
    address: str | None = None
    city: str | None = None
    certificate_number: str | None = None


_shown = msgspec.json.Decoder(_Shown)


def words_of_item(item: bytes) -> set[str]:
    """Return the words of the address and place of a stored item, as they are indexed."""
    shown = _shown.decode(item)
    place = " ".join(part for part in (shown.city, shown.county, shown.state) if part)
    return {*address_words(shown.address or "").words, *place_words(place).words}


class Suggester:
    """Completions over one unchanging state of the index."""

    def __init__(self, searcher: Searcher, builder: QueryBuilder, vocabulary: Vocabulary) -> None:
        self._searcher = searcher
        self._builder = builder
        self._vocabulary = vocabulary

    def suggest(self, text: str, limit: int) -> list[Suggestion]:
        """Complete ``text``: counties, cities, addresses, parcels and certificates, best first each."""
        words = [word for piece in read_words(text) for word in piece]
        if not words:
            return []
        typed = typed_places(text)
        groups = [
            [_of_place("county", p) for p in self._vocabulary.counties.continuing(typed, limit)],
            [_of_place("city", p) for p in self._vocabulary.cities.continuing(typed, limit)],
        ]
        joined = "".join(token for token in tokens_of(text) if token.isalnum())
        if len(joined) >= 2:
            groups.append(self._addresses(words, text))
        if len(joined) >= _SHORTEST_NUMBER and any(c.isdecimal() for c in joined):
            groups += self._numbers(joined)
        return shared_out(groups, limit)

    def _addresses(self, words: Sequence[Word], text: str) -> list[Suggestion]:
        *whole, last = words
        begun = self._continued(last)
        if begun is None:
            return []
        must = [
            self._builder.any_term("address", word.forms) for word in whole if word.role != "noise"
        ]
        found = {
            (item.address, item.county_fips): item
            for item in self._items(self._builder.restrict(begun, must))
            if item.address
        }
        typed = typed_words(text)
        ranked = sorted(found.values(), key=lambda item: address_rank(item.address or "", typed))
        return [_of_lien("address", item.address or "", item) for item in ranked]

    def _continued(self, last: Word) -> Query | None:
        """Return liens whose address has a word that continues ``last``, or holds it where none does."""
        written = without_zeros(last.written)
        if last.role == "number":
            return self._builder.prefix("address", written)
        words = self._vocabulary.words_beginning(written, _WORDS)
        if len(words) < _WORDS and len(written) >= SHORTEST_INSIDE:
            words += self._vocabulary.words_holding(written, _WORDS - len(words))
            words += begun_ordinals(written)
        known = [form for form in last.forms if form not in words and last.role != "name"]
        words = list(dict.fromkeys([*known, *words]))
        return self._builder.led_by("address", words) if words else None

    def _numbers(self, joined: str) -> list[list[Suggestion]]:
        """Parcels and certificates that begin with ``joined`` or, from four characters on, hold it."""
        items = list(self._items(self._builder.prefix("number", without_zeros(joined))))
        if len(joined) >= PART:
            items += self._items(self._builder.parcel_parts(joined), _PARTS_CANDIDATES)
        parcels = _ranked("parcel", items, lambda item: item.parcel_id, joined)
        certificates = _ranked("certificate", items, lambda item: item.certificate_number, joined)
        return [parcels, certificates]

    def _items(self, query: Query, most: int = _CANDIDATES) -> Iterator[_Shown]:
        found = self._searcher.search(query, most, count=False)
        for _, address in found.hits:
            yield _shown.decode(self._searcher.doc(address).get_first("item") or b"null")


def _ranked(
    kind: str, items: Sequence[_Shown], number_of: Callable[[_Shown], str | None], joined: str
) -> list[Suggestion]:
    found: list[tuple[int, str, Suggestion]] = []
    for item in items:
        number = number_of(item)
        rank = number_rank(number, joined) if number else None
        if number and rank is not None:
            found.append((rank, number, _of_lien(kind, number, item)))
    found.sort(key=lambda one: one[:2])
    return [suggestion for _, _, suggestion in found]


def _of_lien(kind: str, text: str, item: _Shown) -> Suggestion:
    return Suggestion(
        kind=kind,
        text=text,
        state=item.state,
        county=item.county,
        county_fips=item.county_fips,
    )


def _of_place(kind: str, place: Place) -> Suggestion:
    return Suggestion(
        kind=kind,
        text=place.name,
        state=place.state,
        county_fips=place.county_fips,
        count=place.liens,
    )
