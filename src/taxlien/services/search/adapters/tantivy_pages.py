"""One page of what a query finds, in an order that every process and every state of the index agrees on.

A column that is sorted by has a second one, of ``order_value``: value and beginning of the id in one
number, so that one ordered search settles equal values too. Where even those numbers are alike, across
the edge of a page, the few liens that have them are asked for by id.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from tantivy import DocAddress, Occur, Order, Query, Searcher

from taxlien.services.search.logic.ordering import Key, order_value, plain_value
from taxlien.services.search.logic.query import RELEVANCE, SearchQuery

from .tantivy_query import QueryBuilder
from .tantivy_schema import ID_COLUMN, ORDER_COLUMNS

_MAX = 2**63 - 1


class Page(NamedTuple):
    """Liens in order, how many the query finds in all, and the key of the last where more follow."""

    addresses: list[DocAddress]
    total: int
    last: Key | None = None


class _Row(NamedTuple):
    """A lien in its order; ``at`` is its order value, None where its value is unknown."""

    at: int | None
    low: int
    address: DocAddress

    @property
    def key(self) -> Key:
        return Key(None if self.at is None else plain_value(self.at), self.low)


def find_page(
    searcher: Searcher,
    builder: QueryBuilder,
    asked: SearchQuery,
    query: Query,
    *,
    total: int | None = None,
) -> Page:
    """Return the page of ``query`` that ``asked`` wants: after its key, or from its offset on.

    A page after a key does not count anew where ``total`` is known.
    """
    if asked.sort == RELEVANCE and asked.text:
        found = searcher.search(query, asked.limit, offset=asked.offset)
        return Page([address for _, address in found.hits], _count(found))
    name, _, way = asked.sort.rpartition("_")
    ordered = _Ordered(searcher, builder, query, ORDER_COLUMNS.get(name), rising=way == "asc")
    if asked.after is None:
        rows, total = ordered.from_offset(asked.offset, asked.limit + 1)
    else:
        rows = ordered.after(asked.after, asked.limit + 1)
        total = ordered.count(query) if total is None else total
    shown = rows[: asked.limit]
    return Page(
        [row.address for row in shown],
        total,
        shown[-1].key if len(rows) > len(shown) else None,
    )


class _Ordered:
    """What a query finds, by a column (None: one that nothing has a value in) and then by id."""

    def __init__(
        self,
        searcher: Searcher,
        builder: QueryBuilder,
        query: Query,
        column: str | None,
        *,
        rising: bool,
    ) -> None:
        self._searcher = searcher
        self._range = builder.between
        self._query = query
        self._column = column
        self._rising = rising
        self._order = Order.Asc if rising else Order.Desc

    def from_offset(self, offset: int, size: int) -> tuple[list[_Row], int]:
        """Return ``size`` liens after the first ``offset``, and how many there are in all."""
        if self._column is None:
            return self._unknown(size, offset=offset)
        # One more on both sides tells whether values are alike across an edge.
        before = min(offset, 1)
        found = self._searcher.search(
            self._query,
            size + before + 1,
            offset=offset - before,
            order_by_field=self._column,
            order=self._order,
        )
        total = _count(found)
        known = [(at, address) for at, address in found.hits if at is not None]
        rows = self._settled(known[before:], size)
        if before and len(known) > 1 and known[0][0] == known[1][0]:
            rows = self._repeated(known[1][0], offset, rows, size)
        if len(rows) < size and len(known) < len(found.hits):
            skipped = 0 if rows or len(known) == before else offset - self._known()
            rows += self._unknown(size - len(rows), offset=skipped)[0]
        return rows, total

    def after(self, key: Key, size: int) -> list[_Row]:
        """Return ``size`` liens after ``key``, whether or not its lien is still there."""
        if self._column is None or key.value is None:
            return self._unknown(size, after=key.low)[0]
        at = order_value(key.value, key.low)
        known = self._known_hits(self._column_range(at, inclusive=True), size + 2)
        alike = sum(1 for value, _ in known if value == at)
        if alike > 1:
            rows = self._alike(at, size, after=key.low)
            if len(rows) < size:
                more = self._known_hits(self._column_range(at, inclusive=False), size + 1)
                rows += self._settled(more, size - len(rows))
        else:
            rows = self._settled(known, size + 1)
            if rows and rows[0].at == at and not self._beyond(rows[0].low, key.low):
                rows = rows[1:]
            rows = rows[:size]
        if len(rows) < size:
            rows += self._unknown(size - len(rows))[0]
        return rows

    def count(self, query: Query) -> int:
        """Return how many liens ``query`` finds."""
        return _count(self._searcher.search(Query.const_score_query(query, 0.0), 1))

    def _known(self) -> int:
        exists = Query.exists_query(str(self._column))
        return self.count(_all(self._query, exists))

    def _known_hits(self, narrowed: Query, size: int) -> list[tuple[int, DocAddress]]:
        hits: list[tuple[int, DocAddress]] = self._searcher.search(
            _all(self._query, narrowed),
            size,
            count=False,
            order_by_field=self._column,
            order=self._order,
        ).hits
        return hits

    def _settled(self, hits: Sequence[tuple[int, DocAddress]], size: int) -> list[_Row]:
        """Return the first ``size`` of ``hits`` by value and id; one more is given, where there is one."""
        rows: list[_Row] = []
        lows = self._lows([address for _, address in hits])
        found = [_Row(at, low, address) for (at, address), low in zip(hits, lows, strict=True)]
        for at, group in groupby(found, key=lambda row: row.at):
            if len(rows) >= size:
                break
            alike = list(group)
            if len(alike) > 1 and len(hits) > size and at == hits[-1][0]:
                alike = self._alike(at, size - len(rows))
            rows += sorted(alike, key=lambda row: row.low, reverse=not self._rising)
        return rows[:size]

    def _repeated(self, at: int, offset: int, rows: list[_Row], size: int) -> list[_Row]:
        """Return the page at ``offset`` again, which begins amid liens that share the value ``at``."""
        first = self.count(_all(self._query, self._column_range(at, inclusive=False, back=True)))
        alike = self._alike(at, size, offset=offset - first)
        return [*alike, *(row for row in rows if row.at != at)][:size]

    def _alike(
        self, at: int | None, size: int, *, offset: int = 0, after: int | None = None
    ) -> list[_Row]:
        """Return the liens that share an order value, by id."""
        same = self._range(str(self._column), at, at)
        return self._by_id(_all(self._query, same), at, size, offset, after)[0]

    def _unknown(
        self, size: int, *, offset: int = 0, after: int | None = None
    ) -> tuple[list[_Row], int]:
        """Return the liens without a value, by id, and how many there are."""
        query = self._query
        if self._column is not None:
            exists = Query.exists_query(self._column)
            query = Query.boolean_query([(Occur.Must, query), (Occur.MustNot, exists)])
        return self._by_id(query, None, size, offset, after)

    def _by_id(
        self, query: Query, at: int | None, size: int, offset: int, after: int | None
    ) -> tuple[list[_Row], int]:
        if after is not None:
            query = _all(query, self._beyond_range(ID_COLUMN, after))
        found = self._searcher.search(
            query, size, offset=offset, order_by_field=ID_COLUMN, order=self._order
        )
        return [_Row(at, low, address) for low, address in found.hits], _count(found)

    def _lows(self, addresses: list[DocAddress]) -> list[int]:
        lows: list[int] = self._searcher.fast_field_values(ID_COLUMN, addresses)  # type: ignore[assignment]
        return lows

    def _beyond(self, low: int, other: int) -> bool:
        return low > other if self._rising else low < other

    def _column_range(self, at: int, *, inclusive: bool, back: bool = False) -> Query:
        """Return liens with values from ``at`` on; with ``back`` those up to it."""
        column = str(self._column)
        if inclusive:
            return self._range(column, *((at, None) if self._rising != back else (None, at)))
        return self._beyond_range(column, at, back=back)

    def _beyond_range(self, column: str, at: int, *, back: bool = False) -> Query:
        if self._rising != back:
            return self._range(column, at + 1, None) if at < _MAX else Query.empty_query()
        return self._range(column, None, at - 1) if at > -_MAX - 1 else Query.empty_query()


def _all(*queries: Query) -> Query:
    return Query.boolean_query([(Occur.Must, query) for query in queries])


def _count(found: object) -> int:
    count: int = found.count  # type: ignore[attr-defined]
    return count
