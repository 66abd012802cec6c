"""Pages of very many liens without going through all of them: by the words of their steps.

Who asks for the best yields of a state wants twenty of its 250,000 liens. Their steps, counted, tell which of
them hold the first twenty, and that there are more liens in all than are counted exactly.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from tantivy import Query, Searcher

from taxlien.services.search.logic.paging import MAX_TOTAL
from taxlien.services.search.logic.query import Filters, SearchQuery
from taxlien.services.search.logic.reading import Span
from taxlien.services.search.logic.steps import DIGITS, step_of, step_word, words_begin

from .tantivy_pages import Page, find_page
from .tantivy_query import QueryBuilder
from .tantivy_text import any_of

_FIELD = "step"
_MOST_PLACES = 8
_MOST_TABLES = 500
_TIMES_MORE = 8  # liens than before, where those did not fill a page


class Table:
    """Steps of one number in one place, rising, and how many liens each has."""

    def __init__(self, liens: Iterable[tuple[int, int]]) -> None:
        known = sorted(liens)
        self.steps = [step for step, _ in known]
        self.liens = [count for _, count in known]
        self._before = [0, *accumulate(self.liens)]

    def held(self, name: str, span: Span) -> tuple[range, range]:
        """Return which steps lie within ``span`` for certain, and which may hold any number of it."""
        low, high = 0, len(self.steps)
        first, last = low, high
        if span.low is not None:
            step = step_of(name, span.low)
            low, first = bisect_left(self.steps, step), bisect_right(self.steps, step)
        if span.high is not None:
            step = step_of(name, span.high)
            high, last = bisect_right(self.steps, step), bisect_left(self.steps, step)
        return range(first, max(first, last)), range(low, high)

    def count(self, steps: range) -> int:
        """Return how many liens these steps have."""
        return self._before[steps.stop] - self._before[steps.start]


class Steps:
    """Answers what is asked of places, prices and their order over one unchanging state of an index."""

    def __init__(
        self, searcher: Searcher, builder: QueryBuilder, *, counted: int = MAX_TOTAL
    ) -> None:
        """``counted`` is how many liens a total must be exact for."""
        self._searcher = searcher
        self._builder = builder
        self._counted = counted
        self._tables: dict[tuple[str, str], Table] = {}
        self._states = dict(searcher.terms_with_prefix("state", ""))
        self._deleted = sum(self._states.values()) - searcher.num_docs

    def page(self, asked: SearchQuery, counties: Sequence[str]) -> Page | None:
        """Return the page that ``asked`` wants; None where steps are of no use and all must be read.

        ``counties`` are the values of the county field that are asked for. A total beyond ``counted``
        says only that there are more.
        """
        wanted, name = asked.filters, asked.sort.rpartition("_")[0]
        plain = Filters(states=wanted.states, counties=wanted.counties, price=wanted.price)
        if asked.text or name not in DIGITS or wanted != plain:
            return None
        if wanted.counties:
            inside = [c for c in counties if not wanted.states or c[:2] in wanted.states]
            places = tuple(county[3:8] for county in inside)
            liens = sum(self._searcher.doc_freq("county", county) for county in inside)
        else:
            places = tuple(state for state in wanted.states if state in self._states)
            liens = sum(self._states[state] for state in places or self._states)
            places = places if wanted.states else ("",)
        if not 0 < len(places) <= _MOST_PLACES or liens <= self._counted:
            return None
        if wanted.price is None:
            return self._first(asked, places, Span(), liens, 1.0)
        return self._priced(asked, places, wanted.price, liens)

    def _priced(
        self, asked: SearchQuery, places: Sequence[str], price: Span, liens: int
    ) -> Page | None:
        surely = perhaps = 0
        for place in places:
            table = self._table("price", place)
            inside, all_of_them = table.held("price", price)
            surely += table.count(inside)
            perhaps += table.count(all_of_them)
        if surely - self._deleted > self._counted:
            return self._first(asked, places, price, surely, surely / liens)
        if perhaps <= liens / 2:
            return find_page(self._searcher, self._builder, asked, self._of_price(places, price))
        return None

    def _first(
        self, asked: SearchQuery, places: Sequence[str], price: Span, at_least: int, share: float
    ) -> Page | None:
        """Return the page from the first steps in the order asked for; None where they do not fill it.

        ``at_least`` liens are asked for, which are ``share`` of those of the places.
        """
        total = at_least - self._deleted
        if total <= self._counted:
            return None
        name = asked.sort.rpartition("_")[0]
        need = (asked.offset + asked.limit + 2) / share + self._deleted / 2
        words: list[str] = []
        have = 0
        for step, liens in self._from(asked, places, price):
            words += [step_word(name, place, step) for place in places]
            have += liens
            if have > at_least / share / 2:
                break
            if have >= need:
                page = find_page(self._searcher, self._builder, asked, self._of(words, price))
                if page.last:
                    return page._replace(total=total)
                need = have * _TIMES_MORE
        return None

    def _of(self, words: Sequence[str], price: Span) -> Query:
        """Return the liens of these steps that have a price."""
        must = [self._builder.led_by(_FIELD, words)]
        if price != Span():
            must.append(self._builder.between("price", price.low, price.high))
        return self._builder.restrict(None, must)

    def _from(
        self, asked: SearchQuery, places: Sequence[str], price: Span
    ) -> Iterator[tuple[int, int]]:
        """Yield steps and their liens, in order, from where the page begins."""
        name, _, way = asked.sort.rpartition("_")
        steps: dict[int, int] = {}
        for place in places:
            table = self._table(name, place)
            some = table.held(name, price)[1] if name == "price" else range(len(table.steps))
            for at in some:
                steps[table.steps[at]] = steps.get(table.steps[at], 0) + table.liens[at]
        begin = None
        if asked.after is not None:
            if asked.after.value is None:
                return
            begin = step_of(name, asked.after.value)
        for step in sorted(steps, reverse=way == "desc"):
            if begin is None or (step <= begin if way == "desc" else step >= begin):
                yield step, steps[step]

    def _of_price(self, places: Sequence[str], price: Span) -> Query:
        """Return the liens of a price that few have."""
        inside: list[str] = []
        edges: list[str] = []
        for place in places:
            table = self._table("price", place)
            surely, perhaps = table.held("price", price)
            for at in perhaps:
                word = step_word("price", place, table.steps[at])
                (inside if at in surely else edges).append(word)
        bounds = self._builder.between("price", price.low, price.high)
        edge = self._builder.restrict(None, [self._builder.led_by(_FIELD, edges), bounds])
        found = any_of([self._builder.any_term(_FIELD, inside), edge])
        return self._builder.restrict(None, [found])

    def _table(self, name: str, place: str) -> Table:
        """Return how many liens each step of ``name`` has in a place: read once a snapshot."""
        found = self._tables.get((name, place))
        if found is None:
            if len(self._tables) >= _MOST_TABLES:
                self._tables.clear()
            begin = words_begin(name, place)
            words = self._searcher.terms_with_prefix(_FIELD, begin)
            found = Table((int(word[len(begin) :], 16), liens) for word, liens in words)
            self._tables[name, place] = found
        return found
