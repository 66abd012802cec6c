"""Facts that a run read: written in bulk, looked at before they are published."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from taxlien.kit.database import Session, copy_rows

_COLUMNS = ("run_id", "page", "kind", "key", "sha256", "said")


async def replace(
    session: Session, run_id: UUID, pages: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Stage what ``pages`` say; what an earlier attempt staged of them goes."""
    if not pages:
        return
    await session.execute(
        text("DELETE FROM scraper.staged WHERE run_id = :run_id AND page = ANY(:pages)"),
        {"run_id": run_id, "pages": list(pages)},
    )
    await copy_rows(session, "staged", _COLUMNS, rows)


class Compared(NamedTuple):
    """A fact as it was and as it would be, both JSON; one of them may be absent."""

    kind: str
    key: str
    old: str | None
    new: str | None


_CHANGED = text(
    """
    SELECT staged.kind, staged.key, fact.said::text, staged.said::text
    FROM scraper.staged AS staged
    LEFT JOIN scraper.facts AS fact ON fact.source = :source AND fact.page = staged.page
        AND fact.kind = staged.kind AND fact.key = staged.key
    WHERE staged.run_id = :run_id AND fact.sha256 IS DISTINCT FROM staged.sha256
    ORDER BY (fact.key IS NULL), staged.page, staged.key LIMIT :limit
    """
)
# A fact is gone when its page was read, or not found on the walk, and nothing in the run says it now.
_NOT_SAID = """
    FROM scraper.facts AS fact WHERE fact.source = :source AND fact.gone_at IS NULL
        AND NOT EXISTS (SELECT FROM scraper.run_pages AS page WHERE page.run_id = :run_id
            AND page.key = fact.page AND page.state IN ('unchanged', 'failed'))
        AND NOT EXISTS (SELECT FROM scraper.staged AS staged WHERE staged.run_id = :run_id
            AND staged.kind = fact.kind AND staged.key = fact.key {same_page})
"""
_GONE = _NOT_SAID.format(same_page="")
_GONE_FROM_PAGE = _NOT_SAID.format(same_page="AND staged.page = fact.page")
_GONE_SAMPLES = text(
    f"SELECT fact.kind, fact.key, fact.said::text, NULL {_GONE} ORDER BY fact.key LIMIT :limit"
)
_COUNT_GONE = text(f"SELECT count(*) {_GONE}")
_MARK_GONE = text(
    f"UPDATE scraper.facts AS fact SET gone_at = now() WHERE (source, page, kind, key) IN"  # noqa: S608
    f" (SELECT fact.source, fact.page, fact.kind, fact.key {_GONE_FROM_PAGE})"
)


async def samples(session: Session, run_id: UUID, source: str, limit: int) -> list[Compared]:
    """Return facts that changed, then new ones, then gone ones: examples for a person."""
    values = {"run_id": run_id, "source": source, "limit": limit}
    found = [Compared(*row) for row in await session.execute(_CHANGED, values)]
    found += [Compared(*row) for row in await session.execute(_GONE_SAMPLES, values)]
    return found[:limit]


async def count_gone(session: Session, run_id: UUID, source: str) -> int:
    """Return how many published facts nothing in this whole run says any more."""
    values = {"run_id": run_id, "source": source}
    return int((await session.execute(_COUNT_GONE, values)).scalar_one())


async def mark_gone(session: Session, run_id: UUID, source: str) -> int:
    """Mark facts that their page no longer says. They stay; only that is noted."""
    result = await session.execute(_MARK_GONE, {"run_id": run_id, "source": source})
    return int(getattr(result, "rowcount", 0))
