"""The engines of this process, one to read, one to write, its answers and the keys of their names: opened
when first asked for."""

from __future__ import annotations

import asyncio
import threading

from taxlien.kit.cache import Cache
from taxlien.kit.security.sealing import parse_keys
from taxlien.kit.settings import SettingsError, read_settings
from taxlien.services.search.logic.search_ids import SearchIds
from taxlien.services.search.settings import SearchSettings

from .answer_store import AnswerStore
from .engine import SearchEngine
from .tantivy_engine import TantivyEngine

_SHORTEST_KEY, _LONGEST_KEY = 16, 64

_opening = threading.Lock()
_engines: dict[bool, SearchEngine] = {}
_answers: list[AnswerStore] = []
_ids: list[SearchIds | None] = []


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


def search_ids() -> SearchIds | None:
    """Return what names answers, or None where no key is set. Raises ``SettingsError`` that shows none."""
    if not _ids:
        keys = read_settings(SearchSettings).id_keys
        try:
            found = [*parse_keys(keys.get_secret_value()).values()] if keys else []
            if any(not _SHORTEST_KEY <= len(key) <= _LONGEST_KEY for key in found):
                raise ValueError(f"a key has {_SHORTEST_KEY} to {_LONGEST_KEY} bytes")
        except ValueError as error:
            raise SettingsError(f"TAXLIEN_SEARCH_ID_KEYS is malformed: {error}") from None
        _ids.append(SearchIds(found) if found else None)
    return _ids[0]


async def close() -> None:
    """Close what this process opened; a later call opens it again."""
    _ids.clear()
    while _answers:
        await _answers.pop().close()
    for engine in [_engines.pop(key) for key in list(_engines)]:
        await engine.close()
