"""What the catalogue hears: pages and lists that were collected."""

from __future__ import annotations

from taxlien.interfaces.scraper import (
    ListCollected,
    ScrapeCompleted,
    ScrapeObserved,
    SourceResumed,
    SourceStopped,
)
from taxlien.kit.database import Session
from taxlien.kit.handlers import on_batch

from . import service


# 150 at once are as fast as 500, and what they leave of holes in the memory of a worker is less.
@on_batch(ScrapeObserved, max_messages=150, max_wait=0.5)
async def record_pages(session: Session, events: list[ScrapeObserved]) -> None:
    """Record the parcels, liens and sale days of a batch of pages."""
    await service.record_collected(session, events)


@on_batch(ListCollected, max_messages=100, max_wait=1.0)
async def accept_lists(session: Session, events: list[ListCollected]) -> None:
    """Note lists that wait to be imported; a job does it."""
    await service.accept_lists(session, events)


@on_batch(ScrapeCompleted, SourceStopped, SourceResumed, max_messages=200, max_wait=1.0)
async def note_runs(
    session: Session, events: list[ScrapeCompleted | SourceStopped | SourceResumed]
) -> None:
    """Note how runs ended and which sources stand still, for what is shown as covered."""
    await service.note_runs(session, events)
