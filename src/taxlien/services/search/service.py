"""What search does: keeps the index true to the catalogue, and answers questions from it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from uuid import UUID

import structlog

from taxlien.interfaces.liens import Lien, LienCatalogue
from taxlien.interfaces.search import CountiesSearched
from taxlien.kit.database import Session
from taxlien.kit.errors import InvalidInput, NotFound
from taxlien.kit.ids import new_id
from taxlien.kit.outbox import emit

from . import repository
from .adapters import current
from .adapters.engine import SearchEngine
from .adapters.lien_catalogue import HttpLienCatalogue
from .adapters.search_counter import SearchCounter
from .logic.document import document_of
from .logic.query import MAX_TEXT, Facets, Hits, SearchQuery, Suggestion
from .models import Rebuild

_log = structlog.get_logger("taxlien.search")

MAX_SUGGESTIONS = 50
MAX_ATTEMPTS = 10
_PROGRESS_EVERY = 5_000
_CHUNK = 500

Progress = Callable[[int], Awaitable[None]]


async def search(query: SearchQuery) -> Hits:
    """Answer a question from the index this process reads."""
    return await current.reader().search(query)


async def autocomplete(text: str, limit: int) -> list[Suggestion]:
    """Complete what is being typed. Raises ``InvalidInput`` for a text or limit out of bounds."""
    if len(text) > MAX_TEXT:
        raise InvalidInput("q", f"is too long: at most {MAX_TEXT} characters")
    if not 1 <= limit <= MAX_SUGGESTIONS:
        raise InvalidInput("limit", f"must be between 1 and {MAX_SUGGESTIONS}")
    return await current.reader().suggest(text, limit)


async def available_filters() -> Facets:
    """Return every value that can be filtered by, with how many liens have it."""
    return await current.reader().facets()


def open_counter(
    open_session: Callable[[], AbstractAsyncContextManager[Session]],
) -> SearchCounter:
    """Return a counter of this process's searches, which writes what it has every few seconds."""

    async def keep(counts: dict[str, int]) -> None:
        async with open_session() as session:
            await keep_searched(session, counts)

    return SearchCounter(keep)


async def keep_searched(session: Session, counts: Mapping[str, int]) -> None:
    """Add up what one process counted, to be announced with what the others did."""
    if counts:
        await repository.add_searched(session, counts)


async def announce_searched(session: Session) -> int:
    """Say which counties were searched since this was last said. Returns how many counties."""
    taken = await repository.take_searched(session)
    if taken:
        await emit(
            session,
            CountiesSearched(
                counts={row.county_fips: row.count for row in taken},
                since=min(row.since for row in taken),
                until=datetime.now(UTC),
            ),
        )
    return len(taken)


async def index_liens(liens: Sequence[Lien]) -> int:
    """Make ``liens`` findable and return how many were newer than what the index had.

    Idempotent by id and version, and durable on return: a caller that crashes before it acknowledged
    may hand in the same liens again, and older versions never replace newer ones.
    """
    engine = await current.writer()
    applied = 0
    for start in range(0, len(liens), _CHUNK):
        applied += await engine.upsert([document_of(x) for x in liens[start : start + _CHUNK]])
        await asyncio.sleep(0)  # pricing a chunk takes tens of milliseconds: let others have a turn
    await engine.commit()
    return applied


async def request_rebuild(session: Session, reason: str) -> Rebuild:
    """Ask for the index to be built anew; where that is asked or under way already, return that."""
    await repository.add_rebuild(session, new_id(), reason)
    found = await repository.unfinished_rebuild(session)
    if found is None:  # it ended between the two statements: ask again
        return await request_rebuild(session, reason)
    return found


async def get_rebuild(session: Session, rebuild_id: UUID) -> Rebuild:
    """Return how a rebuild stands. Raises ``NotFound``."""
    found = await repository.get_rebuild(session, rebuild_id)
    if found is None:
        raise NotFound(f"no rebuild {rebuild_id}")
    return found


async def claim_rebuild(session: Session) -> UUID | None:
    """Take the rebuild that waits, or one that a dead worker left running, and mark it running.

    Only the process that holds the writer calls this, so a running rebuild here is an abandoned one.
    After ``MAX_ATTEMPTS`` it is given up.
    """
    rebuild = await repository.lock_unfinished(session)
    if rebuild is None:
        return None
    if rebuild.attempts >= MAX_ATTEMPTS:
        error = rebuild.error or "the worker died every time"
        await repository.finish(session, rebuild.rebuild_id, "failed", error)
        return None
    rebuild.status = "running"
    rebuild.attempts += 1
    rebuild.liens = 0
    rebuild.started_at = datetime.now(UTC)
    return rebuild.rebuild_id


async def record_progress(session: Session, rebuild_id: UUID, liens: int) -> None:
    """Write how many liens the new index has by now."""
    await repository.set_progress(session, rebuild_id, liens)


async def finish_rebuild(session: Session, rebuild_id: UUID) -> None:
    """Write that a rebuild serves."""
    await repository.finish(session, rebuild_id, "done", None)


async def postpone_rebuild(session: Session, rebuild_id: UUID, error: str | None) -> None:
    """Write why a rebuild broke off; it will be tried again."""
    await repository.finish(session, rebuild_id, "requested", error)


async def open_writer() -> SearchEngine:
    """Return the engine this process writes with. Raises ``WriterBusyError``, ``IndexUnusableError``."""
    return await current.writer()


def open_catalogue() -> HttpLienCatalogue:
    """Return the catalogue of liens, wherever it is served. Raises ``SettingsError``."""
    return HttpLienCatalogue.from_settings()


async def rebuild_index(engine: SearchEngine, catalogue: LienCatalogue, progress: Progress) -> int:
    """Build the index anew from ``catalogue`` while the old one serves; returns how many liens.

    Live changes go to both meanwhile (``index_liens`` in the same process) and win by version. On any
    failure the new index is dropped and the old one stays.
    """
    await engine.begin_rebuild()
    try:
        done = told = 0
        async for page in catalogue.export_liens():
            for start in range(0, len(page), _CHUNK):
                documents = [document_of(lien) for lien in page[start : start + _CHUNK]]
                await engine.add_to_rebuild(documents)
            done += len(page)
            if done - told >= _PROGRESS_EVERY:
                await progress(done)
                told = done
        await engine.swap()
    except BaseException:
        await engine.abort()
        raise
    await progress(done)
    _log.info("index_rebuilt", liens=done)
    return done
