"""The jobs of ml: scoring what waits for the champion, whenever nothing more urgent is under way, guarding
trials, and checking once a day whether champions still fit."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog

from taxlien.kit.backoff import Backoff
from taxlien.kit.bus import Bus, connect_bus
from taxlien.kit.database import Database, describe
from taxlien.kit.handlers import background
from taxlien.kit.jobs import Work, every, job
from taxlien.kit.settings import KitSettings, read_settings

from .service import checking, scoring, trials
from .service.serving import Champions, open_blobs

LOOK_SECONDS = 2.0
_REST_SECONDS = 0.05

_log = structlog.get_logger("taxlien.ml")


@every(seconds=60)
@job(priority=6)
async def guard_trials(work: Work) -> None:
    """End trials that are over, and those whose challenger is surely worse than the champion."""
    async with work.database.session() as session:
        await trials.guard(session)


@every(seconds=3_600)
@job(priority=8)
async def check_models(work: Work) -> None:
    """Check the champions that were not checked for a day. One that cannot be checked spoils no other."""
    async with work.database.session() as session:
        asked = await checking.due(session)
    for one in asked:
        try:
            await checking.check(work.database, open_blobs(), one)
        except ValueError as error:  # an artifact that cannot be read, or lacks what is needed
            _log.warning("model_unchecked", name=one.champion.name, error=str(error)[:200])


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
