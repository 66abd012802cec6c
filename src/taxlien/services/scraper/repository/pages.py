"""Pages as last published: what makes the next visit cheap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import text

from taxlien.kit.database import Session


class KnownPage(NamedTuple):
    """A page as last published; ``memory`` is what an unchanged one need not be parsed again for."""

    key: str
    content_sha256: str
    settled_sha256: str | None
    parser_version: str
    etag: str | None
    last_modified: str | None
    memory: dict[str, Any]


_KNOWN = text(
    "SELECT key, encode(content_sha256, 'hex'), encode(settled_sha256, 'hex'),"
    " parser_version, etag, last_modified, memory"
    " FROM scraper.pages WHERE source = :source AND key = ANY(:keys)"
)


async def known(session: Session, source: str, keys: Sequence[str]) -> dict[str, KnownPage]:
    """Return what is known of these pages."""
    rows = await session.execute(_KNOWN, {"source": source, "keys": list(keys)})
    return {row[0]: KnownPage(*row) for row in rows}


_FACTS = text(
    "SELECT page, kind, key, encode(sha256, 'hex'), said::text FROM scraper.facts"
    " WHERE source = :source AND page = ANY(:keys) AND gone_at IS NULL"
)


async def facts(
    session: Session, source: str, keys: Sequence[str]
) -> list[tuple[str, str, str, str, str]]:
    """Return what these pages said when last published: page, kind, key, sha256 (hex), JSON."""
    if not keys:
        return []
    rows = await session.execute(_FACTS, {"source": source, "keys": list(keys)})
    return [(row[0], row[1], row[2], row[3], row[4]) for row in rows]


_UPSERT = text(
    """
    INSERT INTO scraper.pages AS known (source, key, content_sha256, settled_sha256,
        parser_version, etag, last_modified, memory, run_id, seen_at, changed_at)
    SELECT :source, key, decode(content_sha256, 'hex'), decode(settled_sha256, 'hex'),
        parser_version, etag, last_modified, memory, :run_id, seen_at, seen_at
    FROM json_to_recordset(cast(:rows AS json)) AS page (key text, content_sha256 text,
        settled_sha256 text, parser_version text, etag text, last_modified text, memory jsonb,
        seen_at timestamptz)
    ON CONFLICT (source, key) DO UPDATE SET content_sha256 = excluded.content_sha256,
        settled_sha256 = excluded.settled_sha256, parser_version = excluded.parser_version,
        etag = excluded.etag,
        last_modified = excluded.last_modified, memory = excluded.memory,
        run_id = excluded.run_id, seen_at = excluded.seen_at,
        changed_at = CASE WHEN known.settled_sha256 = excluded.settled_sha256
            THEN known.changed_at ELSE excluded.changed_at END
    """
)


async def upsert(session: Session, source: str, run_id: object, rows: str) -> None:
    """Remember pages of a published run; ``rows`` is a JSON array of objects with the columns."""
    await session.execute(_UPSERT, {"source": source, "run_id": run_id, "rows": rows})
