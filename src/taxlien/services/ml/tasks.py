"""The job of ml: scoring what waits for the champion, whenever nothing more urgent is under way."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog

from taxlien.kit.backoff import Backoff
from taxlien.kit.bus import Bus, connect_bus
from taxlien.kit.database import Database, describe
from taxlien.kit.handlers import background
from taxlien.kit.settings import KitSettings, read_settings

from .service import scoring
from .service.serving import Champions

LOOK_SECONDS = 2.0
_REST_SECONDS = 0.05

_log = structlog.get_logger("taxlien.ml")


@background
async def score_liens(database: Database, stop: asyncio.Event) -> None:
    """Score liens until ``stop``: some thousand at a time, and none while those who listen are behind."""
    bus = connect_bus(read_settings(KitSettings).require("bus_url"))
    champions = scoring.open_champions()
    backoff = Backoff(first=LOOK_SECONDS, longest=60.0)
    try:
        while not stop.is_set():
            pause = LOOK_SECONDS
            try:
                if await _score_some(database, bus, champions):
                    pause = _REST_SECONDS
                backoff.reset()
            except Exception as error:
                pause = backoff.next()
                _log.warning("scoring_postponed", error=describe(error), seconds=round(pause, 1))
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)
    finally:
        await bus.close()


async def _score_some(database: Database, bus: Bus, champions: Champions) -> int:
    async with database.session() as session:
        if not await scoring.is_work(session):
            return 0
    if not await scoring.is_room(bus):
        return 0
    async with database.session() as session:
        return await scoring.score_some(session, champions)
