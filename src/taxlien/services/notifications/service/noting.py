"""From sales, payments and plans to single messages."""

from __future__ import annotations

from datetime import UTC, datetime

from taxlien.interfaces.users import TierChanged
from taxlien.kit.database import Session
from taxlien.services.notifications import repository
from taxlien.services.notifications.logic.kinds import CHANNELS
from taxlien.services.notifications.logic.occasions import Occasion, ends_trial, occasion_of

from .queueing import queue
from .wishing import rhythm_of


async def note_occasion(session: Session, event: Occasion) -> None:
    """Queue the message about an event that stands for itself; the same fact never makes two."""
    recipient = await repository.lock_recipient(session, event.user_id)
    if isinstance(event, TierChanged) and ends_trial(event):
        for channel in CHANNELS:
            await repository.suppress_queued(session, event.user_id, ["trial_ending"], channel)
    zone = rhythm_of(recipient).zone.key
    dated = occasion_of(event, now=datetime.now(UTC), user_zone=zone)
    if dated is not None and recipient.erased_at is None:
        await queue(session, recipient, dated.letter, dated.event_id)
