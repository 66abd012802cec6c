"""Forgetting what has served its time, so that the tables stay as large as what is watched."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from taxlien.kit.database import Database, Session
from taxlien.kit.settings import read_settings
from taxlien.services.portfolio.repository import pruning
from taxlien.services.portfolio.settings import PortfolioSettings

_log = structlog.get_logger("taxlien.portfolio")

ROWS_AT_ONCE = 2_000
_FIRST = UUID(int=0)

Batch = Callable[[Session], Awaitable[int]]


async def prune(
    database: Database,
    now: datetime,
    *,
    is_stopped: Callable[[], bool],
    at_once: int = ROWS_AT_ONCE,
) -> dict[str, int]:
    """Forget what is older than the settings keep, and liens that nobody watches any more.

    Each batch has a transaction of its own: cut off anywhere, or done twice at once, the rest goes next
    time. Returns how many rows went, by table.
    """
    settings = read_settings(PortfolioSettings)
    told_before = now - timedelta(days=settings.keep_days)
    # A day behind the oldest zone: a sale of that day is over everywhere.
    sold_before = now.date() - timedelta(days=settings.keep_sales_days + 1)
    batches: dict[str, Batch] = {
        "triggers": lambda session: pruning.forget_triggers(session, told_before, at_once),
        "auctions": lambda session: pruning.forget_sales(session, sold_before, at_once),
        "neared": lambda session: pruning.forget_neared(session, sold_before, at_once),
    }
    gone = dict.fromkeys((*batches, "watched_liens"), 0)
    for table, batch in batches.items():
        while not is_stopped():
            async with database.session() as session:
                count = await batch(session)
            gone[table] += count
            if count < at_once:
                break
    after: UUID | None = _FIRST
    while after is not None and not is_stopped():
        async with database.session() as session:
            after, count = await pruning.forget_unwatched(session, after, at_once)
        gone["watched_liens"] += count
    if any(gone.values()):
        _log.info("pruned", **gone)
    return gone
