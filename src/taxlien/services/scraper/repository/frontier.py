"""The frontier of a run: pages to fetch, claimed in batches for a time, settled once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import text

from taxlien.kit.database import Session
from taxlien.services.scraper.logic.pages import PageRequest

_encode = msgspec.json.Encoder(uuid_format="canonical").encode


class Claimed(NamedTuple):
    """A page to fetch now. ``raw_id`` names a page kept already, to be read again instead."""

    key: str
    request: PageRequest
    raw_id: UUID | None
    attempts: int


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a page. ``waiting`` means once more, in ``retry_seconds``."""

    key: str
    state: str
    error_kind: str | None = None
    error: str | None = None
    retry_seconds: float = 0.0
    card: msgspec.Raw | None = None
    memory: msgspec.Raw | None = None


_ADD = text(
    """
    INSERT INTO scraper.run_pages (run_id, key, request, raw_id)
    SELECT :run_id, key, request, raw_id FROM json_to_recordset(cast(:rows AS json))
        AS page (place integer, key text, request jsonb, raw_id uuid) ORDER BY place
    ON CONFLICT DO NOTHING
    """
)


async def add(session: Session, run_id: UUID, requests: Sequence[PageRequest]) -> int:
    """Add pages that the run does not know yet, in this order. Returns how many were new."""
    if not requests:
        return 0
    rows = [
        {"place": place, "key": request.key, "request": request}
        for place, request in enumerate(requests)
    ]
    result = await session.execute(_ADD, {"run_id": run_id, "rows": _encode(rows).decode()})
    return int(getattr(result, "rowcount", 0))


async def add_raw(session: Session, run_id: UUID, pages: Sequence[tuple[UUID, PageRequest]]) -> int:
    """Add pages that are kept already, to be read again. Returns how many were new."""
    rows = [
        {"place": place, "key": request.key, "request": request, "raw_id": raw_id}
        for place, (raw_id, request) in enumerate(pages)
    ]
    result = await session.execute(_ADD, {"run_id": run_id, "rows": _encode(rows).decode()})
    return int(getattr(result, "rowcount", 0))


_CLAIM = text(
    """
    WITH due AS MATERIALIZED (
        SELECT key FROM scraper.run_pages
        WHERE run_id = :run_id AND state = 'waiting' AND due_at <= now()
        ORDER BY number LIMIT :count FOR UPDATE SKIP LOCKED
    )
    UPDATE scraper.run_pages AS page SET holder = :holder, attempts = attempts + 1,
        due_at = now() + :seconds * interval '1 second'
    FROM due WHERE page.run_id = :run_id AND page.key = due.key
    RETURNING page.number, page.key, page.request, page.raw_id, page.attempts
    """
)


async def claim(
    session: Session, run_id: UUID, holder: UUID, *, count: int, seconds: float
) -> list[Claimed]:
    """Take pages that are due, the oldest first; for ``seconds`` nobody else gets them."""
    values = {"run_id": run_id, "holder": holder, "count": count, "seconds": seconds}
    rows = sorted(await session.execute(_CLAIM, values), key=lambda row: int(row[0]))
    return [
        Claimed(key, msgspec.convert(request, PageRequest), raw_id, attempts)
        for _, key, request, raw_id, attempts in rows
    ]


_SETTLE = text(
    """
    UPDATE scraper.run_pages AS page SET state = done.state, error_kind = done.error_kind,
        error = done.error, card = done.card, memory = done.memory, holder = NULL,
        due_at = now() + coalesce(done.retry_seconds, 0) * interval '1 second'
    FROM json_to_recordset(cast(:rows AS json)) AS done (
        key text, state text, error_kind text, error text, retry_seconds double precision,
        card jsonb, memory jsonb)
    WHERE page.run_id = :run_id AND page.key = done.key AND page.holder = :holder
        AND page.state = 'waiting'
    RETURNING page.key
    """
)


async def settle(
    session: Session, run_id: UUID, holder: UUID, pages: Sequence[Settled]
) -> set[str]:
    """Say what became of claimed pages. Returns those whose claim still held; the rest are another's."""
    if not pages:
        return set()
    values = {"run_id": run_id, "holder": holder, "rows": _encode(list(pages)).decode()}
    return {str(key) for (key,) in await session.execute(_SETTLE, values)}


async def keep(session: Session, run_id: UUID, holder: UUID, seconds: float) -> None:
    """Hold what this holder claimed for longer."""
    statement = text(
        "UPDATE scraper.run_pages SET due_at = now() + :seconds * interval '1 second'"
        " WHERE run_id = :run_id AND holder = :holder AND state = 'waiting'"
    )
    await session.execute(statement, {"run_id": run_id, "holder": holder, "seconds": seconds})


async def give_back(session: Session, run_id: UUID, holder: UUID) -> None:
    """Let others have what this holder claimed and did not settle, as if it never had."""
    statement = text(
        "UPDATE scraper.run_pages SET holder = NULL, due_at = now(), attempts = attempts - 1"
        " WHERE run_id = :run_id AND holder = :holder AND state = 'waiting'"
    )
    await session.execute(statement, {"run_id": run_id, "holder": holder})


_LEFT = text(
    """
    SELECT count(*) FILTER (WHERE state = 'waiting'),
        min(extract(epoch FROM due_at - now())) FILTER (WHERE state = 'waiting'),
        count(*) FILTER (WHERE state = 'failed'), count(*)
    FROM scraper.run_pages WHERE run_id = :run_id
    """
)


class Left(NamedTuple):
    """How far a run is. ``next_seconds`` is when the next page is due, 0 or less for now."""

    waiting: int
    next_seconds: float | None
    failed: int
    known: int


async def left(session: Session, run_id: UUID) -> Left:
    """Return what is left of a run."""
    row = (await session.execute(_LEFT, {"run_id": run_id})).one()
    return Left(row[0], None if row[1] is None else float(row[1]), row[2], row[3])


_IS_DUE = text(
    "SELECT min(extract(epoch FROM due_at - now())) FROM scraper.run_pages"
    " WHERE run_id = :run_id AND state = 'waiting'"
)


async def next_due(session: Session, run_id: UUID) -> float | None:
    """Return in how many seconds a page is due, 0 or less for now, None when none waits."""
    found = (await session.execute(_IS_DUE, {"run_id": run_id})).scalar_one()
    return None if found is None else float(found)


async def count(session: Session, run_id: UUID) -> int:
    """Return how many pages the run knows of."""
    query = text("SELECT count(*) FROM scraper.run_pages WHERE run_id = :run_id")
    return int((await session.execute(query, {"run_id": run_id})).scalar_one())


async def abandon(session: Session, run_id: UUID, kind: str, reason: str) -> int:
    """Fail every page that still waits. Returns how many."""
    statement = text(
        "UPDATE scraper.run_pages SET state = 'failed', error_kind = :kind, error = :reason,"
        " holder = NULL WHERE run_id = :run_id AND state = 'waiting'"
    )
    result = await session.execute(statement, {"run_id": run_id, "kind": kind, "reason": reason})
    return int(getattr(result, "rowcount", 0))


async def failures(session: Session, run_id: UUID, limit: int) -> list[tuple[str, str, str]]:
    """Return pages that could not be had, then those that say nothing: key, kind, reason in words."""
    query = text(
        "SELECT key, coalesce(error_kind, 'nothing'), coalesce(error, '') FROM scraper.run_pages"
        " WHERE run_id = :run_id AND (state = 'failed' OR error IS NOT NULL)"
        " ORDER BY state <> 'failed', number LIMIT :limit"
    )
    rows = await session.execute(query, {"run_id": run_id, "limit": limit})
    return [(key, kind, reason) for key, kind, reason in rows]


async def memories(session: Session, run_id: UUID) -> list[tuple[str, bool, dict[str, Any]]]:
    """Return the pages that are pieces of lists: key, whether changed, what is remembered of them."""
    query = text(
        "SELECT key, state = 'read', memory FROM scraper.run_pages WHERE run_id = :run_id"
        " AND state IN ('read', 'unchanged') AND memory -> 'lists' IS NOT NULL ORDER BY number"
    )
    return [(row[0], row[1], row[2]) for row in await session.execute(query, {"run_id": run_id})]


async def forget(session: Session, run_id: UUID) -> None:
    """Delete the frontier of a run and what it staged."""
    for table in ("run_pages", "staged"):
        statement = text(f"DELETE FROM scraper.{table} WHERE run_id = :run_id")  # noqa: S608
        await session.execute(statement, {"run_id": run_id})
