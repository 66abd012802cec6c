"""Raw pages in MongoDB: a document per fetch, the content in GridFS under its own hash.

Imported only where the settings choose MongoDB, since its driver is optional (extra ``mongo``).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID

import msgspec
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions
from gridfs import AsyncGridFSBucket
from gridfs.errors import FileExists, NoFile
from pymongo import ASCENDING, DESCENDING, AsyncMongoClient, IndexModel
from pymongo.errors import DuplicateKeyError

from taxlien.kit.ids import new_id
from taxlien.services.scraper.logic.pages import READABLE, PageRequest

from .compressing import compressed, restored
from .raw_store import PageFacts, RawPage, RawPageMissing

_BATCH = 500
_SELECTION_SECONDS = 5
# MongoDB keeps milliseconds; the rest is kept beside, so that a page comes back as it went in.
_MICROSECONDS = "fetched_us"

_INDEXES = [
    IndexModel([("source", ASCENDING), ("key", ASCENDING), (_MICROSECONDS, DESCENDING)]),
    IndexModel([(_MICROSECONDS, ASCENDING), ("_id", ASCENDING)]),
    IndexModel([("source", ASCENDING), (_MICROSECONDS, ASCENDING), ("_id", ASCENDING)]),
]


class MongoRawStore:
    """Raw pages in one database. Open it with ``open``."""

    def __init__(self, client: AsyncMongoClient[dict[str, Any]], *, level: int = 3) -> None:
        options: CodecOptions[dict[str, Any]] = CodecOptions(
            uuid_representation=UuidRepresentation.STANDARD, tz_aware=True, tzinfo=UTC
        )
        self._client = client
        database = client.get_default_database("taxlien_scraper", codec_options=options)
        self._pages = database["raw_pages"]
        self._contents = AsyncGridFSBucket(database, bucket_name="raw_contents")
        self._level = level

    @classmethod
    async def open(cls, url: str, *, level: int = 3) -> Self:
        """Connect and see that the indexes are there. Raises ``pymongo.errors.PyMongoError``."""
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
            url, serverSelectionTimeoutMS=_SELECTION_SECONDS * 1000, tz_aware=True
        )
        store = cls(client, level=level)
        await store._pages.create_indexes(_INDEXES)
        return store

    async def put(self, facts: PageFacts, content: bytes) -> RawPage:
        """Keep one page."""
        return (await self.put_many([(facts, content)]))[0]

    async def put_many(self, pages: Sequence[tuple[PageFacts, bytes]]) -> list[RawPage]:
        """Keep several pages: every content first, then the documents in one command."""
        if not pages:
            return []
        hashes = [hashlib.sha256(content).hexdigest() for _, content in pages]
        wanted = dict(zip(hashes, (content for _, content in pages), strict=True))
        sizes = await asyncio.gather(*(self._store(sha, body) for sha, body in wanted.items()))
        stored = dict(zip(wanted, sizes, strict=True))
        kept = [
            RawPage(
                id=new_id(),
                facts=facts,
                sha256=sha256,
                size=len(content),
                stored_size=stored[sha256],
            )
            for (facts, content), sha256 in zip(pages, hashes, strict=True)
        ]
        await self._pages.insert_many([_document(page) for page in kept])
        return kept

    async def get(self, page_id: UUID) -> RawPage:
        """Return a page's facts. Raises ``RawPageMissing``."""
        found = await self._pages.find_one({"_id": page_id})
        if found is None:
            raise RawPageMissing(str(page_id))
        return _page(found)

    async def content(self, page: RawPage) -> bytes:
        """Return a page's bytes as they came. Raises ``RawPageMissing`` and ``RawPageDamaged``."""
        try:
            stream = await self._contents.open_download_stream(page.sha256)
            frame = await stream.read()
        except NoFile:
            raise RawPageMissing(page.sha256) from None
        return restored(frame, sha256=page.sha256, size=page.size)

    async def latest(self, source: str, key: str, *, readable: bool = False) -> RawPage | None:
        """Return the page as fetched last, or None where it never was."""
        wanted: dict[str, Any] = {"source": source, "key": key}
        if readable:
            wanted["verdict"] = {"$in": [None, *sorted(READABLE)]}
        found = await self._pages.find_one(wanted, sort=[(_MICROSECONDS, DESCENDING)])
        return None if found is None else _page(found)

    async def iterate(
        self, *, source: str | None = None, since: datetime | None = None
    ) -> AsyncIterator[RawPage]:
        """Yield pages in the order fetched, a few hundred at a time."""
        wanted: dict[str, Any] = {}
        if source is not None:
            wanted["source"] = source
        if since is not None:
            wanted[_MICROSECONDS] = {"$gte": _microseconds(since)}
        order = [(_MICROSECONDS, ASCENDING), ("_id", ASCENDING)]
        async for found in self._pages.find(wanted, sort=order, batch_size=_BATCH):
            yield _page(found)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _store(self, sha256: str, content: bytes) -> int:
        """Put a content under its hash unless it is there. Returns what it takes."""
        async for known in self._contents.find({"_id": sha256}, limit=1):
            return int(known.length)
        frame = await asyncio.to_thread(compressed, content, self._level)
        with suppress(FileExists, DuplicateKeyError):  # another worker was quicker: the same bytes
            await self._contents.upload_from_stream_with_id(sha256, sha256, frame)
        return len(frame)


def _document(page: RawPage) -> dict[str, Any]:
    facts = page.facts
    return {
        "_id": page.id,
        "source": facts.source,
        "key": facts.key,
        "url": facts.url,
        "status": facts.status,
        # As pairs: a header's name may hold a dot, which a field's name had better not.
        "headers": [list(pair) for pair in facts.headers.items()],
        "fetched_at": facts.fetched_at,
        _MICROSECONDS: _microseconds(facts.fetched_at),
        "sha256": page.sha256,
        "size": page.size,
        "stored_size": page.stored_size,
        "parser_version": facts.parser_version,
        "request": msgspec.json.encode(facts.request).decode(),
        "verdict": facts.verdict,
    }


def _page(found: Mapping[str, Any]) -> RawPage:
    return RawPage(
        id=found["_id"],
        facts=PageFacts(
            source=found["source"],
            key=found["key"],
            url=found["url"],
            status=found["status"],
            headers=dict(found["headers"]),
            fetched_at=_moment(found[_MICROSECONDS]),
            parser_version=found["parser_version"],
            request=msgspec.json.decode(found["request"], type=PageRequest),
            verdict=found.get("verdict"),
        ),
        sha256=found["sha256"],
        size=found["size"],
        stored_size=found["stored_size"],
    )


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _microseconds(moment: datetime) -> int:
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _moment(microseconds: int) -> datetime:
    seconds, rest = divmod(microseconds, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)
