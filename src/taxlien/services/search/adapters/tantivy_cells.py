"""The liens of cells: kept by cell for one state of an index, or read for one query."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from tantivy import DocAddress, Occur, Query, Searcher

from taxlien.services.search.logic.cells import LEVELS
from taxlien.services.search.logic.geography import Circle
from taxlien.services.search.logic.spots import Numbers, Vectors, held_by, vectors_of

from .tantivy_query import QueryBuilder
from .tantivy_schema import ID_COLUMN, ORDER_COLUMNS

FIELD = "cell"
MOST_KEPT = 1_000_000
"""Liens whose places one process keeps, 40 bytes each and 8 for each column that boxes ask for."""

_DOC_BITS = 32
"""Bits of an address that count a lien within its segment; those above count the segment."""

_FEW_MISSING = 8
_MOST_NAMES = 50_000


class Liens(NamedTuple):
    """Liens somewhere: spots, their vectors, and where the index has them."""

    spots: Numbers
    vectors: Vectors
    addresses: Numbers

    def within(self, circle: Circle) -> list[tuple[int, DocAddress]]:
        """Return spot and address of those that ``circle`` holds."""
        held = held_by(circle, self.spots, self.vectors)
        return list(zip(self.spots[held].tolist(), addresses_of(self.addresses[held]), strict=True))

    def count_within(self, circle: Circle) -> int:
        """Return how many ``circle`` holds."""
        return int(np.count_nonzero(held_by(circle, self.spots, self.vectors)))


class CellLiens(Protocol):
    """Counts and reads liens in cells that do not overlap."""

    finest: int
    """The finest level of cells worth asking for."""

    def count(self, cells: Sequence[str]) -> int:
        """Return how many liens there are in these cells."""
        ...

    def read(self, cells: Sequence[str]) -> Liens:
        """Return the liens in these cells, in no order."""
        ...


class KeptCells:
    """All liens of an index. A cell that was read or counted is not again: the state does not change."""

    finest = LEVELS[3]  # three by five miles: of finer ones there are too many to keep

    def __init__(self, searcher: Searcher, builder: QueryBuilder, most: int = MOST_KEPT) -> None:
        self._searcher = searcher
        self._builder = builder
        self._most = most
        self._counts: dict[str, int] = {}
        self._liens: dict[str, Liens] = {}
        self._columns: dict[tuple[str, str], Numbers] = {}
        self._empty: set[str] = set()
        self._asked: set[str] = set()
        self.held = 0
        """How many liens are kept."""

    def count(self, cells: Sequence[str]) -> int:
        """Return how many liens there are in these cells."""
        return sum([self._count(cell) for cell in cells])

    def read(self, cells: Sequence[str]) -> Liens:
        """Return the liens in these cells, in no order."""
        return _together([self._of(cell) for cell in cells])

    def worth_reading(self, cells: Sequence[str], most: int) -> bool:
        """Tell whether to read these cells pays: they have at most about ``most`` liens (deleted ones
        with them), and nearly all are kept already, or were asked for before.

        To read a cell costs more than to search it once: a state that is gone in a moment is searched.
        """
        liens, missing = 0, []
        for cell in cells:
            kept = self._liens.get(cell)
            if kept is not None:
                liens += len(kept.spots)
            elif cell not in self._empty and (waiting := self._frequency(cell)):
                liens += waiting
                missing.append(cell)
        if liens > most:
            return False
        if len(missing) <= _FEW_MISSING or self._asked.issuperset(missing):
            return True
        if len(self._asked) >= _MOST_NAMES:
            self._asked.clear()
        self._asked.update(missing)
        return False

    def columns(self, cells: Sequence[str], names: Sequence[str], *, unknown: int) -> list[Numbers]:
        """Return spot, address and the values of ``names`` of the liens in these cells, in no order."""
        parts = [(cell, self._of(cell)) for cell in cells if cell not in self._empty]
        parts = [(cell, liens) for cell, liens in parts if len(liens.spots)]
        if not parts:
            return [_NONE.spots] * (2 + len(names))
        return [
            np.concatenate([liens.spots for _, liens in parts]),
            np.concatenate([liens.addresses for _, liens in parts]),
            *(
                np.concatenate([self._column(name, *part, unknown) for part in parts])
                for name in names
            ),
        ]

    def _column(self, name: str, cell: str, liens: Liens, unknown: int) -> Numbers:
        found = self._columns.get((cell, name))
        if found is None:
            values = self._searcher.fast_field_values(name, addresses_of(liens.addresses))
            found = np.array([unknown if v is None else v for v in values], np.int64)
            if cell in self._liens:  # it may be one too many to be kept
                self._columns[cell, name] = found
        return found

    def _frequency(self, cell: str) -> int:
        """Return how many liens the index counts in a cell; remember those without any."""
        found: int = self._searcher.doc_freq(FIELD, cell)
        if not found:
            if len(self._empty) >= _MOST_NAMES:
                self._empty.clear()
            self._empty.add(cell)
        return found

    def _count(self, cell: str) -> int:
        found = self._counts.get(cell)
        if found is None:
            if not self._searcher.doc_freq(FIELD, cell):
                return 0  # not kept: the sea has more cells than there are liens
            query = self._builder.term(FIELD, cell)
            found = self._counts[cell] = count_of(self._searcher, query)
        return found

    def _of(self, cell: str) -> Liens:
        found = self._liens.get(cell)
        if found is None:
            most = self._searcher.doc_freq(FIELD, cell)
            if not most:
                return _NONE
            query = self._builder.term(FIELD, cell)
            found = self._liens[cell] = _liens(hits_of(self._searcher, query, most))
            self.held += len(found.spots)
            while self.held > self._most:
                oldest = next(iter(self._liens))
                self.held -= len(self._liens.pop(oldest).spots)
                for name in (*ORDER_COLUMNS.values(), ID_COLUMN):
                    self._columns.pop((oldest, name), None)
        return found


class QueryCells:
    """The liens that a query finds, for one page: what is counted on the edge is often the page itself."""

    finest = LEVELS[-1]

    def __init__(self, searcher: Searcher, builder: QueryBuilder, query: Query) -> None:
        self._searcher = searcher
        self._builder = builder
        self._query = query
        self._known: dict[tuple[str, ...], Liens] = {}

    def count(self, cells: Sequence[str]) -> int:
        """Return how many liens there are in these cells."""
        found, most = any_cell(self._searcher, self._builder, cells)
        return count_of(self._searcher, self._where(found)) if most else 0

    def read(self, cells: Sequence[str]) -> Liens:
        """Return the liens in these cells, in no order."""
        known = self._known.get(tuple(cells))
        if known is None:
            found, most = any_cell(self._searcher, self._builder, cells)
            hits = hits_of(self._searcher, self._where(found), most) if most else []
            known = self._known[tuple(cells)] = _liens(hits)
        return known

    def _where(self, found: Query) -> Query:
        return self._builder.restrict(self._query, [found])


def any_cell(searcher: Searcher, builder: QueryBuilder, cells: Iterable[str]) -> tuple[Query, int]:
    """Return liens in any of these cells, and how many there are at most."""
    known = {cell: liens for cell in cells if (liens := searcher.doc_freq(FIELD, cell))}
    return either([builder.term(FIELD, cell) for cell in known]), sum(known.values())


def hits_of(searcher: Searcher, query: Query, most: int) -> list[tuple[int, DocAddress]]:
    """Return spot and address of all that ``query`` finds, at most ``most``."""
    hits: list[tuple[int, DocAddress]] = searcher.search(
        query, max(most, 1), count=False, order_by_field="spot"
    ).hits
    return hits


def count_of(searcher: Searcher, query: Query) -> int:
    """Return how many liens ``query`` finds."""
    found = searcher.search(Query.const_score_query(query, 0.0), 1)
    count: int = found.count  # type: ignore[attr-defined]
    return count


def either(queries: Sequence[Query]) -> Query:
    """Return what any of ``queries`` finds."""
    if not queries:
        return Query.empty_query()
    if len(queries) == 1:
        return queries[0]
    return Query.boolean_query([(Occur.Should, query) for query in queries])


def _liens(hits: Sequence[tuple[int, DocAddress]]) -> Liens:
    spots = np.array([spot for spot, _ in hits], np.int64)
    addresses = [at.segment_ord << _DOC_BITS | at.doc for _, at in hits]
    return Liens(spots, vectors_of(spots), np.array(addresses, np.int64))


def addresses_of(numbers: Numbers) -> list[DocAddress]:
    """Return addresses in the index that were kept as numbers."""
    return [DocAddress(at >> _DOC_BITS, at & (1 << _DOC_BITS) - 1) for at in numbers.tolist()]


def _together(parts: Sequence[Liens]) -> Liens:
    parts = [part for part in parts if len(part.spots)]
    if len(parts) < 2:
        return parts[0] if parts else _NONE
    spots, vectors, addresses = zip(*parts, strict=True)
    return Liens(np.concatenate(spots), np.concatenate(vectors, axis=1), np.concatenate(addresses))


_NONE = _liens(())
