"""Turns the words of a question into Tantivy queries: which liens have them, and how well they match."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from tantivy import Occur, Query, Schema

from taxlien.services.search.logic.spelling import LITTLE, typos_forgiven
from taxlien.services.search.logic.tokens import apart, joined, without_zeros
from taxlien.services.search.logic.words import Word, begun_ordinals

_SHORTEST_PREFIX = 3
_SHORTEST_WHOLE_NUMBER = 6
_LONGEST_LETTERS_OF_A_NUMBER = 3
_LONGEST_ZIP = 5

# Every word is required, so how rare it is tells nothing: what counts is how well and where it matches.
# An exact word outweighs any sum of near ones, a whole parcel or certificate number outweighs an address,
# and words that stand together outweigh the same words apart.
_EXACT = {"address": 30.0, "place": 32.0}
_WHOLE_NUMBER = 90.0
_PART_OF_A_NUMBER = 8.0
_TOGETHER = 25.0
_PREFIX = 5.0
_OPTIONAL = 4.0
_ZIP_WITH_ZERO = 40.0  # nobody writes a house number so
_NEAR = {"address": 2.0, "place": 1.0}

Unknown = Callable[[Word], bool]


class TextQueries:
    """Builds the text clauses for one schema."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def text(
        self, pieces: Sequence[Sequence[Word]], *, near: Unknown | None = None, ranked: bool = True
    ) -> Query:
        """Return liens that have every word, the last one perhaps only begun.

        ``near`` tells which words the index does not know: with it, words of letters may be one or
        two typos away, and those that say little (suffixes, directions) may be missing. A piece with
        punctuation also matches as one number. ``ranked`` adds what only the order needs.
        """
        if not pieces:
            return Query.empty_query()
        must: list[Query] = []
        should: list[Query] = []
        last = len(pieces) - 1
        named = any(word.role in ("name", "number") for piece in pieces for word in piece)
        for position, piece in enumerate(pieces):
            required, optional = self._piece(piece, begun=position == last, near=near, named=named)
            must += required
            should += optional
        if ranked:
            should += self._neighbours([word for piece in pieces for word in piece])
        words = _every(must, should)
        whole = self._whole(pieces)
        return _any([words, *whole]) if whole else words

    def _piece(
        self, piece: Sequence[Word], *, begun: bool, near: Unknown | None, named: bool
    ) -> tuple[list[Query], list[Query]]:
        """Return what a piece requires and what it only prefers."""
        numeric = len(piece) > 1 and any(word.role == "number" for word in piece)
        must, should = [], []
        for position, word in enumerate(piece):
            last = begun and position == len(piece) - 1
            query = self._word(word, begun=last, near=near, numeric=numeric)
            little = near is not None and named and word.role in LITTLE
            if word.role == "noise" and named:
                should.append(Query.const_score_query(query, _OPTIONAL))
            elif little:
                should.append(query)
            else:
                must.append(query)
        if numeric and must:
            parts = [word.written for word in piece]
            must = [_any([_every(must, []), *self._number(parts, begun)])]
        return must, should

    def _number(self, parts: Sequence[str], begun: bool) -> list[Query]:
        """Return liens with a number of these parts, whatever its punctuation or zeros."""
        forms = (joined(parts), apart(parts))
        found = [self._scored("number", form, _WHOLE_NUMBER) for form in forms]
        if begun:
            found += [self._begun("number", form) for form in forms]
        return found

    def _whole(self, pieces: Sequence[Sequence[Word]]) -> list[Query]:
        """Return liens whose number is the whole question: ids with spaces, as some counties write."""
        words = [word for piece in pieces for word in piece]
        if len(pieces) < 2 or not all(_part_of_a_number(word) for word in words):
            return []
        if len("".join(word.written for word in words)) < _SHORTEST_WHOLE_NUMBER:
            return []
        return self._number([word.written for word in words], begun=True)

    def _word(self, word: Word, *, begun: bool, near: Unknown | None, numeric: bool) -> Query:
        number = word.role == "number"
        choices = [self._scored("address", form, _EXACT["address"]) for form in word.forms]
        places = (word.written,) if number else word.forms
        if not number or len(word.written) <= _LONGEST_ZIP:
            choices += [self._scored("place", form, _EXACT["place"]) for form in places]
        if numeric or _part_of_a_number(word):
            form = without_zeros(word.written)
            whole = number and len(form) >= _SHORTEST_WHOLE_NUMBER
            weight = _WHOLE_NUMBER if whole else _PART_OF_A_NUMBER
            choices.append(self._scored("number", form, weight))
        if begun and len(word.written) >= _SHORTEST_PREFIX:
            choices += self._begun_word(word)
        if near is not None and not number:
            choices += self._near(word, near, begun)
        return Query.disjunction_max_query(choices)

    def _begun_word(self, word: Word) -> list[Query]:
        if word.role == "number":
            form = without_zeros(word.written)
            found = [self._begun("number", form), self._begun("address", form)]
            if len(word.written) < _LONGEST_ZIP:
                zip_code = _ZIP_WITH_ZERO if word.written[0] == "0" else _PREFIX
                found.append(self._begun("place", word.written, zip_code))
            return found
        ordinals = begun_ordinals(word.written)
        return [
            self._begun("address", word.written),
            self._begun("place", word.written),
            *(self._scored("address", nth, _PREFIX) for nth in ordinals),
        ]

    def _near(self, word: Word, unknown: Unknown, begun: bool) -> list[Query]:
        typos = typos_forgiven(word.written)
        if not typos:
            return []
        if not unknown(word):
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
        return [
            self._scored("pair", f"{one}_{two}", _TOGETHER)
            for before, after in pairwise(asked)
            for one in before.forms
            for two in after.forms
        ]

    def _scored(self, field: str, word: str, weight: float) -> Query:
        term = Query.term_query(self._schema, field, word, index_option="basic")
        return Query.const_score_query(term, weight)

    def _begun(self, field: str, word: str, weight: float = _PREFIX) -> Query:
        begun = Query.fuzzy_term_query(self._schema, field, word, distance=0, prefix=True)
        return Query.const_score_query(begun, weight)


def _part_of_a_number(word: Word) -> bool:
    return word.role == "number" or len(word.written) <= _LONGEST_LETTERS_OF_A_NUMBER


def _every(must: Sequence[Query], should: Sequence[Query]) -> Query:
    if not should and len(must) == 1:
        return must[0]
    return Query.boolean_query(
        [*((Occur.Must, query) for query in must), *((Occur.Should, query) for query in should)]
    )


def _any(choices: Sequence[Query]) -> Query:
    if len(choices) == 1:
        return choices[0]
    return Query.boolean_query([(Occur.Should, choice) for choice in choices])
