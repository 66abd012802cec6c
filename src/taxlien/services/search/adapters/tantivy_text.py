"""Turns the words of a question into Tantivy queries: which liens have them, and how well they match."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise, product
from typing import NamedTuple

from tantivy import Occur, Query, Schema, Searcher

from taxlien.services.search.logic.places import state_code
from taxlien.services.search.logic.spelling import LITTLE, typos_forgiven
from taxlien.services.search.logic.tokens import apart, joined, without_zeros
from taxlien.services.search.logic.words import STREET_BEGINS, Word, begun_ordinals

_SHORTEST_PREFIX = 3
_SHORTEST_WHOLE_NUMBER = 6
_LONGEST_LETTERS_OF_A_NUMBER = 3
_LONGEST_ZIP = 5
_PARTS_OF_AN_ID = 3

# Every word is required, so how rare it is tells nothing: what counts is how well and where it matches.
# An exact word outweighs any sum of near ones, a whole parcel or certificate number outweighs an address,
# and words that stand together outweigh the same words apart.
_ADDRESS = 30.0
_PLACE = {"suffix": 20.0, "direction": 20.0}  # these rather belong to a street
_ANY_PLACE = 32.0
_STATE = 28.0  # the widest place of all
_WHOLE_NUMBER = 90.0
_PART_OF_A_NUMBER = 8.0
_TOGETHER = 25.0
_STREET_BEGINS = 6.0
_PREFIX = 5.0
_OPTIONAL = 4.0
_ZIP_WITH_ZERO = 40.0  # nobody writes a house number so
_NEAR = {"address": 2.0, "place": 1.0}

_SHORTEST_HALF = 3
_FEW = 16
_MANY = 4_000
_TIMES_AS_MANY = 4
_MOST_WAYS = 8
_MOST_FREQUENCIES = 20_000


class _Required(NamedTuple):
    """What liens must have one of. ``liens`` is about how many have any of it, infinite where unknown."""

    choices: list[Query]
    liens: float = math.inf

    @property
    def query(self) -> Query:
        """Return the liens that have one of the choices, by the best of them."""
        return self.choices[0] if len(self.choices) == 1 else _best(self.choices)


class TextQueries:
    """Builds the text clauses for one state of an index, whose dictionaries tell what is worth asking."""

    def __init__(self, schema: Schema, searcher: Searcher) -> None:
        self._schema = schema
        self._searcher = searcher
        self._frequencies: dict[tuple[str, str], int] = {}

    def unknown(self, word: Word) -> bool:
        """Tell whether no lien has this word in an address or place, in any of its forms."""
        return not any(self.liens_with(form) for form in word.forms)

    def liens_with(self, word: str) -> int:
        """Return how many liens have ``word`` in an address or place."""
        return self._frequency("address", word) + self._frequency("place", word)

    def _frequency(self, field: str, word: str) -> int:
        """Return how many liens have ``word`` in ``field``. Questions ask it again and again."""
        found = self._frequencies.get((field, word))
        if found is None:
            if len(self._frequencies) >= _MOST_FREQUENCIES:
                self._frequencies.clear()
            found = self._frequencies[field, word] = self._searcher.doc_freq(field, word)
        return found

    def text(
        self, pieces: Sequence[Sequence[Word]], *, near: bool = False, ranked: bool = True
    ) -> Query:
        """Return liens that have every word, the last one perhaps only begun.

        With ``near``, words of letters may be one or two typos away, and those that say little
        (suffixes, directions) may be missing. A piece with punctuation also matches as one number.
        ``ranked`` adds what only the order needs.
        """
        if not pieces:
            return Query.empty_query()
        must: list[_Required] = []
        preferred: list[Query] = []
        last = len(pieces) - 1
        glued = self._glued(pieces)
        named = any(word.role in ("name", "number") for piece in pieces for word in piece)
        for position, piece in enumerate(pieces):
            required, optional = self._piece(piece, begun=position == last, near=near, named=named)
            if position in glued and len(required) == 1:
                required = [_Required([any_of([required[0].query, glued[position]])])]
            must += required
            preferred += optional
        beside = self._neighbours([w for piece in pieces for w in piece]) if ranked else []
        words = _every(_spread(must), beside)
        for query in preferred:
            # One by one: Tantivy merges preferences, over all liens that have a common one.
            words = _every([words], [query])
        whole = self._whole(pieces)
        return any_of([words, *whole]) if whole else words

    def _piece(
        self, piece: Sequence[Word], *, begun: bool, near: bool, named: bool
    ) -> tuple[list[_Required], list[Query]]:
        """Return what a piece requires and what it only prefers."""
        numeric = len(piece) > 1 and any(word.role == "number" for word in piece)
        if numeric and _an_id(piece):
            return [_Required([any_of(self._id([word.written for word in piece], begun))])], []
        must: list[_Required] = []
        should: list[Query] = []
        for position, word in enumerate(piece):
            last = begun and position == len(piece) - 1
            required = self._word(word, begun=last, near=near, numeric=numeric)
            little = near and named and word.role in LITTLE
            if word.role == "noise" and named:
                should += [Query.const_score_query(query, _OPTIONAL) for query in required.choices]
            elif little:
                should += self._exact("address", word.forms[:1], _ADDRESS)
            else:
                must.append(required)
        if numeric and must:
            parts = [word.written for word in piece]
            every = _every(_spread(must), [])
            must = [_Required([any_of([every, *self._number(parts, begun)])])]
        return must, should

    def _id(self, parts: Sequence[str], begun: bool) -> list[Query]:
        """Return liens with a number of these parts or, elsewhere in a number, with every part."""
        *whole, last = (
            self._exact("number", (without_zeros(p),), _PART_OF_A_NUMBER) for p in parts
        )
        if begun and len(without_zeros(parts[-1])) >= _SHORTEST_PREFIX:
            last += self._begun("number", without_zeros(parts[-1])).choices
        choices = (*whole, last)
        every = [_every([any_of(choice) for choice in choices], [])] if all(choices) else []
        return [*every, *self._number(parts, begun)]

    def _glued(self, pieces: Sequence[Sequence[Word]]) -> dict[int, Query]:
        """Return for pieces that the index has as one word with a neighbour what finds that word."""
        found: dict[int, Query] = {}
        for position, (before, after) in enumerate(pairwise(pieces)):
            if len(before) == len(after) == 1 and before[0].written.isalpha():
                whole = before[0].written + after[0].written
                if after[0].written.isalpha() and self._frequency("address", whole):
                    query = self._scored("address", whole, 2 * _ADDRESS)
                    found[position] = found[position + 1] = query
        return found

    def _number(self, parts: Sequence[str], begun: bool) -> list[Query]:
        """Return liens with a number of these parts, whatever its punctuation or zeros."""
        forms = (joined(parts), apart(parts))
        found = self._exact("number", forms, _WHOLE_NUMBER)
        if begun:
            found += [query for form in forms for query in self._begun("number", form).choices]
        return found

    def _whole(self, pieces: Sequence[Sequence[Word]]) -> list[Query]:
        """Return liens whose number is the whole question: ids with spaces, as some counties write."""
        words = [word for piece in pieces for word in piece]
        if len(pieces) < 2 or not all(_part_of_a_number(word) for word in words):
            return []
        if len("".join(word.written for word in words)) < _SHORTEST_WHOLE_NUMBER:
            return []
        return self._number([word.written for word in words], begun=True)

    def _word(self, word: Word, *, begun: bool, near: bool, numeric: bool) -> _Required:
        number = word.role == "number"
        liens: float = sum(self.liens_with(form) for form in word.forms)
        choices = self._exact("address", word.forms, _ADDRESS)
        places = (word.written,) if number else word.forms
        if not number or len(word.written) <= _LONGEST_ZIP:
            weight = _STATE if state_code(word.written) else _PLACE.get(word.role, _ANY_PLACE)
            choices += self._exact("place", places, weight)
        if word.role == "name":
            choices += self._exact("pair", _halves(word.written), _ADDRESS)
        if numeric or _part_of_a_number(word):
            form = without_zeros(word.written)
            whole = number and len(form) >= _SHORTEST_WHOLE_NUMBER
            weight = _WHOLE_NUMBER if whole else _PART_OF_A_NUMBER
            choices += self._exact("number", (form,), weight)
            liens += self._frequency("number", form)
        if begun and len(word.written) >= _SHORTEST_PREFIX:
            for longer in self._begun_word(word):
                choices += longer.choices
                liens += longer.liens
        if near and not number and (similar := self._near(word, begun)):
            choices += similar
            liens = math.inf
        return _Required(choices or [Query.empty_query()], liens)

    def _begun_word(self, word: Word) -> list[_Required]:
        if word.role == "number":
            form = without_zeros(word.written)
            fields = ("number", "address") if len(form) >= _SHORTEST_PREFIX else ()
            found = [self._begun(field, form) for field in fields]
            if len(word.written) < _LONGEST_ZIP:
                zip_code = _ZIP_WITH_ZERO if word.written[0] == "0" else _PREFIX
                found.append(self._begun("place", word.written, weight=zip_code))
            return found
        ordinals = begun_ordinals(word.written)
        return [
            self._begun("address", word.written, word.forms),
            self._begun("place", word.written, word.forms),
            _Required(
                self._exact("address", ordinals, _PREFIX),
                sum(self._frequency("address", ordinal) for ordinal in ordinals),
            ),
        ]

    def _near(self, word: Word, begun: bool) -> list[Query]:
        typos = typos_forgiven(word.written)
        if not typos:
            return []
        if not self.unknown(word):
            typos = 1
        return [
            Query.const_score_query(
                Query.fuzzy_term_query(
                    self._schema, field, word.written, distance=typos, prefix=begun and typos == 1
                ),
                weight,
            )
            for field, weight in _NEAR.items()
        ]

    def _neighbours(self, words: Sequence[Word]) -> list[Query]:
        """Return what prefers words that stand beside one another, as they were asked for."""
        asked = [word for word in words if word.role != "noise"]
        pairs = [
            f"{one}_{two}"
            for before, after in pairwise(asked)
            for one in before.forms
            for two in after.forms
        ]
        streets = [word for word in asked if word.role != "number"]
        begins = [
            f"{STREET_BEGINS}_{form}"
            for form in (streets[0].forms if len(streets) > 1 else ())
            if streets[1].role == "suffix"
        ]
        return [
            *self._exact("pair", pairs, _TOGETHER),
            *self._exact("pair", begins, _STREET_BEGINS),
        ]

    def _exact(self, field: str, words: Iterable[str], weight: float) -> list[Query]:
        """Return liens with each of ``words`` that any lien has: what none has costs a scorer."""
        return [self._scored(field, word, weight) for word in words if self._frequency(field, word)]

    def _scored(self, field: str, word: str, weight: float) -> Query:
        return Query.const_score_query(self._term(field, word), weight)

    def _term(self, field: str, word: str) -> Query:
        return Query.term_query(self._schema, field, word, index_option="basic")

    def _begun(
        self, field: str, word: str, but: Sequence[str] = (), weight: float = _PREFIX
    ) -> _Required:
        """Return liens with a longer word that begins so: by name where few are, else all at once.

        Most words have none, or only what they stand for (``but``; AVE: avenue): then the many liens
        with the word itself are not gone through twice.
        """
        known = self._searcher.terms_with_prefix(field, word, limit=_FEW + 1)
        longer = {found: n for found, n in known if found != word and found not in but}
        if not longer:
            return _Required([], 0)
        if len(longer) > _FEW:
            every = Query.fuzzy_term_query(self._schema, field, word, distance=0, prefix=True)
            return _Required([Query.const_score_query(every, weight)])
        every = any_of([self._term(field, found) for found in longer])
        return _Required([Query.const_score_query(every, weight)], sum(longer.values()))


def _halves(written: str) -> list[str]:
    """Return the neighbours that ``written`` may be, written as one."""
    cuts = range(_SHORTEST_HALF, len(written) - _SHORTEST_HALF + 1)
    return [f"{written[:cut]}_{written[cut:]}" for cut in cuts]


def _an_id(piece: Sequence[Word]) -> bool:
    """Tell whether nothing but a parcel id or a certificate is written so: three parts, 24-29-09."""
    return len(piece) >= _PARTS_OF_AN_ID and all(
        _part_of_a_number(word) and word.role not in ("noise", "unit") for word in piece
    )


def _part_of_a_number(word: Word) -> bool:
    return word.role == "number" or len(word.written) <= _LONGEST_LETTERS_OF_A_NUMBER


def _best(choices: Sequence[Query]) -> Query:
    return Query.disjunction_max_query(list(choices))


def _spread(must: Sequence[_Required]) -> list[Query]:
    """Return queries for all of ``must``, such that choices that very many liens have are skipped through.

    Beside a rare word Tantivy skips through the liens of one common word, yet merges those of several.
    Rare and common are asked for together, for each choice once, then: (OAK and STREET) or (OAK and SAINT).
    """
    rarest = min((required.liens for required in must), default=math.inf)
    enough = max(_MANY, _TIMES_AS_MANY * rarest)
    common = [len(r.choices) > 1 and enough <= r.liens < math.inf for r in must]
    rest = [required.query for required, many in zip(must, common, strict=True) if not many]
    ways = list(product(*(r.choices for r, many in zip(must, common, strict=True) if many)))
    if len(rest) == len(must) or len(ways) > _MOST_WAYS:
        return [required.query for required in must]
    return [_best([_every([*rest, *way], []) for way in ways])]


def _every(must: Sequence[Query], should: Sequence[Query]) -> Query:
    if not should and len(must) == 1:
        return must[0]
    return Query.boolean_query(
        [*((Occur.Must, query) for query in must), *((Occur.Should, query) for query in should)]
    )


def any_of(choices: Sequence[Query]) -> Query:
    """Return liens that any of these finds; what several find scores the sum."""
    if len(choices) == 1:
        return choices[0]
    return Query.boolean_query([(Occur.Should, choice) for choice in choices])
