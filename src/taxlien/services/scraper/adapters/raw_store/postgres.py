"""Raw pages in PostgreSQL and objects: rows say what and where, objects hold many contents each."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb
from sqlalchemy import Row, text

from taxlien.kit.blobs import BlobMissing, Blobs
from taxlien.kit.database import Database, copy_rows
from taxlien.kit.ids import new_id
from taxlien.services.scraper.logic.pages import READABLE, PageRequest

from .compressing import compressed, restored
from .raw_store import PageFacts, RawPage, RawPageMissing

_PACK_BYTES = 8_000_000  # of one object, unless a single content is larger
_LARGE = 1_000_000  # compressing more is done beside the event loop
_BATCH = 500
_PAGE_COLUMNS = (
    "id", "source", "key", "url", "status", "headers", "fetched_at", "sha256", "parser_version",
    "request", "verdict",
)  # fmt: skip

_KNOWN = text("SELECT sha256, length FROM scraper.raw_contents WHERE sha256 = ANY(:wanted)")
_ADD_CONTENTS = text(
    """
    INSERT INTO scraper.raw_contents (sha256, size, object_sha256, start, length)
    SELECT * FROM unnest(cast(:sha256 AS bytea[]), cast(:size AS bigint[]),
        cast(:object AS bytea[]), cast(:start AS bigint[]), cast(:length AS integer[]))
    ON CONFLICT (sha256) DO NOTHING
    """
)
_SELECT = """
    SELECT page.id, page.source, page.key, page.url, page.status, page.headers, page.fetched_at,
        page.sha256, page.parser_version, page.request, page.verdict, content.size, content.length
    FROM scraper.raw_pages AS page JOIN scraper.raw_contents AS content USING (sha256)
"""
_ONE = text(f"{_SELECT} WHERE page.id = :id")
_LATEST = text(
    f"{_SELECT} WHERE page.source = :source AND page.key = :key"
    " AND (NOT :readable OR page.verdict IS NULL OR page.verdict = ANY(:verdicts))"
    " ORDER BY page.fetched_at DESC LIMIT 1"
)
_AFTER = "(page.fetched_at, page.id) > (cast(:after_at AS timestamptz), cast(:after_id AS uuid))"
_END = "ORDER BY page.fetched_at, page.id LIMIT :batch"
_NEXT = text(f"{_SELECT} WHERE {_AFTER} {_END}")
_NEXT_OF_SOURCE = text(f"{_SELECT} WHERE page.source = :source AND {_AFTER} {_END}")
_PLACE = text(
    "SELECT object_sha256, start, length FROM scraper.raw_contents WHERE sha256 = :sha256"
)
_FIRST = datetime.fromisoformat("0001-01-02T00:00:00+00:00")


class _Content(NamedTuple):
    sha256: bytes
    size: int
    frame: bytes


class _Place(NamedTuple):
    content: _Content
    start: int


class PostgresRawStore:
    """The default store. It opens its own transactions on ``database``, which stays its owner's."""

    def __init__(self, database: Database, blobs: Blobs, *, level: int = 3) -> None:
        """``level`` is how hard Zstandard tries, 1 to 19."""
        self._database = database
        self._blobs = blobs
        self._level = level

    async def put(self, facts: PageFacts, content: bytes) -> RawPage:
        """Keep one page."""
        return (await self.put_many([(facts, content)]))[0]

    async def put_many(self, pages: Sequence[tuple[PageFacts, bytes]]) -> list[RawPage]:
        """Keep several pages, all or none: contents first, then every row in one transaction."""
        if not pages:
            return []
        hashes = [hashlib.sha256(content).digest() for _, content in pages]
        wanted = dict(zip(hashes, (content for _, content in pages), strict=True))
        async with self._database.session() as session:
            rows = (await session.execute(_KNOWN, {"wanted": list(wanted)})).all()
        lengths: dict[bytes, int] = {bytes(row.sha256): row.length for row in rows}
        places = await self._store({h: c for h, c in wanted.items() if h not in lengths})
        lengths |= {
            h: len(p.content.frame)
            for ps in places.values()
            for p in ps
            for h in [p.content.sha256]
        }
        kept = [
            RawPage(
                id=new_id(),
                facts=facts,
                sha256=sha256.hex(),
                size=len(content),
                stored_size=lengths[sha256],
            )
            for (facts, content), sha256 in zip(pages, hashes, strict=True)
        ]
        async with self._database.session() as session:
            if places:
                await session.execute(_ADD_CONTENTS, _columns(places))
            await copy_rows(session, "raw_pages", _PAGE_COLUMNS, map(_row, kept))
        return kept

    async def get(self, page_id: UUID) -> RawPage:
        """Return a page's facts. Raises ``RawPageMissing``."""
        async with self._database.session() as session:
            row = (await session.execute(_ONE, {"id": page_id})).one_or_none()
        if row is None:
            raise RawPageMissing(str(page_id))
        return _page(row)

    async def content(self, page: RawPage) -> bytes:
        """Return a page's bytes as they came. Raises ``RawPageMissing`` and ``RawPageDamaged``."""
        sha256 = bytes.fromhex(page.sha256)
        async with self._database.session() as session:
            place = (await session.execute(_PLACE, {"sha256": sha256})).one_or_none()
        if place is None:
            raise RawPageMissing(page.sha256)
        name = bytes(place.object_sha256).hex()
        try:
            frame = await self._blobs.get_range(name, place.start, place.length)
        except BlobMissing:
            raise RawPageMissing(page.sha256) from None
        return restored(frame, sha256=page.sha256, size=page.size)

    async def latest(self, source: str, key: str, *, readable: bool = False) -> RawPage | None:
        """Return the page as fetched last, or None where it never was."""
        values = {"source": source, "key": key, "readable": readable, "verdicts": list(READABLE)}
        async with self._database.session() as session:
            found = await session.execute(_LATEST, values)
            row = found.one_or_none()
        return None if row is None else _page(row)

    async def iterate(
        self, *, source: str | None = None, since: datetime | None = None
    ) -> AsyncIterator[RawPage]:
        """Yield pages in the order fetched, a few hundred at a time."""
        query = _NEXT if source is None else _NEXT_OF_SOURCE
        after: dict[str, Any] = {"after_at": since or _FIRST, "after_id": UUID(int=0)}
        while True:
            given = {**after, "batch": _BATCH, **({"source": source} if source else {})}
            async with self._database.session() as session:
                rows = (await session.execute(query, given)).all()
            for row in rows:
                yield _page(row)
            if len(rows) < _BATCH:
                return
            after = {"after_at": rows[-1].fetched_at, "after_id": rows[-1].id}

    async def close(self) -> None:
        """Do nothing: database and objects are their owner's."""

    async def _store(self, contents: Mapping[bytes, bytes]) -> dict[str, list[_Place]]:
        """Put contents into objects, several in each. Returns what lies where, by object."""
        frames: list[_Content] = []
        for sha256, content in contents.items():
            if len(content) > _LARGE:
                frame = await asyncio.to_thread(compressed, content, self._level)
            else:
                frame = compressed(content, self._level)
            frames.append(_Content(sha256, len(content), frame))
        packs = list(_packs(frames))
        stored = await asyncio.gather(
            *(self._blobs.put_if_absent(b"".join(p.content.frame for p in pack)) for pack in packs)
        )
        return {one.sha256: pack for one, pack in zip(stored, packs, strict=True)}


def _packs(contents: Iterable[_Content]) -> Iterable[list[_Place]]:
    pack: list[_Place] = []
    end = 0
    for content in contents:
        if pack and end + len(content.frame) > _PACK_BYTES:
            yield pack
            pack, end = [], 0
        pack.append(_Place(content, end))
        end += len(content.frame)
    if pack:
        yield pack


def _columns(places: Mapping[str, Sequence[_Place]]) -> dict[str, list[Any]]:
    rows = [(bytes.fromhex(name), place) for name, found in places.items() for place in found]
    return {
        "sha256": [place.content.sha256 for _, place in rows],
        "size": [place.content.size for _, place in rows],
        "object": [name for name, _ in rows],
        "start": [place.start for _, place in rows],
        "length": [len(place.content.frame) for _, place in rows],
    }


def _row(page: RawPage) -> tuple[object, ...]:
    facts = page.facts
    return (
        page.id, facts.source, facts.key, facts.url, facts.status, Jsonb(facts.headers),
        facts.fetched_at, bytes.fromhex(page.sha256), facts.parser_version,
        Jsonb(msgspec.to_builtins(facts.request)), facts.verdict,
    )  # fmt: skip


def _page(row: Row[Any]) -> RawPage:
    return RawPage(
        id=row.id,
        facts=PageFacts(
            source=row.source,
            key=row.key,
            url=row.url,
            status=row.status,
            headers=row.headers,
            fetched_at=row.fetched_at,
            parser_version=row.parser_version,
            request=msgspec.convert(row.request, PageRequest),
            verdict=row.verdict,
        ),
        sha256=bytes(row.sha256).hex(),
        size=row.size,
        stored_size=row.length,
    )
