"""The jobs of search: building the index anew when that is asked for, saying what was searched, and what
scores moved into a saved search."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from uuid import UUID

import structlog

from taxlien.kit.backoff import Backoff
from taxlien.kit.database import Database, describe
from taxlien.kit.handlers import background
from taxlien.kit.jobs import Work, every, job

from . import service
from .adapters.lien_catalogue import HttpLienCatalogue

_log = structlog.get_logger("taxlien.search")
_POLL_SECONDS = 1.0
_MOVES_SECONDS = 2.0


@every(seconds=60)
@job(priority=7)
async def announce_searched(work: Work) -> None:
    """Say once a minute which counties were searched, and how people asked, where any did."""
    async with work.database.session() as session:
        await service.announce_searched(session)
        await service.announce_kinds(session)


@background
async def announce_moves(database: Database, stop: asyncio.Event) -> None:
    """Tell of liens whose score came into the bounds of a saved search, until ``stop``.

    The catalogue tells each whole; while it is away they wait, with growing pauses.
    """
    backoff = Backoff(first=_MOVES_SECONDS, longest=30.0)
    catalogue: HttpLienCatalogue | None = None
    try:
        while not stop.is_set():
            pause = _MOVES_SECONDS
            try:
                async with database.session() as session:
                    waiting = await service.waiting_moves(session)
                if waiting:
                    catalogue = catalogue or service.open_catalogue()
                    liens = await catalogue.liens(waiting)
                    async with database.session() as session:
                        if await service.announce_moves(session, waiting, liens):
                            pause = 0.0
                backoff.reset()
            except Exception as error:
                pause = backoff.next()
                _log.warning("moves_postponed", error=describe(error), seconds=round(pause, 1))
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)
    finally:
        if catalogue is not None:
            await catalogue.close()


@background
async def watch_rebuilds(database: Database, stop: asyncio.Event) -> None:
    """Run every requested rebuild, one after the other, until ``stop``.

    A rebuild that a crash or a shutdown interrupted is begun again. One that fails is tried again
    with growing pauses. Whatever happens, the index that serves goes on serving.
    """
    backoff = Backoff(first=_POLL_SECONDS, longest=30.0)
    asked_at_start = False
    while not stop.is_set():
        pause = _POLL_SECONDS
        try:
            if not asked_at_start:
                await _ask_if_needed(database)
                asked_at_start = True
            async with database.session() as session:
                rebuild_id = await service.claim_rebuild(session)
            if rebuild_id is not None and await _run(database, rebuild_id, stop):
                backoff.reset()
        except Exception as error:
            pause = backoff.next()
            _log.warning("rebuild_postponed", error=describe(error), seconds=round(pause, 1))
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)


async def _ask_if_needed(database: Database) -> None:
    """Become the writer first: only then is a rebuild marked running known to be abandoned."""
    engine = await service.open_writer()
    if engine.needs_rebuild:
        async with database.session() as session:
            await service.request_rebuild(session, "the index was started empty")


async def _run(database: Database, rebuild_id: UUID, stop: asyncio.Event) -> bool:
    """Rebuild once; return False where ``stop`` came first. Raises what the rebuild raised."""

    async def progress(liens: int) -> None:
        async with database.session() as session:
            await service.record_progress(session, rebuild_id, liens)

    async def known(lien_ids: Sequence[UUID]) -> Mapping[UUID, int]:
        async with database.session() as session:
            return await service.known_scores(session, lien_ids)

    async def rebuild() -> None:
        engine = await service.open_writer()
        catalogue = service.open_catalogue()
        try:
            await service.rebuild_index(engine, catalogue, progress, known)
        finally:
            await catalogue.close()

    work = asyncio.create_task(rebuild())
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((work, stopping), return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        work.cancel()
        await asyncio.wait((work,))
    error = None if work.cancelled() else work.exception()
    async with database.session() as session:
        if work.cancelled() or error is not None:
            reason = describe(error) if error else None
            await service.postpone_rebuild(session, rebuild_id, reason)
        else:
            await service.finish_rebuild(session, rebuild_id)
    if error is not None:
        raise error
    return not work.cancelled()
