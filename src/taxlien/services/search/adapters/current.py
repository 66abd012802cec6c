"""The engines of this process, one to read, one to write, and its answers: opened when first asked for."""

from __future__ import annotations

import asyncio
import threading

from taxlien.kit.cache import Cache
from taxlien.kit.settings import read_settings
from taxlien.services.search.settings import SearchSettings

from .answer_store import AnswerStore
from .engine import SearchEngine
from .tantivy_engine import TantivyEngine

_opening = threading.Lock()
_engines: dict[bool, SearchEngine] = {}
_answers: list[AnswerStore] = []


def open_engine(settings: SearchSettings, *, writer: bool = False) -> SearchEngine:
    """Open the engine that ``settings`` describe. Raises ``WriterBusyError``, ``IndexUnusableError``."""
    return TantivyEngine(
        settings.index_path.absolute(),
        heap_bytes=settings.writer_heap_bytes,
        writer=writer,
    )


def reader() -> SearchEngine:
    """Return the engine this process searches with."""
    return _engine(writer=False)


async def writer() -> SearchEngine:
    """Return the engine this process writes with. Raises ``WriterBusyError`` while another has it."""
    found = _engines.get(True)
    return await asyncio.to_thread(_engine, writer=True) if found is None else found


def _engine(*, writer: bool) -> SearchEngine:
    found = _engines.get(writer)
    if found is None:
        with _opening:
            found = _engines.get(writer)
            if found is None:
                found = open_engine(read_settings(SearchSettings), writer=writer)
                _engines[writer] = found
    return found


def answers() -> AnswerStore:
    """Return what this process keeps of answers."""
    if not _answers:
        settings = read_settings(SearchSettings)
        url = settings.cache_url
        _answers.append(
            AnswerStore(
                Cache(url, settings.cache_namespace) if url else None,
                seconds=settings.answer_seconds,
                most_bytes=settings.answer_bytes,
            )
        )
    return _answers[0]


async def close() -> None:
    """Close what this process opened; a later call opens it again."""
    while _answers:
        await _answers.pop().close()
    for engine in [_engines.pop(key) for key in list(_engines)]:
        await engine.close()
