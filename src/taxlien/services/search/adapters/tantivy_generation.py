"""One generation of the index, open for writing: upserts that never go back in version."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from uuid import UUID

from tantivy import Index, Query

from taxlien.services.search.logic.document import LienDocument

from .tantivy_schema import build_schema, low_half, register_analyzers, tantivy_json


class Generation:
    """A Tantivy index and its one writer. Not safe for threads: its owner takes turns.

    The version of every lien is known exactly: from what was written since the last commit, or else
    from the committed index. A lien the index has never seen costs one look into its dictionary.
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
        self._written: dict[int, int] = {}  # by ``UUID.int``: a UUID's own hash is slow

    @property
    def uncommitted(self) -> int:
        """How many liens were written since the last commit."""
        return len(self._written)

    def versions(self, lien_ids: Iterable[UUID]) -> dict[UUID, int]:
        """Return the version of each lien the index has; 0 for one deleted since the last commit."""
        found: dict[UUID, int] = {}
        committed: list[UUID] = []
        for lien_id in lien_ids:
            written = self._written.get(lien_id.int)
            if written is not None:
                found[lien_id] = written
            elif self._searcher.doc_freq("id", lien_id.hex):
                committed.append(lien_id)
        if committed:
            found.update(self._committed_versions(committed))
        return found

    def _committed_versions(self, lien_ids: Sequence[UUID]) -> dict[UUID, int]:
        """Return the versions of liens the committed index has, told apart by half of their id."""
        by_half: dict[int, UUID] = {}
        found: dict[UUID, int] = {}
        for lien_id in lien_ids:
            if by_half.setdefault(low_half(lien_id), lien_id) != lien_id:
                found.update(self._committed_versions([lien_id]))  # two of one half: one by one
        wanted = Query.term_set_query(self._schema, "id", [i.hex for i in by_half.values()])
        hits = self._searcher.search(wanted, len(by_half) + 1, count=False).hits
        addresses = [address for _, address in hits]
        columns = (
            self._searcher.fast_field_values(name, addresses) for name in ("id_low", "version")
        )
        found.update((by_half[half], version) for half, version in zip(*columns, strict=True))
        return found

    def upsert(self, documents: Sequence[LienDocument]) -> int:
        """Write each document that is newer than what the index has; returns how many were."""
        found = self.versions([document.lien_id for document in documents])
        known = {lien_id.int: version for lien_id, version in found.items()}
        applied = 0
        for document in documents:
            number = document.lien_id.int
            have = known.get(number)
            if have is not None:
                if have >= document.version:
                    continue
                self._writer.delete_documents_by_term("id", document.lien_id.hex)
            self._writer.add_json(tantivy_json(document))
            known[number] = self._written[number] = document.version
            applied += 1
        return applied

    def delete(self, lien_ids: Iterable[UUID]) -> None:
        """Remove liens, known or not."""
        for lien_id in lien_ids:
            self._writer.delete_documents_by_term("id", lien_id.hex)
            self._written[lien_id.int] = 0

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
