"""The engine behind search, as the rest of the service sees it. ``tests/.../contract`` is its meaning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol
from uuid import UUID

from taxlien.kit.errors import NotNow
from taxlien.services.search.logic.document import LienDocument
from taxlien.services.search.logic.query import Facets, Hits, SearchQuery, Suggestion


class WriterBusyError(NotNow):
    """Another process writes this index; only one may. Like a server that is away: worth waiting for."""


class IndexUnusableError(NotNow):
    """The index cannot be written now (disk full, files damaged); the message says what and where."""


class SearchEngine(Protocol):
    """An index of liens with one writer and any number of readers.

    What is written becomes visible at ``commit``, to this engine at once and to readers in other
    processes soon after. An engine opened to read raises ``WriterBusyError`` on writes.
    """

    async def search(self, query: SearchQuery) -> Hits:
        """Answer ``query``. Never raises for any text; an index not built yet answers nothing."""
        ...

    def version(self) -> str:
        """Return the name of the state that a search would be answered from now.

        Another state has another name, also after a rebuild; processes that see the same state may
        share what they found under it. Cheap: asked at every request.
        """
        ...

    async def suggest(self, text: str, limit: int) -> list[Suggestion]:
        """Complete the last word of ``text``: counties, then addresses and parcels, at most ``limit``."""
        ...

    async def facets(self) -> Facets:
        """Return the values of every facet over the whole index, most frequent first."""
        ...

    def has_scores(self) -> bool:
        """Tell whether any lien has a risk score."""
        ...

    async def count(self) -> int:
        """Return how many liens can be found."""
        ...

    async def versions(self, lien_ids: Iterable[UUID]) -> Mapping[UUID, int]:
        """Return the version the index has of each lien it knows, committed or not."""
        ...

    async def upsert(self, documents: Sequence[LienDocument]) -> int:
        """Put each document in place of an older version of its lien; returns how many were newer.

        A document of a version that the index already has, or of an older one, changes nothing.
        While a rebuild runs, documents go to the index that serves and to the one being built.
        """
        ...

    async def rescore(self, scores: Mapping[UUID, int | None]) -> Mapping[UUID, LienDocument]:
        """Give liens other risk scores (1 to 100, None: unknown), whatever their version; a later
        ``upsert`` of a lien keeps its score. One that is not there yet has it when it comes.

        Returns what was written anew, by id: liens that had the score already are not among them."""
        ...

    async def documents(self, lien_ids: Sequence[UUID]) -> Mapping[UUID, LienDocument]:
        """Return what is committed of liens, by id; one that is not there is left out."""
        ...

    async def delete(self, lien_ids: Iterable[UUID]) -> None:
        """Remove liens, known or not."""
        ...

    async def commit(self) -> None:
        """Make everything written durable and visible."""
        ...

    async def begin_rebuild(self) -> None:
        """Start an empty index beside the one that serves; one left by an earlier attempt is dropped."""
        ...

    async def add_to_rebuild(self, documents: Sequence[LienDocument]) -> int:
        """Put documents into the index being built only; a live ``upsert`` of a newer version wins."""
        ...

    async def swap(self) -> None:
        """Commit the index being built and let it serve, at once for every reader's next search."""
        ...

    async def abort(self) -> None:
        """Drop the index being built, if there is one."""
        ...

    @property
    def needs_rebuild(self) -> bool:
        """Tell whether the index was started empty (none was usable) and not filled by a rebuild yet."""
        ...

    async def close(self) -> None:
        """Let go of files and locks; what was not committed is lost."""
        ...
