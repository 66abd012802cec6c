"""The jobs of collecting. What is left to do is read from the database; a job lost is only late."""

from __future__ import annotations

from uuid import UUID

import structlog

from taxlien.kit.database import describe
from taxlien.kit.jobs import BrokerAway, Work, every, job

from . import service

_log = structlog.get_logger("taxlien.scraper")


@every(seconds=2)
@job(priority=0)
async def plan_runs(work: Work) -> None:
    """Begin runs that are due, and send out every run that nobody drives."""
    async with work.database.session() as session:
        known = await service.knows_sources(session)
    if not known:
        await service.sync_sources(work.database)
    async with work.database.session() as session:
        to_do = await service.plan_runs(session)
    try:
        for run_id, lane, priority in to_do:
            await work.send(collect_run, str(run_id), lane=lane, priority=priority)
    except BrokerAway as error:
        # They are sent again when their patience is over.
        _log.warning("runs_not_sent", error=describe(error))


@job(queue="collect", lanes=service.lanes)
async def collect_run(work: Work, run_id: str) -> None:
    """Go on with a run for a while, then let others have their turn."""
    number = UUID(run_id)
    more = await service.drive(
        work.database, number, stop=work.stop, seconds=service.slice_seconds()
    )
    if more:
        async with work.database.session() as session:
            to_do = await service.to_do(session, number)
        if to_do is not None:
            await work.send(collect_run, run_id, lane=to_do.lane, priority=to_do.priority)


@every(seconds=30)
@job(priority=1)
async def read_sites(work: Work) -> None:
    """Bring the sources up to the site files and the simulator."""
    synced = await service.sync_sources(work.database)
    if synced.changed or synced.switched_off:
        _log.info("sites_read", **synced._asdict())


@every(seconds=3600)
@job(priority=9)
async def forget_old_runs(work: Work) -> None:
    """Forget runs that are too old to be of use."""
    async with work.database.session() as session:
        forgotten = await service.forget_old_runs(session)
    if forgotten:
        _log.info("runs_forgotten", runs=forgotten)
