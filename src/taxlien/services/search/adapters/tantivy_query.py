"""Turns filters into Tantivy queries, built from objects: no text of a user is ever parsed as syntax."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tantivy import FieldType, Occur, Query, Schema, Searcher

from taxlien.services.search.logic.places import county_key, fold
from taxlien.services.search.logic.query import RANGES, Filters
from taxlien.services.search.logic.reading import Span

from .tantivy_schema import PART
from .tantivy_text import TextQueries, any_of


class QueryBuilder:
    """Builds queries for one state of an index."""

    def __init__(self, schema: Schema, searcher: Searcher) -> None:
        self._schema = schema
        self.texts = TextQueries(schema, searcher)

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

    def filters(self, filters: Filters, counties: Sequence[str]) -> list[Query]:
        """Return one query per filter that is set. ``counties`` are the values that its counties mean."""
        chosen: list[tuple[str, Sequence[str]]] = [
            ("state", filters.states),
            ("status", filters.statuses),
            ("kind", filters.kinds),
            ("property_type", filters.property_types),
            ("property_class", filters.classes),
            ("flags", filters.flags),
            *(("not_flags", (flag,)) for flag in filters.not_flags),
        ]
        if filters.homestead is not None:
            chosen.append(("flags" if filters.homestead else "not_flags", ("homestead",)))
        if filters.counties:
            chosen.append(("county", counties))
        built = [
            self.any_term(field, values)
            for field, values in chosen
            if values or (field == "county" and filters.counties)
        ]
        if filters.years:
            years = [self._range("year", Span(y, y)) for y in filters.years]
            built.append(Query.boolean_query([(Occur.Should, y) for y in years]))
        spans = [(name, getattr(filters, name)) for name in (*RANGES, "auction_day", "redeem_day")]
        built += [self._range(field, span) for field, span in spans if span is not None]
        return built

    def any_term(self, field: str, values: Sequence[str]) -> Query:
        """Return liens with any of these words in ``field``."""
        if not values:
            return Query.empty_query()
        if len(values) == 1:
            return self.term(field, values[0])
        return Query.term_set_query(self._schema, field, list(values))

    def led_by(self, field: str, values: Sequence[str]) -> Query:
        """Return what ``any_term`` does, to be gone through rather than looked into.

        ``any_term`` reads every lien with a word before the first one is asked for: good where another
        clause leads, 0.14 ms too much where few liens have any of these.
        """
        return any_of([self.term(field, value) for value in values])

    def any_spot(self, spots: Sequence[int]) -> Query:
        """Return liens at any of these spots."""
        return Query.term_set_query(self._schema, "spot", list(spots))

    def between(self, field: str, low: int | None, high: int | None) -> Query:
        """Return liens whose number in ``field`` is known and within both bounds; one may be open."""
        return Query.range_query(self._schema, field, FieldType.Integer, low, high)

    def _range(self, field: str, span: Span) -> Query:
        return self.between(field, span.low, span.high)

    @staticmethod
    def _all(queries: Sequence[Query]) -> Query:
        if len(queries) == 1:
            return queries[0]
        return Query.boolean_query([(Occur.Must, query) for query in queries])


class CountyNames:
    """The counties of an index, by FIPS code and by name."""

    def __init__(self, counties: Iterable[str]) -> None:
        """``counties`` are all values of the county field."""
        self._meant: dict[str, list[str]] = {}
        for value in counties:
            _, fips, name = value.split("|", 2)
            for key in (fips, county_key(name)):
                self._meant.setdefault(key, []).append(value)

    def meant_by(self, wanted: Sequence[str]) -> list[str]:
        """Return the county values that a FIPS code or a name in ``wanted`` means, in any state.

        "Baltimore" means the county and the city of that name, "Baltimore County" the county alone.
        """
        keys: list[str] = []
        for text in wanted:
            key = text if text.isdigit() else county_key(text)
            keys.append(key)
            if key == fold(text):
                keys.append(f"{key} city")
        found = (value for key in keys for value in self._meant.get(key, ()))
        return list(dict.fromkeys(found))
