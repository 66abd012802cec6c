"""The engines that must keep the contract. A new engine adds its factory here, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from taxlien.services.search.adapters.engine import SearchEngine
from taxlien.services.search.adapters.tantivy_engine import TantivyEngine
from taxlien.services.search.logic.query import Hits, SearchQuery

HEAP = 15_000_000


def tantivy(path: Path, writer: bool) -> SearchEngine:
    return TantivyEngine(path, heap_bytes=HEAP, writer=writer)


FACTORIES = {"tantivy": tantivy}

OpenEngine = Callable[..., SearchEngine]
Find = Callable[..., Awaitable[Hits]]


@pytest.fixture(params=sorted(FACTORIES))
async def open_engine(
    request: pytest.FixtureRequest, index_path: Path
) -> AsyncIterator[OpenEngine]:
    """Open engines over one index; all are closed at the end."""
    opened: list[SearchEngine] = []

    def open_one(*, writer: bool = False) -> SearchEngine:
        opened.append(FACTORIES[request.param](index_path, writer))
        return opened[-1]

    yield open_one
    for engine in opened:
        await engine.close()


@pytest.fixture
async def engine(open_engine: OpenEngine) -> SearchEngine:
    """An empty engine that may write."""
    return open_engine(writer=True)


@pytest.fixture
def find(engine: SearchEngine) -> Find:
    """Search, and return the numbers of the documents found, in order, and the whole answer."""

    async def search(text: str = "", **fields: object) -> Hits:
        return await engine.search(SearchQuery(text=text, **fields))

    return search
