"""What search hears: every lien that appeared or changed, and what becomes of those who save searches."""

from __future__ import annotations

from taxlien.interfaces.liens import LienChanged, LienCreated, LienStatusChanged
from taxlien.interfaces.ml import LienScored
from taxlien.interfaces.users import TierChanged, UserErasureDue, UserExportRequested
from taxlien.kit.database import Session
from taxlien.kit.handlers import on, on_batch

from . import service


@on_batch(LienCreated, LienChanged, LienStatusChanged, max_messages=5_000, max_wait=0.2)
async def index_liens(
    session: Session, events: list[LienCreated | LienChanged | LienStatusChanged]
) -> None:
    """Index the liens of a batch. The index is durable before the session's transaction commits."""
    await service.index_arrived(session, [event.lien for event in events])


# A consumer of its own: an index that is behind holds back no alert, nor the other way round. While
# nothing is saved a bulk import pays for no second reading.
@on_batch(
    LienCreated,
    LienChanged,
    LienStatusChanged,
    max_messages=5_000,
    max_wait=0.2,
    unless=service.nobody_waits,
)
async def match_liens(
    session: Session, events: list[LienCreated | LienChanged | LienStatusChanged]
) -> None:
    """Tell which saved searches the liens of a batch begin to meet."""
    await service.match_liens(session, events)


# What is new is found before it is judged. A message carries hundreds of liens.
@on_batch(LienScored, max_messages=4, max_wait=0.2, patient=True)
async def keep_scores(session: Session, events: list[LienScored]) -> None:
    """Let liens be found and sorted by the risk that a model sees."""
    await service.keep_scores(session, events)


@on(TierChanged, UserExportRequested, UserErasureDue)
async def follow_users(
    session: Session, event: TierChanged | UserExportRequested | UserErasureDue
) -> None:
    """Keep to what a user's tier allows; give all that is kept of a user; forget it."""
    match event:
        case TierChanged():
            await service.follow_tier(session, event)
        case UserExportRequested():
            await service.export_user(session, event)
        case UserErasureDue():
            await service.erase_user(session, event)
