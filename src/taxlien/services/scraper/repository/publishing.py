"""Publishing in chunks: a page leaves the run and its facts become the known ones, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text

from taxlien.kit.database import Session


class TakenPage(NamedTuple):
    """A page that was read and is being published. ``card`` says where and when it was read."""

    number: int
    key: str
    unchanged: bool
    card: dict[str, Any]
    memory: dict[str, Any]


_TAKE = text(
    """
    DELETE FROM scraper.run_pages WHERE run_id = :run_id AND key = ANY(ARRAY(
        SELECT key FROM scraper.run_pages
        WHERE run_id = :run_id AND state IN ('read', 'unchanged')
        ORDER BY number LIMIT :count FOR UPDATE SKIP LOCKED
    )) RETURNING number, key, state = 'unchanged', card, memory
    """
)


async def take(session: Session, run_id: UUID, count: int) -> list[TakenPage]:
    """Take the next pages out of the run. That they are gone is the mark that they were published."""
    rows = await session.execute(_TAKE, {"run_id": run_id, "count": count})
    return sorted(TakenPage(*row) for row in rows)


_TAKE_LISTS = text(
    """
    DELETE FROM scraper.run_pages WHERE run_id = :run_id AND key = ANY(:keys)
        AND state IN ('read', 'unchanged')
    RETURNING number, key, state = 'unchanged', card, memory
    """
)


async def take_keys(session: Session, run_id: UUID, keys: Sequence[str]) -> list[TakenPage]:
    """Take these pages out of the run, as ``take`` does; those that are out already do not come."""
    rows = await session.execute(_TAKE_LISTS, {"run_id": run_id, "keys": list(keys)})
    return sorted(TakenPage(*row) for row in rows)


# Whatever the page did not say before is news, unless another page of the source said the very same:
# items move from page to page of a list.
_CHANGED = text(
    """
    SELECT staged.page, staged.kind, staged.key, encode(staged.sha256, 'hex'), staged.said::text
    FROM scraper.staged AS staged
    LEFT JOIN scraper.facts AS fact ON fact.source = :source AND fact.page = staged.page
        AND fact.kind = staged.kind AND fact.key = staged.key
    WHERE staged.run_id = :run_id AND staged.page = ANY(:pages)
        AND fact.sha256 IS DISTINCT FROM staged.sha256
        AND (fact.key IS NOT NULL OR NOT EXISTS (
            SELECT FROM scraper.facts AS elsewhere WHERE elsewhere.source = :source
                AND elsewhere.key = staged.key AND elsewhere.kind = staged.kind
                AND elsewhere.sha256 = staged.sha256))
    """
)


async def changed(
    session: Session, run_id: UUID, source: str, pages: Sequence[str]
) -> list[tuple[str, str, str, str, str]]:
    """Return what these pages say anew: page, kind, key, sha256 (hex), JSON."""
    values = {"run_id": run_id, "source": source, "pages": list(pages)}
    rows = await session.execute(_CHANGED, values)
    return [(row[0], row[1], row[2], row[3], row[4]) for row in rows]


_UPSERT = text(
    """
    INSERT INTO scraper.facts AS known (source, page, kind, key, sha256, said)
    SELECT :source, page, kind, key, sha256, said FROM scraper.staged
    WHERE run_id = :run_id AND page = ANY(:pages)
    ON CONFLICT (source, page, kind, key) DO UPDATE SET said = excluded.said,
        sha256 = excluded.sha256, gone_at = NULL,
        changed_at = CASE WHEN known.sha256 = excluded.sha256
            THEN known.changed_at ELSE excluded.changed_at END
    WHERE known.sha256 <> excluded.sha256 OR known.gone_at IS NOT NULL
    """
)
_UNSTAGE = text("DELETE FROM scraper.staged WHERE run_id = :run_id AND page = ANY(:pages)")


async def accept(session: Session, run_id: UUID, source: str, pages: Sequence[str]) -> None:
    """Make what these pages say the known facts, and unstage it."""
    values = {"run_id": run_id, "pages": list(pages)}
    await session.execute(_UPSERT, values | {"source": source})
    await session.execute(_UNSTAGE, values)
