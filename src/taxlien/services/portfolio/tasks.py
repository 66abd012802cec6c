"""The jobs of the portfolio: telling of sales that are near, announcing demand, forgetting what is old."""

from __future__ import annotations

from datetime import UTC, datetime

from taxlien.kit.jobs import Work, every, job

from . import service


@every(seconds=60)
@job(priority=4)
async def remind(work: Work) -> None:
    """Tell whoever is concerned of sales that begin within a day."""
    async with work.database.session() as session:
        await service.remind(session)


@every(seconds=30)
@job(priority=7)
async def announce_demand(work: Work) -> None:
    """Say which counties are watched by more or fewer people than before."""
    async with work.database.session() as session:
        await service.announce_demand(session)


@every(seconds=3600)
@job(priority=9)
async def prune(work: Work) -> None:
    """Forget what happened long ago, sales that are long over, and liens that nobody watches any more."""
    await service.prune(work.database, datetime.now(UTC), is_stopped=work.stop.is_set)
