"""What the portfolio hears: every lien that appeared or changed, and what becomes of users."""

from __future__ import annotations

from taxlien.interfaces.liens import AuctionScheduled, LienChanged, LienCreated, LienStatusChanged
from taxlien.interfaces.users import TierChanged, UserErasureDue, UserExportRequested
from taxlien.kit.database import Session
from taxlien.kit.handlers import on, on_batch

from . import service


@on_batch(
    LienCreated,
    LienChanged,
    LienStatusChanged,
    max_messages=5_000,
    max_wait=0.2,
    unless=service.nobody_watches,
)
async def hear_liens(
    session: Session, events: list[LienCreated | LienChanged | LienStatusChanged]
) -> None:
    """Tell what the liens of a batch mean to those who watch them."""
    await service.hear_liens(session, events)


@on_batch(AuctionScheduled)
async def hear_sales(session: Session, events: list[AuctionScheduled]) -> None:
    """Keep the coming sales."""
    await service.hear_sales(session, events)


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
