"""From events that may come by the dozen to items that wait to be told together."""

from __future__ import annotations

from collections.abc import Sequence
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
from taxlien.services.notifications.models import Recipient

from .wishing import rhythm_of

News = SearchMatched | WatchTriggered
"""Events that may come by the thousand."""


async def note_news(session: Session, events: Sequence[News]) -> None:
    """Keep what met saved searches and what changed of things watched until their users are told.

    Users are taken in one order, so that two workers never wait for each other.
    """
    of_user: dict[UUID, list[Item]] = {}
    for event in events:
        item = match_of(event) if isinstance(event, SearchMatched) else watch_of(event)
        if item is not None:
            of_user.setdefault(event.user_id, []).append(item)
    for user_id in sorted(of_user):
        await _gather(session, user_id, of_user[user_id])


async def _gather(session: Session, user_id: UUID, items: Sequence[Item]) -> None:
    """Keep items until they are due. They join what waits already; a fact that was kept does nothing."""
    recipient = await repository.lock_recipient(session, user_id)
    if recipient.erased_at is not None:
        return
    due: dict[tuple[str, str], datetime] = {}
    for item in items:
        key = (item.kind, item.gathering)
        if key not in due:
            waiting = await repository.due_of_gathering(session, user_id, *key)
            due[key] = waiting or _due_of(item, recipient)
    await repository.add_gathered(
        session, [_row(user_id, item, due[item.kind, item.gathering]) for item in items]
    )


def _due_of(item: Item, recipient: Recipient) -> datetime:
    settings = current.settings()
    return due_at(
        item.pace,
        datetime.now(UTC),
        rhythm_of(recipient),
        window=timedelta(seconds=settings.gather_seconds),
        hour=settings.morning_hour,
    )


def _row(user_id: UUID, item: Item, due: datetime) -> dict[str, object]:
    context = facts_context(item.item_id)
    return {
        "item_id": item.item_id,
        "user_id": user_id,
        "kind": item.kind,
        "gathering": item.gathering,
        "pace": item.pace,
        "topic": item.topic,
        "rank": item.rank,
        "due_at": due,
        "sealed": current.keyring().seal(msgspec.json.encode(item.facts), context),
    }


def facts_context(item_id: UUID) -> str:
    """Return what the facts of an item are sealed for: this item alone."""
    return f"notifications.gathered:{item_id}"
