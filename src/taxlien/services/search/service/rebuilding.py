"""The index is built anew from the whole catalogue, while the old one serves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

import structlog

from taxlien.interfaces.liens import LienCatalogue
from taxlien.kit.database import Session
from taxlien.kit.errors import NotFound
from taxlien.kit.ids import new_id
from taxlien.services.search.adapters import current
from taxlien.services.search.adapters.engine import SearchEngine
from taxlien.services.search.adapters.lien_catalogue import HttpLienCatalogue
from taxlien.services.search.logic.document import document_of
from taxlien.services.search.logic.scoring import scored
from taxlien.services.search.models import Rebuild
from taxlien.services.search.repository import rebuilds as repository
from taxlien.services.search.repository import scores

_log = structlog.get_logger("taxlien.search")

MAX_ATTEMPTS = 10
_PROGRESS_EVERY = 5_000
_CHUNK = 500

Progress = Callable[[int], Awaitable[None]]
KnownScores = Callable[[Sequence[UUID]], Awaitable[Mapping[UUID, int]]]


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


async def known_scores(session: Session, lien_ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """Return the risk scores that are kept of these liens."""
    return await scores.scores_of(session, lien_ids)


async def rebuild_index(
    engine: SearchEngine, catalogue: LienCatalogue, progress: Progress, known: KnownScores
) -> int:
    """Build the index anew from ``catalogue`` while the old one serves; returns how many liens.
    ``known`` tells the scores of a page.

    Live changes go to both meanwhile (``index_liens`` in the same process) and win by version. On any
    failure the new index is dropped and the old one stays.
    """
    await engine.begin_rebuild()
    try:
        done = said = 0
        async for page in catalogue.export_liens():
            told = await known([lien.lien_id for lien in page])
            for start in range(0, len(page), _CHUNK):
                documents = [document_of(lien) for lien in page[start : start + _CHUNK]]
                await engine.add_to_rebuild([scored(d, told.get(d.lien_id)) for d in documents])
            done += len(page)
            if done - said >= _PROGRESS_EVERY:
                await progress(done)
                said = done
        await engine.swap()
    except BaseException:
        await engine.abort()
        raise
    await progress(done)
    _log.info("index_rebuilt", liens=done)
    return done
