"""Search on Tantivy: an index in files beside the process, with one writer and many readers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import structlog

from taxlien.services.search.logic.document import LienDocument
from taxlien.services.search.logic.query import Facets, Hits, SearchQuery, Suggestion

from .engine import IndexUnusableError, WriterBusyError
from .tantivy_facets import empty_facets
from .tantivy_files import HeldLock, IndexFiles
from .tantivy_generation import Generation
from .tantivy_reader import TantivyReader
from .tantivy_schema import LAYOUT

_log = structlog.get_logger("taxlien.search")
_COMMIT_EVERY = 50_000
T = TypeVar("T")


class TantivyEngine:
    """The ``SearchEngine`` over Tantivy.

    Searches run where they are called: they take about a millisecond, and handing them to a thread
    was measured to cost a third of that without serving more on two cores. Writes run in a thread,
    one at a time.
    """

    def __init__(
        self, root: Path, *, heap_bytes: int, writer: bool = False, wait: float = 0
    ) -> None:
        """Open the index in ``root``. A writer waits ``wait`` seconds for another one to end.

        Raises ``WriterBusyError`` when it does not, ``IndexUnusableError`` where files refuse.
        """
        self._files = IndexFiles(root, LAYOUT)
        self._heap_bytes = heap_bytes
        self._reader = TantivyReader(self._files)
        self._turn = threading.Lock()
        self._lock: HeldLock | None = None
        self._live: Generation | None = None
        self._live_name = ""
        self._next: Generation | None = None
        self._next_name = ""
        self._tidy = True
        if writer:
            self._lock = self._files.lock_writer()
            try:
                self._open_live()
            except BaseException:
                self._lock.release()
                raise

    def _open_live(self) -> None:
        """Open the generation that serves; where there is none that can be read, start an empty one."""
        name = self._files.current()
        if name is not None:
            try:
                self._live, self._live_name = self._open(name), name
            except (OSError, ValueError) as error:
                _log.error("index_damaged", path=str(self._files.folder(name)), error=str(error))
        if self._live is None:
            name = self._create()
            self._live, self._live_name = self._open(name), name
            self._files.set_incomplete(True)
            self._files.let_serve(name)
        self._tidy = self._files.sweep()

    def _open(self, name: str) -> Generation:
        return Generation(self._files.folder(name), self._heap_bytes)

    def _create(self) -> str:
        try:
            return self._files.create()
        except OSError as error:
            raise IndexUnusableError(f"cannot write to {self._files.root}: {error}") from error

    @property
    def needs_rebuild(self) -> bool:
        """Tell whether the index was started empty and not filled by a rebuild yet."""
        return self._files.incomplete

    async def search(self, query: SearchQuery) -> Hits:
        """Answer ``query``; before there is an index, with nothing."""
        snapshot = self._reader.snapshot()
        if snapshot is None:
            return Hits(items=[], total=0, facets=empty_facets() if query.facets else {})
        return snapshot.search(query)

    def version(self) -> str:
        """Return the name of the state that a search would be answered from now."""
        self._reader.snapshot()
        return self._reader.version

    async def suggest(self, text: str, limit: int) -> list[Suggestion]:
        """Complete the last word of ``text``."""
        snapshot = self._reader.snapshot()
        return snapshot.suggest(text, limit) if snapshot else []

    async def facets(self) -> Facets:
        """Return the values of every facet over the whole index."""
        snapshot = self._reader.snapshot()
        return snapshot.all_facets if snapshot else empty_facets()

    def has_scores(self) -> bool:
        """Tell whether any lien has a risk score."""
        snapshot = self._reader.snapshot()
        return snapshot is not None and snapshot.has_scores

    async def count(self) -> int:
        """Return how many liens can be found."""
        snapshot = self._reader.snapshot()
        return snapshot.count if snapshot else 0

    async def versions(self, lien_ids: Iterable[UUID]) -> Mapping[UUID, int]:
        """Return the version the index has of each lien it knows, committed or not."""
        wanted = list(lien_ids)
        found = await self._write(lambda: self._writer().versions(wanted))
        return {lien_id: version for lien_id, version in found.items() if version > 0}

    async def upsert(self, documents: Sequence[LienDocument]) -> int:
        """Put each document in place of an older version of its lien; returns how many were newer."""

        def put() -> int:
            applied = self._writer().upsert(documents)
            if self._next is not None:
                self._next.upsert(self._writer().remembering(documents))
            return applied

        return await self._write(put)

    async def rescore(self, scores: Mapping[UUID, int | None]) -> Mapping[UUID, LienDocument]:
        """Give liens other risk scores, also in an index that is being built; returns what was written."""

        def put() -> Mapping[UUID, LienDocument]:
            written = self._writer().rescore(scores)
            if self._next is not None:
                self._next.rescore(scores)
            return written

        return await self._write(put)

    async def documents(self, lien_ids: Sequence[UUID]) -> Mapping[UUID, LienDocument]:
        """Return what is committed of liens, by id; one that is not there is left out."""
        wanted = list(lien_ids)
        return await self._write(lambda: self._writer().documents(wanted))

    async def delete(self, lien_ids: Iterable[UUID]) -> None:
        """Remove liens, known or not."""
        wanted = list(lien_ids)

        def remove() -> None:
            self._writer().delete(wanted)
            if self._next is not None:
                self._next.delete(wanted)

        await self._write(remove)

    async def commit(self) -> None:
        """Make everything written durable and visible."""

        def finish() -> None:
            self._writer().commit()
            self._reader.refresh()
            if not self._tidy and self._next is None:
                self._tidy = self._files.sweep()

        await self._write(finish)

    async def begin_rebuild(self) -> None:
        """Start an empty index beside the one that serves."""

        def begin() -> None:
            self._writer()
            self._drop_next()
            name = self._create()
            self._next, self._next_name = self._open(name), name

        await self._write(begin)

    async def add_to_rebuild(self, documents: Sequence[LienDocument]) -> int:
        """Put documents into the index being built only; a newer live version wins."""

        def add() -> int:
            building = self._building()
            applied = building.upsert(documents)
            if building.uncommitted >= _COMMIT_EVERY:
                building.commit()
            return applied

        return await self._write(add)

    async def swap(self) -> None:
        """Commit the index being built and let it serve."""

        def change() -> None:
            building = self._building()
            building.commit()
            self._files.let_serve(self._next_name)
            old, self._live, self._live_name = self._live, building, self._next_name
            self._next, self._next_name = None, ""
            self._files.set_incomplete(False)
            self._reader.refresh()
            if old is not None:
                _close(old)
            self._tidy = self._files.sweep()

        await self._write(change)

    async def abort(self) -> None:
        """Drop the index being built, if there is one."""
        await self._write(self._drop_next)

    async def close(self) -> None:
        """Let go of files and locks; what was not committed is lost."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        with self._turn:
            for generation in (self._live, self._next):
                if generation is not None:
                    _close(generation)
            self._live = self._next = None
            self._reader.close()
            if self._lock is not None:
                self._lock.release()
                self._lock = None

    def _writer(self) -> Generation:
        if self._lock is None:
            raise WriterBusyError("this engine was opened to read")
        if self._live is None:
            self._open_live()
        if self._live is None:
            raise IndexUnusableError(f"the index in {self._files.root} cannot be opened")
        return self._live

    def _building(self) -> Generation:
        self._writer()
        if self._next is None:
            raise IndexUnusableError("no rebuild is under way")
        return self._next

    def _drop_next(self) -> None:
        if self._next is not None:
            _close(self._next)
            self._next, self._next_name = None, ""
        self._tidy = self._files.sweep()

    async def _write(self, work: Callable[[], T]) -> T:
        return await asyncio.to_thread(self._take_turn, work)

    def _take_turn(self, work: Callable[[], T]) -> T:
        """Do ``work`` alone. After a failure the writers are opened anew: Tantivy's may be spent."""
        with self._turn:
            try:
                return work()
            except (WriterBusyError, IndexUnusableError):
                raise
            except (OSError, ValueError) as error:
                for generation in (self._live, self._next):
                    if generation is not None:
                        _close(generation)
                self._live = self._next = None
                root = self._files.root
                raise IndexUnusableError(f"writing the index in {root} failed: {error}") from error


def _close(generation: Generation) -> None:
    """Close a writer whose state no longer matters."""
    with suppress(OSError, ValueError):
        generation.close()
