"""One generation of the index, open for writing: upserts that never go back in version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from tantivy import DocAddress, Index, Query

from taxlien.services.search.logic.document import POINT, LienDocument
from taxlien.services.search.logic.scoring import restored, scored

from .tantivy_schema import build_schema, low_half, register_analyzers, tantivy_json

_MOST_EARLY = 20_000


class _Known(NamedTuple):
    """What the index has of a lien: its version, 0 where it was deleted, and its score."""

    version: int
    score: int | None


class Generation:
    """A Tantivy index and its one writer. Not safe for threads: its owner takes turns.

    The version and score of every lien are known exactly: from what was written since the last commit,
    or else from the committed index. A lien the index has never seen costs one look into its dictionary.
    A score that comes before its lien is kept in memory for it; whoever told it keeps it for good.
    """

    def __init__(self, folder: Path, heap_bytes: int) -> None:
        """Open the index in ``folder``, or begin one there. Raises ``ValueError`` or ``OSError``."""
        self._schema = build_schema()
        self._index = Index(self._schema, path=str(folder), reuse=True)
        register_analyzers(self._index)
        self._index.config_reader("Manual")
        self._writer = self._index.writer(heap_bytes, num_threads=1)
        self._index.reload()
        self._searcher = self._index.searcher()
        self._written: dict[int, _Known] = {}  # by ``UUID.int``: a UUID's own hash is slow
        self._early: dict[int, int | None] = {}

    @property
    def uncommitted(self) -> int:
        """How many liens were written since the last commit."""
        return len(self._written)

    def versions(self, lien_ids: Iterable[UUID]) -> dict[UUID, int]:
        """Return the version of each lien the index has; 0 for one deleted since the last commit."""
        return {lien_id: known.version for lien_id, known in self._known(lien_ids).items()}

    def _known(self, lien_ids: Iterable[UUID]) -> dict[UUID, _Known]:
        found: dict[UUID, _Known] = {}
        committed: list[UUID] = []
        for lien_id in lien_ids:
            written = self._written.get(lien_id.int)
            if written is not None:
                found[lien_id] = written
            elif self._searcher.doc_freq("id", lien_id.hex):
                committed.append(lien_id)
        for ids, addresses in self._committed(committed):
            columns = (
                self._searcher.fast_field_values(name, addresses) for name in ("version", "score")
            )
            for lien_id, version, score in zip(ids, *columns, strict=True):
                found[lien_id] = _Known(version, None if score is None else score // POINT)
        return found

    def _committed(self, lien_ids: Sequence[UUID]) -> Iterator[tuple[list[UUID], list[DocAddress]]]:
        """Yield where liens lie in the committed index, told apart by half of their id."""
        if not lien_ids:
            return
        by_half: dict[int, UUID] = {}
        for lien_id in lien_ids:
            if by_half.setdefault(low_half(lien_id), lien_id) != lien_id:
                yield from self._committed([lien_id])  # two of one half: one by one
        wanted = Query.term_set_query(self._schema, "id", [i.hex for i in by_half.values()])
        hits = self._searcher.search(wanted, len(by_half) + 1, count=False).hits
        addresses = [address for _, address in hits]
        halves = self._searcher.fast_field_values("id_low", addresses)
        yield [by_half[int(half)] for half in halves if half is not None], addresses

    def upsert(self, documents: Sequence[LienDocument]) -> int:
        """Write each document that is newer than what the index has; returns how many were.

        A lien that the index has keeps the score it has there.
        """
        found = self._known([document.lien_id for document in documents])
        known = {lien_id.int: state for lien_id, state in found.items()}
        applied = 0
        for document in documents:
            have = known.get(document.lien_id.int)
            if have is not None:
                if have.version >= document.version:
                    continue
                self._writer.delete_documents_by_term("id", document.lien_id.hex)
            written = self._judged(document, have)
            known[document.lien_id.int] = self._add(written)
            applied += 1
        return applied

    def remembering(self, documents: Sequence[LienDocument]) -> list[LienDocument]:
        """Return ``documents`` with the scores that the index has of their liens."""
        known = self._known([document.lien_id for document in documents])
        return [self._judged(document, known.get(document.lien_id)) for document in documents]

    def rescore(self, scores: Mapping[UUID, int | None]) -> dict[UUID, LienDocument]:
        """Give liens other scores (1 to 100), whatever their version; of one not seen yet, when it comes.
        Returns what was written, by id."""
        self.commit()  # what is read back has to be there
        written: dict[UUID, LienDocument] = {}
        left = dict(scores)
        for ids, addresses in self._committed(list(scores)):
            column = self._searcher.fast_field_values("score", addresses)
            for lien_id, address, had in zip(ids, addresses, column, strict=True):
                score = left.pop(lien_id)
                if had == (None if score is None else score * POINT):
                    continue
                document = written[lien_id] = self._stored(address, score)
                self._writer.delete_documents_by_term("id", lien_id.hex)
                self._add(document)
        for lien_id, score in left.items():
            self._early[lien_id.int] = score
        while len(self._early) > _MOST_EARLY:
            del self._early[next(iter(self._early))]
        return written

    def documents(self, lien_ids: Sequence[UUID]) -> dict[UUID, LienDocument]:
        """Return what is committed of liens, by id; one that is not there is left out."""
        found: dict[UUID, LienDocument] = {}
        for ids, addresses in self._committed(list(lien_ids)):
            column = self._searcher.fast_field_values("score", addresses)
            for lien_id, address, parts in zip(ids, addresses, column, strict=True):
                score = None if parts is None else int(parts) // POINT
                found[lien_id] = self._stored(address, score)
        return found

    def _stored(self, address: DocAddress, score: int | None) -> LienDocument:
        stored = self._searcher.doc(address)
        item, beside = (bytes(stored.get_first(name) or b"") for name in ("item", "beside"))
        return restored(item, beside, score)

    def _judged(self, document: LienDocument, known: _Known | None) -> LienDocument:
        if known is not None and known.version:
            return scored(document, known.score)
        early = self._early
        if early and document.lien_id.int in early:
            return scored(document, early.pop(document.lien_id.int))
        return document

    def _add(self, document: LienDocument) -> _Known:
        self._writer.add_json(tantivy_json(document))
        score = None if document.score is None else document.score // POINT
        written = _Known(document.version, score)
        self._written[document.lien_id.int] = written
        return written

    def delete(self, lien_ids: Iterable[UUID]) -> None:
        """Remove liens, known or not."""
        for lien_id in lien_ids:
            self._writer.delete_documents_by_term("id", lien_id.hex)
            self._written[lien_id.int] = _Known(0, None)

    def commit(self) -> None:
        """Make what was written durable, and known to ``versions`` from the index itself."""
        if not self._written:
            return
        self._writer.commit()
        self._index.reload()
        self._searcher = self._index.searcher()
        self._written.clear()

    def close(self) -> None:
        """Drop what was not committed, let merges end, and give the writer's lock back."""
        self._writer.rollback()
        self._writer.wait_merging_threads()
