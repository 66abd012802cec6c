"""The inbox: which events a consumer has had, written in the transaction of what it did with them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from operator import attrgetter
from uuid import UUID

from sqlalchemy import text

from taxlien.kit.database import Session, service_of

# An event may return by redelivery for as long as the bus keeps it, which is 7 days.
RETENTION = timedelta(days=14)

_RECORD = """
WITH fresh AS (
    INSERT INTO {service}.inbox (consumer, event_id)
    SELECT :consumer, unnest(CAST(:ids AS uuid[])) ON CONFLICT DO NOTHING RETURNING event_id
)
SELECT CASE WHEN count(*) < :wanted THEN array_agg(event_id) END, count(*) FROM fresh
"""


async def record_new(session: Session, consumer: str, ids: Sequence[UUID]) -> set[UUID]:
    """Record ``ids`` for ``consumer`` and return those it had not seen before.

    Waits while another transaction is recording one of them, and then answers by how that ended.
    """
    if not ids:
        return set()
    # In one order for all, or two transactions could wait for each other.
    distinct = set(ids)
    wanted = sorted(distinct, key=attrgetter("int"))
    # Mostly all are new; a count then says so without sending them back.
    statement = text(_RECORD.format(service=service_of(session)))
    listed = "{" + ",".join([f"{found.int:032x}" for found in wanted]) + "}"
    result = await session.execute(
        statement, {"consumer": consumer, "ids": listed, "wanted": len(wanted)}
    )
    fresh, count = result.one()
    return distinct if count == len(wanted) else set(fresh or ())


async def prune_inbox(session: Session, older_than: timedelta = RETENTION) -> int:
    """Forget events seen longer ago than ``older_than``. Returns how many."""
    statement = text(
        f"DELETE FROM {service_of(session)}.inbox WHERE seen_at < now() - :age"  # noqa: S608
    )
    result = await session.execute(statement, {"age": older_than})
    return int(result.rowcount)  # type: ignore[attr-defined]
