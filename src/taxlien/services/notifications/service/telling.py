"""From items that are due to one message: however many there are, whatever was restarted meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby

import msgspec
from prometheus_client import Counter, Histogram

from taxlien.kit.database import Session
from taxlien.services.notifications import repository
from taxlien.services.notifications.adapters import current
from taxlien.services.notifications.logic.gathering import (
    MOST_SECTIONS,
    MOST_SHOWN,
    Facts,
    Section,
    fact_id,
    told_of,
)
from taxlien.services.notifications.logic.letters import Letter
from taxlien.services.notifications.repository import Gathering

from .gathering import facts_context
from .queueing import queue
from .wishing import rhythm_of

_told = Counter("taxlien_gatherings_told", "Gatherings that became a message", ["kind"])
_late = Histogram("taxlien_telling_late_seconds", "From due to told", ["pace"])

WAIT_FOR_ACCOUNT = timedelta(minutes=10)
WAIT_AFTER_FAILURE = timedelta(minutes=10)


async def due_gatherings(session: Session, limit: int) -> list[Gathering]:
    """Return gatherings that are due, the longest waiting first."""
    return await repository.due_gatherings(session, limit)


async def tell(session: Session, gathering: Gathering) -> bool:
    """Make one message of what was gathered; False where it was told already or has to wait.

    Items are marked told in the transaction that queues the message: a restart tells all of them or
    nothing. In hours of quiet, begun since, and for a user not heard of yet, they wait on.
    """
    recipient = await repository.lock_recipient(session, gathering.user_id)
    now = datetime.now(UTC)
    due = await repository.due_of_gathering(session, *gathering[:3])
    if due is None or due > now:
        return False
    awake = rhythm_of(recipient).awake(now)
    if not recipient.verified and recipient.erased_at is None:
        awake = now + WAIT_FOR_ACCOUNT
    if awake > now:
        await repository.postpone_gathering(session, gathering, awake)
        return False
    sections = await _sections(session, gathering)
    first = await repository.mark_told(session, gathering, now)
    told = told_of(gathering.kind, gathering.pace, sections)
    # The first of its items is in no other message: the same gathering always has the same id.
    await queue(session, recipient, Letter(gathering.kind, parameters=told), fact_id("told", first))
    _told.labels(gathering.kind).inc()
    _late.labels(gathering.pace).observe((now - due).total_seconds())
    return True


async def put_off(session: Session, gathering: Gathering) -> None:
    """Let a gathering that failed wait a while, so that it holds up no other."""
    await repository.postpone_gathering(session, gathering, datetime.now(UTC) + WAIT_AFTER_FAILURE)


async def _sections(session: Session, gathering: Gathering) -> Sequence[Section]:
    """Return a section for each topic, the largest first, opened as far as it is shown."""
    rows = await repository.first_items(session, gathering, MOST_SHOWN)
    keyring = current.keyring()
    sections: list[Section] = []
    for _, group in groupby(rows, key=lambda row: row.topic):
        items = list(group)
        opened: list[Facts] = [
            msgspec.json.decode(keyring.open(row.sealed, facts_context(row.item_id)))
            for row in (items if len(sections) < MOST_SECTIONS else items[:1])
        ]
        sections.append(Section(items[0].total, opened))
    return sections
