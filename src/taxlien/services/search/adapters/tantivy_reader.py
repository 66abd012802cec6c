"""Searching a Tantivy index that another process may be writing, following whichever generation serves."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from functools import cached_property

import msgspec
import structlog
from tantivy import DocAddress, Index, Query, Searcher

from taxlien.kit.ids import new_id
from taxlien.services.search.logic.geography import Circle
from taxlien.services.search.logic.paging import question_of
from taxlien.services.search.logic.query import (
    DISTANCE_SORTS,
    RELEVANCE,
    Facets,
    Filters,
    Hits,
    SearchQuery,
    Suggestion,
)
from taxlien.services.search.logic.spelling import (
    corrections,
    may_widen,
    rewritten,
    typos_forgiven,
)
from taxlien.services.search.logic.words import Word, read_words

from .tantivy_facets import ALL_VALUES, OF_A_SEARCH, count_facets, shortened
from .tantivy_files import HeldLock, IndexFiles
from .tantivy_pages import Page, find_page
from .tantivy_places import Places
from .tantivy_query import CountyNames, QueryBuilder
from .tantivy_steps import Steps
from .tantivy_suggest import Suggester, words_of_item
from .tantivy_vocabulary import KeptVocabulary

_log = structlog.get_logger("taxlien.search")

REFRESH_SECONDS = 0.2
_LIENS_TO_LEARN_FROM = 30
_MOST_TOTALS = 10_000
_MOST_ITEMS = 10_000
"""JSON of liens that one process keeps: about ten megabytes."""


class Snapshot:
    """One unchanging state of one generation: every search of it agrees with every other."""

    def __init__(
        self, searcher: Searcher, builder: QueryBuilder, vocabulary: KeptVocabulary
    ) -> None:
        self._searcher = searcher
        self._builder = builder
        self._vocabulary = vocabulary
        self._totals: dict[tuple[bytes, bool], int] = {}
        self._items: OrderedDict[tuple[int, int], bytes] = OrderedDict()

    @cached_property
    def all_facets(self) -> Facets:
        """Counts over everything, computed once."""
        return count_facets(self._searcher, Query.all_query(), ALL_VALUES)

    @cached_property
    def _counties(self) -> CountyNames:
        return CountyNames(value for value, _ in self._searcher.terms_with_prefix("county", ""))

    @cached_property
    def _steps(self) -> Steps:
        return Steps(self._searcher, self._builder)

    @cached_property
    def _places(self) -> Places:
        return Places(self._searcher, self._builder)

    @cached_property
    def has_scores(self) -> bool:
        """Tell whether any lien has a risk score."""
        some = Query.const_score_query(Query.exists_query("score"), 0.0)
        return bool(self._searcher.search(some, 1, count=False).hits)

    @property
    def count(self) -> int:
        """How many liens there are."""
        return self._searcher.num_docs

    def search(self, asked: SearchQuery) -> Hits:
        """Answer ``asked``."""
        boxed = self._places.in_box(asked) if asked.filters.area is not None else None
        if boxed is not None:
            return self._shown(boxed)
        wanted = asked.filters.counties
        counties = self._counties.meant_by(wanted) if wanted else []
        restrictions = self._builder.filters(asked.filters, counties)
        if asked.filters.area is not None and not _by_distance_alone(asked):
            restrictions.append(self._places.within(asked.filters.area))
        pieces = read_words(asked.text) if asked.text else []
        ranked = asked.sort == RELEVANCE
        text = self._builder.texts.text(pieces, ranked=ranked) if asked.text else None
        query = self._builder.restrict(text, restrictions)
        found = self._steps.page(asked, counties) or self._page(asked, query)
        exact, better = found.total, None
        near = may_widen(pieces, exact)
        if near:
            text = self._builder.texts.text(pieces, near=True, ranked=ranked)
            query = self._builder.restrict(text, restrictions)
            found = self._page(asked, query, near=True)
            better = self._did_you_mean(asked, pieces, found, restrictions, exact)
        return Hits(
            items=[msgspec.Raw(self._item(address)) for address in found.addresses],
            total=found.total,
            facets=self._facets_of(asked, query),
            near_matches=near,
            did_you_mean=better,
            last=found.last,
        )

    def _shown(self, page: Page) -> Hits:
        items = [msgspec.Raw(self._item(address)) for address in page.addresses]
        return Hits(items=items, total=page.total, facets={}, last=page.last)

    def _did_you_mean(
        self,
        asked: SearchQuery,
        pieces: Sequence[Sequence[Word]],
        near: Page,
        restrictions: Sequence[Query],
        exact: int,
    ) -> str | None:
        """Return the text with unknown words put right by the hits that nearly match, if that finds more."""
        words = [word for piece in pieces for word in piece]
        unknown = [w for w in words if typos_forgiven(w.written) and self._builder.texts.unknown(w)]
        if not unknown:
            return None
        some = near.addresses[:_LIENS_TO_LEARN_FROM]
        seen = {word for address in some for word in words_of_item(self._item(address))}
        better = corrections(unknown, seen, self._builder.texts.liens_with)
        if not better:
            return None
        right = rewritten(asked.text, better)
        query = self._builder.restrict(
            self._builder.texts.text(read_words(right), ranked=False), restrictions
        )
        found: int = self._searcher.search(query, 1).count  # type: ignore[attr-defined]
        return right if found > exact else None

    def _page(self, asked: SearchQuery, query: Query, *, near: bool = False) -> Page:
        if asked.after is None:
            return self._cut(asked, query, None)
        # Who goes on by cursor goes on often, and to count all anew costs as much as the page.
        key = (question_of(asked), near)
        page = self._cut(asked, query, self._totals.get(key))
        if len(self._totals) < _MOST_TOTALS:
            self._totals[key] = page.total
        return page

    def _cut(self, asked: SearchQuery, query: Query, total: int | None) -> Page:
        area = asked.filters.area
        if asked.sort in DISTANCE_SORTS and isinstance(area, Circle):
            every = not asked.text and asked.filters == Filters(area=area)
            return self._places.page(asked, None if every else query, area, total)
        return find_page(self._searcher, self._builder, asked, query, total=total)

    def _facets_of(self, asked: SearchQuery, query: Query) -> Facets:
        if not asked.facets:
            return {}
        if not asked.text and asked.filters == Filters():
            return shortened(self.all_facets, OF_A_SEARCH)
        return count_facets(self._searcher, query, OF_A_SEARCH)

    def _item(self, address: DocAddress) -> bytes:
        """Return the JSON of a lien; those asked for are kept, since the best of a place come often."""
        key = address.segment_ord, address.doc
        found = self._items.get(key)
        if found is None:
            found = bytes(self._searcher.doc(address).get_first("item") or b"null")
            if len(self._items) >= _MOST_ITEMS:
                self._items.popitem(last=False)
            self._items[key] = found
        return found

    def suggest(self, text: str, limit: int) -> list[Suggestion]:
        """Complete ``text``, best first."""
        suggester = Suggester(self._searcher, self._builder, self._vocabulary.of(self._searcher))
        return suggester.suggest(text, limit)


def _by_distance_alone(asked: SearchQuery) -> bool:
    """Tell whether finding by distance, which looks at places itself, is all that is asked."""
    return asked.sort in DISTANCE_SORTS and not asked.text and not asked.facets


class TantivyReader:
    """Gives the newest snapshot, looking for a newer one at most every ``REFRESH_SECONDS``."""

    def __init__(self, files: IndexFiles) -> None:
        self._files = files
        self._vocabulary = KeptVocabulary()
        self._changing = threading.Lock()
        self._checked = float("-inf")
        self._stamp: tuple[int, int] | None = None
        self._meta: tuple[int, int] | None = None
        self._generation: str | None = None
        self._index: Index | None = None
        self._lock: HeldLock | None = None
        self._snapshot: Snapshot | None = None
        self.version = ""
        """Names the state of the last ``snapshot``, the same in every process; empty before the first."""

    def snapshot(self) -> Snapshot | None:
        """Return the state to search now; None before there is an index."""
        if time.monotonic() - self._checked >= REFRESH_SECONDS:
            self.refresh()
        return self._snapshot

    def refresh(self) -> None:
        """Look for a newer state now. One that cannot be read is logged, and the last one kept."""
        with self._changing:
            try:
                self._follow()
            except (OSError, ValueError) as error:
                _log.warning("index_unreadable", path=str(self._files.root), error=str(error))
            self._checked = time.monotonic()

    def _follow(self) -> None:
        stamp = self._files.stamp()
        if stamp != self._stamp or self._index is None:
            generation = self._files.current()
            if generation is None:
                self._drop()
            elif generation != self._generation:
                self._open(generation)
            self._stamp = stamp
        meta = self._meta_stamp()
        if self._index is not None and meta != self._meta:
            self._index.reload()
            self._show(self._index)
            self._meta = meta
            # Written to meanwhile, this state is newer than its name would say: then nobody shares it.
            shared = meta is not None and meta == self._meta_stamp()
            self.version = f"{self._generation}-{meta}" if shared else new_id().hex

    def _open(self, generation: str) -> None:
        lock = self._files.lock_reader(generation)
        try:
            index = Index.open(str(self._files.folder(generation)))
            index.config_reader("Manual")
        except BaseException:
            lock.release()
            raise
        if self._lock:
            self._lock.release()
        self._lock, self._index, self._generation, self._meta = lock, index, generation, None
        self._vocabulary.forget()

    def _show(self, index: Index) -> None:
        searcher = index.searcher()
        builder = QueryBuilder(index.schema, searcher)
        self._snapshot = Snapshot(searcher, builder, self._vocabulary)

    def _meta_stamp(self) -> tuple[int, int] | None:
        if self._generation is None:
            return None
        try:
            found = (self._files.folder(self._generation) / "meta.json").stat()
        except FileNotFoundError:
            return None
        return (found.st_ino, found.st_mtime_ns)

    def _drop(self) -> None:
        if self._lock:
            self._lock.release()
        self._lock = self._index = self._generation = self._meta = self._snapshot = None
        self.version = ""
        self._vocabulary.forget()

    def close(self) -> None:
        """Let go of the files. A later ``snapshot`` opens them again."""
        with self._changing:
            self._drop()
