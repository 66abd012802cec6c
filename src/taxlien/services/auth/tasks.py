"""The long-lived job of auth: new signing keys in time, and forgetting what has served its time."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog

from taxlien.kit.database import Database, describe
from taxlien.kit.handlers import background

from . import service

_log = structlog.get_logger("taxlien.auth")
_EVERY_SECONDS = 300.0


@background
async def keep_keys_and_tokens(database: Database, stop: asyncio.Event) -> None:
    """Rotate keys and prune, at once and then every five minutes, until ``stop``.

    Any number of workers may do it. A round that fails is done by the next: the last key goes on signing.
    """
    while not stop.is_set():
        try:
            async with database.session() as session:
                await service.rotate_keys(session)
            async with database.session() as session:
                await service.prune(session)
        except Exception as error:
            _log.warning("auth_housekeeping_failed", error=describe(error))
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _EVERY_SECONDS)
