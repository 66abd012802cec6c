"""Pages of very many liens without going through all of them: by the words of their steps.

Who asks for the best yields of a state wants twenty of its 250,000 liens. Their steps, counted, tell which of
them hold the first twenty, and that there are more liens in all than are counted exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tantivy import Searcher

from taxlien.services.search.logic.paging import MAX_TOTAL
from taxlien.services.search.logic.query import Filters, SearchQuery
from taxlien.services.search.logic.reading import Span
from taxlien.services.search.logic.steps import DIGITS, step_of, step_word, within, words_begin

from .tantivy_pages import Page, find_page
from .tantivy_query import QueryBuilder

_FIELD = "step"
_SPARE = 2  # times as many liens as a page needs: what is asked for is never spread evenly
_MOST_STATES = 8
_NO_SPAN = Span()


class _Scope(NamedTuple):
    """The liens of some places: the names of their steps' scopes, and how many there are at most.

    ``share`` is how many of the scopes' liens lie in the counties asked for, where any are.
    """

    names: tuple[str, ...]
    liens: int
    counties: Sequence[str] = ()
    share: float = 1.0


class Steps:
    """Answers what is asked of places, prices and their order over one unchanging state of an index."""

    def __init__(
        self, searcher: Searcher, builder: QueryBuilder, *, counted: int = MAX_TOTAL
    ) -> None:
        """``counted`` is how many liens a total must be exact for."""
        self._searcher = searcher
        self._builder = builder
        self._counted = counted
        self._tables: dict[tuple[str, str], dict[int, int]] = {}
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
        scope = self._scope(wanted.states, counties if wanted.counties else None)
        if scope is None:
            return None
        price = wanted.price or _NO_SPAN
        priced = sum(self._counts(scope, "price", price, at_most=True)) if wanted.price else 0
        if wanted.price and priced * scope.share <= self._counted:
            few = priced <= scope.liens * scope.share / 2
            return self._all(asked, scope, price) if few else None
        total = self._at_least(scope, wanted.price)
        if total <= self._counted:
            return None
        part = scope.share * (priced / scope.liens if wanted.price else 1.0)
        return self._first(asked, scope, price, part, total)

    def _scope(self, states: Sequence[str], counties: Sequence[str] | None) -> _Scope | None:
        """Return where to look; None where that is nowhere, or in too many states."""
        if counties is None:
            if not states:
                return _Scope(("",), sum(self._states.values()))
            found = tuple(state for state in states if state in self._states)
            liens = sum(self._states[state] for state in found)
            return _Scope(found, liens) if 0 < len(found) <= _MOST_STATES else None
        inside = [county for county in counties if not states or county[:2] in states]
        found = tuple(dict.fromkeys(county[:2] for county in inside))
        liens = sum(self._states[state] for state in found)
        if not 0 < len(found) <= _MOST_STATES:
            return None
        have = sum(self._searcher.doc_freq("county", county) for county in inside)
        return _Scope(found, liens, inside, have / liens)

    def _at_least(self, scope: _Scope, price: Span | None) -> int:
        """Return how many liens there are for certain: deleted ones are still counted in words."""
        if scope.counties:
            have = 0 if price else round(scope.liens * scope.share)
        elif price:
            have = sum(self._counts(scope, "price", price, at_most=False))
        else:
            have = scope.liens
        return have - self._deleted

    def _first(
        self, asked: SearchQuery, scope: _Scope, price: Span, part: float, total: int
    ) -> Page | None:
        """Return the page from the first steps in the order asked for; None where they do not fill it."""
        name, _, way = asked.sort.rpartition("_")
        need = _SPARE * (asked.offset + asked.limit + 2) / part
        words: list[str] = []
        have = 0
        for step, liens in self._from(asked, scope, name, way == "asc"):
            if name == "price" and within(name, step, price) is False:
                continue
            words += [step_word(name, place, step) for place in scope.names]
            have += liens
            if have >= need:
                break
        if not words or have > scope.liens * scope.share / 2:
            return None
        must = [self._builder.any_term(_FIELD, words)]
        if scope.counties:
            must.append(self._builder.any_term("county", scope.counties))
        if asked.filters.price:
            must.append(self._builder.between("price", price.low, price.high))
        page = find_page(self._searcher, self._builder, asked, self._builder.restrict(None, must))
        return page._replace(total=total) if page.last else None

    def _from(
        self, asked: SearchQuery, scope: _Scope, name: str, rising: bool
    ) -> Iterator[tuple[int, int]]:
        """Yield steps and their liens, in order, from where the page begins."""
        steps: dict[int, int] = {}
        for place in scope.names:
            for step, liens in self._table(name, place).items():
                steps[step] = steps.get(step, 0) + liens
        begin = None
        if asked.after is not None:
            if asked.after.value is None:
                return
            begin = step_of(name, asked.after.value)
        for step in sorted(steps, reverse=not rising):
            if begin is None or (step >= begin if rising else step <= begin):
                yield step, steps[step]

    def _all(self, asked: SearchQuery, scope: _Scope, price: Span) -> Page:
        """Return the page from all liens of a price that few have."""
        inside: list[str] = []
        edges: list[str] = []
        for place in scope.names:
            for step in self._table("price", place):
                held = within("price", step, price)
                if held is not False:
                    (inside if held else edges).append(step_word("price", place, step))
        edge = self._builder.restrict(
            None,
            [
                self._builder.any_term(_FIELD, edges),
                self._builder.between("price", price.low, price.high),
            ],
        )
        choices = [self._builder.any_term(_FIELD, inside), edge]
        must = [self._builder.any_of(choices)]
        if scope.counties:
            must.append(self._builder.any_term("county", scope.counties))
        return find_page(self._searcher, self._builder, asked, self._builder.restrict(None, must))

    def _counts(self, scope: _Scope, name: str, span: Span, *, at_most: bool) -> Iterator[int]:
        """Yield the liens of steps that lie within ``span``; with ``at_most`` also those that may."""
        for place in scope.names:
            for step, liens in self._table(name, place).items():
                held = within(name, step, span)
                if held or (at_most and held is None):
                    yield liens

    def _table(self, name: str, scope: str) -> dict[int, int]:
        """Return how many liens each step of ``name`` has in ``scope``: read once a snapshot."""
        found = self._tables.get((name, scope))
        if found is None:
            begin = words_begin(name, scope)
            words = self._searcher.terms_with_prefix(_FIELD, begin)
            found = {int(word[len(begin) :], 16): liens for word, liens in words}
            self._tables[name, scope] = found
        return found
