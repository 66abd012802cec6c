"""Forgetting what has served its time: ids in the inbox, answers kept for repeated requests."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

import structlog

from taxlien.kit.database import Database, describe
from taxlien.kit.http.idempotency import prune_idempotency_keys
from taxlien.kit.inbox import prune_inbox

EVERY_SECONDS = 3600.0
ANSWERS_KEPT = timedelta(days=1)

_log = structlog.get_logger("taxlien.run.housekeeping")


async def keep_house(database: Database, stop: asyncio.Event) -> None:
    """Prune the tables of kit in one service's schema, at once and then every hour, until ``stop``."""
    while not stop.is_set():
        try:
            async with database.session() as session:
                ids = await prune_inbox(session)
                answers = await prune_idempotency_keys(session, ANSWERS_KEPT)
            if ids or answers:
                _log.info("pruned", service=database.service, inbox=ids, answers=answers)
        except Exception as error:
            # The next hour tries again: nothing depends on it but disk space.
            _log.warning("pruning_failed", service=database.service, error=describe(error))
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), EVERY_SECONDS)
