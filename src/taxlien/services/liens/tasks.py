"""The long-lived jobs of the catalogue: collected lists are imported, parcels are compared."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import structlog

from taxlien.kit.backoff import Backoff
from taxlien.kit.blobs import Blobs
from taxlien.kit.database import Database, describe, is_connection_lost
from taxlien.kit.handlers import background
from taxlien.kit.settings import KitSettings, SettingsError, read_settings

from . import service

_log = structlog.get_logger("taxlien.liens")
_POLL_SECONDS = 1.0
_COMPARE_SECONDS = 60.0


@background
async def import_lists(database: Database, stop: asyncio.Event) -> None:
    """Import every list that waits, one after another, until ``stop``; what is under way then is left.

    Any number of workers may do it. A list that fails is tried again with growing pauses, and one
    that a dead worker left behind when its lease is over: an import is one transaction.
    """
    try:
        blobs = Blobs.from_settings(read_settings(KitSettings))
    except SettingsError as error:
        _log.error("lists_wait", error=str(error))
        await stop.wait()
        return
    backoff = Backoff(first=_POLL_SECONDS, longest=30.0)
    while not stop.is_set():
        pause = _POLL_SECONDS
        try:
            if await _until(stop, import_next(database, blobs)):
                pause = 0.0
            backoff.reset()
        except Exception as error:
            pause = backoff.next()
            _log.warning("lists_interrupted", error=describe(error), seconds=round(pause, 1))
        if pause:
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)


@background
async def compare_parcels(database: Database, stop: asyncio.Event) -> None:
    """Compare the parcels of counties of several sources, now and then every minute, until ``stop``.

    Several workers may do it: what one finds, the other finds merged. A county that fails is left.
    """
    while not stop.is_set():
        try:
            async with database.session() as session:
                counties = await service.counties_to_compare(session)
            for fips in counties:
                if stop.is_set():
                    return
                async with database.session() as session:
                    found = await service.compare_parcels(session, fips, at=datetime.now(UTC))
                _log.info("parcels_compared", county_fips=fips, merged=found.merged,
                          candidates=found.candidates)  # fmt: skip
        except Exception as error:
            _log.warning("comparing_interrupted", error=describe(error))
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _COMPARE_SECONDS)


async def _until(stop: asyncio.Event, work: Coroutine[Any, Any, bool]) -> bool:
    """Return what ``work`` returns; when ``stop`` comes first, break it off and return False."""
    running = asyncio.create_task(work)
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        running.cancel()
        await asyncio.wait((running,))
    return False if running.cancelled() else running.result()


async def import_next(database: Database, blobs: Blobs) -> bool:
    """Deal with the list that is due; False where none is. Raises only while the database is away."""
    async with database.session() as session:
        row = await service.claim_list(session)
    if row is None:
        return False
    try:
        async with service.list_file(blobs, row) as path, database.session() as session:
            await service.import_list(session, row, path)
    except service.RefusedFile as error:
        async with database.session() as session:
            await service.refuse_list(session, row, str(error))
    except Exception as error:
        if is_connection_lost(error):
            raise
        _log.warning("list_postponed", attempt=row.attempts, error=describe(error))
        async with database.session() as session:
            await service.postpone_list(session, row, describe(error))
    return True
