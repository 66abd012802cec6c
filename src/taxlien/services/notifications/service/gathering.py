"""From events that may come by the dozen to items that wait to be told together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from taxlien.interfaces.portfolio import WatchTriggered
from taxlien.interfaces.search import SearchMatched
from taxlien.kit.database import Session
from taxlien.services.notifications import repository
from taxlien.services.notifications.adapters import current
from taxlien.services.notifications.logic.gathering import Item, match_of, watch_of
from taxlien.services.notifications.logic.pacing import due_at

from .wishing import rhythm_of


async def note_match(session: Session, event: SearchMatched) -> None:
    """Keep a lien that began to meet a saved search until its user is told."""
    item = match_of(event)
    if item is not None:
        await gather(session, event.user_id, item)


async def note_watch(session: Session, event: WatchTriggered) -> None:
    """Keep a change of something watched until its user is told."""
    await gather(session, event.user_id, watch_of(event))


async def gather(session: Session, user_id: UUID, item: Item) -> None:
    """Keep an item until it is due. It joins what waits already; a fact that was kept before does nothing."""
    recipient = await repository.lock_recipient(session, user_id)
    if recipient.erased_at is not None:
        return
    due = await repository.due_of_gathering(session, user_id, item.kind, item.gathering)
    if due is None:
        settings = current.settings()
        due = due_at(
            item.pace,
            datetime.now(UTC),
            rhythm_of(recipient),
            window=timedelta(seconds=settings.gather_seconds),
            hour=settings.morning_hour,
        )
    context = facts_context(item.item_id)
    await repository.add_gathered(
        session,
        {
            "item_id": item.item_id,
            "user_id": user_id,
            "kind": item.kind,
            "gathering": item.gathering,
            "pace": item.pace,
            "topic": item.topic,
            "rank": item.rank,
            "due_at": due,
            "sealed": current.keyring().seal(msgspec.json.encode(item.facts), context),
        },
    )


def facts_context(item_id: UUID) -> str:
    """Return what the facts of an item are sealed for: this item alone."""
    return f"notifications.gathered:{item_id}"
