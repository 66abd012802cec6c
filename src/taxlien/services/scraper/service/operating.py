"""What a person decides: a quarantined run is right after all, or is not; a stopped source may go on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from taxlien.interfaces.scraper import SourceResumed
from taxlien.kit.database import Session
from taxlien.kit.errors import Conflict
from taxlien.kit.outbox import emit
from taxlien.services.scraper import repository
from taxlien.services.scraper.adapters import current
from taxlien.services.scraper.logic.sites import COLLECTABLE

from .sources import site_in, source_named

_WISHES_KEPT = timedelta(days=90)


async def release_quarantine(session: Session, name: str) -> UUID:
    """Let the quarantined run of a source be published: a person looked at its diff. Returns the run.

    Raises ``NotFound``, and ``Conflict`` where no run of it is quarantined.
    """
    row = await source_named(session, name, lock=True)
    run = await repository.runs.of_source(session, name, "quarantined")
    if run is None:
        raise Conflict(f"no run of {name} is quarantined")
    gone = 0
    if not run.partial:
        gone = await repository.staging.count_gone(session, run.id, name)
        await repository.staging.mark_gone(session, run.id, name)
    await repository.runs.begin_publishing(session, run.id, gone=gone)
    if row.status == "quarantined":
        await repository.sources.set_status(session, name, "active")
    await repository.operations.resolve(session, name, "released")
    return run.id


async def discard_run(session: Session, name: str) -> UUID:
    """Throw the quarantined run of a source away and collect it anew when its turn comes.

    Raises ``NotFound``, and ``Conflict`` where no run of it is quarantined.
    """
    row = await source_named(session, name, lock=True)
    run = await repository.runs.of_source(session, name, "quarantined")
    if run is None:
        raise Conflict(f"no run of {name} is quarantined")
    await repository.runs.end(session, run.id, "discarded", reason=run.reason)
    await repository.frontier.forget(session, run.id)
    if row.status == "quarantined":
        await repository.sources.set_status(session, name, "active")
    await repository.operations.resolve(session, name, "discarded")
    return run.id


async def resume_source(session: Session, name: str) -> None:
    """Collect a stopped or paused source again, at once: a person looked at why it stopped.

    Raises ``NotFound``, and ``Conflict`` where it is not stopped or may not be collected.
    """
    row = await source_named(session, name, lock=True)
    site = site_in(row)
    if site.legal_status not in COLLECTABLE:
        raise Conflict(f"{name} is not collected: its legal status is {site.legal_status}")
    if row.status not in {"stopped", "paused"}:
        raise Conflict(f"{name} is {row.status}, not stopped")
    await repository.sources.set_status(session, name, "active")
    await repository.sources.make_due(session, name)
    await repository.operations.resolve(session, name, "resumed")
    await emit(session, SourceResumed(source=site.card(), at=datetime.now(UTC)))


async def pause_source(session: Session, name: str, reason: str) -> None:
    """Begin no more runs of a source until it is resumed. Raises ``NotFound`` and ``Conflict``."""
    row = await source_named(session, name, lock=True)
    if row.status != "active":
        raise Conflict(f"{name} is {row.status}")
    await repository.sources.set_status(session, name, "paused", reason)


async def forget_old_runs(session: Session) -> int:
    """Forget runs and wishes that are too old to be of use. Returns how many runs."""
    now = datetime.now(UTC)
    kept = timedelta(days=current.settings().keep_run_days)
    await repository.wishes.prune(session, (now - _WISHES_KEPT).date())
    return await repository.runs.prune(session, now - kept)
