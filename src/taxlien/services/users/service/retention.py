"""What time does to personal data: jobs that are bounded, may run in any number, and may die at any point.

Each round is one transaction over at most a hundred or so rows, taken with SKIP LOCKED: two workers
share the work, and what one that died had begun is rolled back and done by the next round.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import NamedTuple

import structlog

from taxlien.kit.database import Database, Session
from taxlien.services.users.adapters.anchors import (
    Anchor,
    AnchorsAway,
    is_genuine,
    list_anchors,
    put_anchor,
)

from . import audit, consents, deletions, export_making, exports
from .reviewing import expire_cases
from .tiers import end_trials
from .uploads import remove_objects

__all__ = ["DUTIES", "AnchorsAway", "Duty", "anchor_head", "genuine_anchors"]

_log = structlog.get_logger("taxlien.users.retention")

Round = Callable[[Database], Awaitable[bool]]


class Duty(NamedTuple):
    """A job: ``round`` says whether there may be more to do at once; else it rests for ``seconds``."""

    name: str
    seconds: float
    round: Round


def _in_one_transaction(work: Callable[[Session, datetime], Awaitable[int]]) -> Round:
    async def round_(database: Database) -> bool:
        async with database.session() as session:
            return await work(session, datetime.now(UTC)) > 0

    return round_


async def anchor_head(database: Database) -> bool:
    """Store where the audit log stands outside of the database, and say it in the process's log."""
    async with database.session() as session:
        head = await audit.head(session)
    if head is not None and not await is_genuine(Anchor(*head)):
        await put_anchor(Anchor(*head))
        _log.info("audit_anchored", row=head.id, hash=head.hash.hex())
    return False


async def genuine_anchors(session: Session, since: int) -> list[audit.Head]:
    """Return stored heads from row ``since`` on. One that contradicts the log counts only if genuine.

    Raises ``AnchorsAway`` where the object store does not answer.
    """
    anchors = [anchor for anchor in await list_anchors() if anchor.id >= since]
    hashes = await audit.hashes_of(session, [anchor.id for anchor in anchors])
    return [
        audit.Head(*anchor)
        for anchor in anchors
        if hashes.get(anchor.id) == anchor.hash or await is_genuine(anchor)
    ]


DUTIES: tuple[Duty, ...] = (
    Duty("own parts of exports", 1.0, export_making.make_own_part),
    Duty("archives of exports", 1.0, export_making.assemble),
    Duty("due erasures", 2.0, _in_one_transaction(deletions.begin_due)),
    Duty("ended trials", 30.0, _in_one_transaction(end_trials)),
    Duty("ended checks of identity", 60.0, _in_one_transaction(expire_cases)),
    Duty("objects to remove", 5.0, _in_one_transaction(remove_objects)),
    Duty("expired exports", 60.0, _in_one_transaction(exports.expire_exports)),
    Duty("overdue erasures", 300.0, _in_one_transaction(deletions.ask_again)),
    Duty("decisions past their time", 3600.0, _in_one_transaction(deletions.forget_decisions)),
    Duty("replaced consents", 3600.0, _in_one_transaction(consents.forget_outdated)),
)
