"""Turns a question into Tantivy queries, built from objects: no text of a user is ever parsed as syntax."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tantivy import FieldType, Occur, Query, Schema, TextAnalyzer

from taxlien.services.search.logic.places import county_key, fold
from taxlien.services.search.logic.query import Filters, Span

from .tantivy_schema import PART, TEXT_FIELDS

MAX_WORDS = 12
_SHORTEST_TYPO = 4
_LONGEST_TYPO = 24
_SHORTEST_PREFIX = 3

# Every word is required, so how rare it is tells nothing: what counts is how well and where it matches.
# An exact word outweighs any sum of near ones; a parcel or certificate number outweighs an address.
_EXACT = {"number": 60.0, "address": 30.0, "place": 20.0}
_PREFIX = 5.0
_NEAR = 1.0


class QueryBuilder:
    """Builds queries for one schema; words come from the analyzer that indexed the documents."""

    def __init__(self, schema: Schema, words: TextAnalyzer) -> None:
        self._schema = schema
        self._words = words

    def words(self, text: str) -> list[str]:
        """Return the words of ``text``, as the index knows them."""
        return self._words.analyze(text)[:MAX_WORDS]

    def text(self, text: str, *, near: bool) -> Query:
        """Return liens that have every word of ``text``, the last one perhaps only begun.

        With ``near``, words of letters may be one typo away; those weigh less than exact ones. Words
        joined by punctuation also match as one: a parcel id is found however it is punctuated.
        """
        chunks = [words for c in text.split() if (words := self.words(c))][:MAX_WORDS]
        if not chunks:
            return Query.empty_query()
        clauses = []
        for position, words in enumerate(chunks):
            last = position == len(chunks) - 1
            clause = self._all(
                [
                    self._word(word, begun=last and i == len(words) - 1, near=near)
                    for i, word in enumerate(words)
                ]
            )
            if len(words) > 1:
                joined = "".join(words)
                whole = [self._exact("number", joined), *self._begun("number", joined, last)]
                clause = Query.boolean_query([(Occur.Should, q) for q in (clause, *whole)])
            clauses.append(clause)
        return self._all(clauses)

    def _word(self, word: str, *, begun: bool, near: bool) -> Query:
        choices = [self._exact(field, word) for field in TEXT_FIELDS]
        for field in TEXT_FIELDS:
            choices += self._begun(field, word, begun)
        if near and word.isalpha() and _SHORTEST_TYPO <= len(word) <= _LONGEST_TYPO:
            choices += [
                Query.const_score_query(
                    Query.fuzzy_term_query(self._schema, field, word, distance=1, prefix=begun),
                    _NEAR,
                )
                for field in ("address", "place")
            ]
        return Query.boolean_query([(Occur.Should, choice) for choice in choices])

    def _exact(self, field: str, word: str) -> Query:
        return Query.const_score_query(self.term(field, word), _EXACT[field])

    def _begun(self, field: str, word: str, begun: bool) -> list[Query]:
        if not begun or len(word) < _SHORTEST_PREFIX:
            return []
        return [Query.const_score_query(self.prefix(field, word), _PREFIX)]

    def prefix(self, field: str, word: str) -> Query:
        """Return liens with a word in ``field`` that begins with ``word``."""
        return Query.fuzzy_term_query(self._schema, field, word, distance=0, prefix=True)

    def term(self, field: str, word: str) -> Query:
        """Return liens with exactly this word in ``field``."""
        return Query.term_query(self._schema, field, word, index_option="basic")

    def parcel_parts(self, joined: str) -> Query:
        """Return liens whose parcel id has every part of ``joined``: candidates for holding it whole."""
        parts = {joined[i : i + PART] for i in range(len(joined) - PART + 1)}
        return self._all([self.term("parcel_part", part) for part in sorted(parts)])

    def restrict(self, query: Query | None, restrictions: Sequence[Query]) -> Query:
        """Return ``query`` (None: everything) where every restriction holds; these never score."""
        if not restrictions:
            return query or Query.all_query()
        must = [Query.const_score_query(r, 0.0) for r in restrictions]
        return self._all([*([query] if query else []), *must])

    def filters(self, filters: Filters, counties: Iterable[str]) -> list[Query]:
        """Return one query per filter that is set. ``counties`` are all values of the county field."""
        chosen: list[tuple[str, Sequence[str]]] = [
            ("state", filters.states),
            ("status", filters.statuses),
            ("kind", filters.kinds),
            ("property_type", filters.property_types),
        ]
        if filters.counties:
            chosen.append(("county", matching_counties(filters.counties, counties)))
        built = [
            self._any_of(field, values)
            for field, values in chosen
            if values or (field == "county" and filters.counties)
        ]
        if filters.years:
            years = [self._range("year", Span(y, y)) for y in filters.years]
            built.append(Query.boolean_query([(Occur.Should, y) for y in years]))
        spans = (("price", filters.price), ("rate", filters.rate))
        built += [self._range(field, span) for field, span in spans if span is not None]
        return built

    def _any_of(self, field: str, values: Sequence[str]) -> Query:
        if not values:
            return Query.empty_query()
        if len(values) == 1:
            return self.term(field, values[0])
        return Query.term_set_query(self._schema, field, list(values))

    def _range(self, field: str, span: Span) -> Query:
        return Query.range_query(self._schema, field, FieldType.Integer, span.low, span.high)

    @staticmethod
    def _all(queries: Sequence[Query]) -> Query:
        if len(queries) == 1:
            return queries[0]
        return Query.boolean_query([(Occur.Must, query) for query in queries])


def matching_counties(wanted: Sequence[str], counties: Iterable[str]) -> list[str]:
    """Return the county values that a FIPS code or a name in ``wanted`` means, in any state.

    "Baltimore" means the county and the city of that name, "Baltimore County" the county alone.
    """
    codes = {w for w in wanted if w.isdigit()}
    names = {county_key(w) for w in wanted if not w.isdigit()}
    loose = {f"{fold(w)} city" for w in wanted if county_key(w) == fold(w)}
    found = []
    for value in counties:
        _, fips, name = value.split("|", 2)
        key = county_key(name)
        if fips in codes or key in names or key in loose:
            found.append(value)
    return found
