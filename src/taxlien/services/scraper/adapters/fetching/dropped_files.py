"""Files that somebody put into a folder or an S3 bucket, given as pages: so a drop is collected like a site.

``/`` is the listing of the site's folder as JSON, any other path a file in it. Nothing outside the folder
is ever read: no ``..``, and no link that leads away.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import msgspec
import obstore
from obstore.store import LocalStore, S3Store

from taxlien.kit.buckets import open_bucket
from taxlien.kit.settings import KitSettings, SettingsError
from taxlien.services.scraper.adapters.platforms.file_drop.reading import MAX_FILES, DroppedFile
from taxlien.services.scraper.logic.pages import PageRequest
from taxlien.services.scraper.logic.sites import Site

from .fetcher import Fetcher, RobotsFacts
from .hosts import must_be_collectable
from .outcomes import Fetched, Refused, Unreachable

PLATFORM = "file_drop"
Store = LocalStore | S3Store


class DroppedContent(NamedTuple):
    """A file's content (null where it is the known one), its mark, and when it was put there."""

    content: bytes | None
    mark: str | None
    put_at: datetime


class Drops:
    """The root of all drops: a folder, or a bucket with a prefix. ``folder`` is null for a bucket."""

    def __init__(self, store: Store, *, folder: Path | None, max_bytes: int) -> None:
        self._store = store
        self._folder = folder
        self._max_bytes = max_bytes

    @classmethod
    def at(cls, url: str, kit: KitSettings, *, max_bytes: int) -> Drops:
        """Open ``file:///folder`` or ``s3://bucket/prefix``. Raises ``SettingsError``."""
        if url.startswith("file://"):
            folder = Path(unquote(url.removeprefix("file://"))).resolve()
            if not folder.is_dir():
                raise SettingsError(f"TAXLIEN_SCRAPER_DROPS_URL: {folder} is no folder")
            return cls(LocalStore(prefix=folder), folder=folder, max_bytes=max_bytes)
        return cls(open_bucket(url, kit), folder=None, max_bytes=max_bytes)

    async def listing(self, folder: str) -> bytes:
        """Return the files of a folder as JSON, in the order of their names. Raises ``Refused``."""
        prefix = f"{_checked(folder)}/" if folder else ""
        files = [
            DroppedFile(path.removeprefix(prefix), size, mark)
            async for path, size, mark in self._objects(prefix)
        ]
        return msgspec.json.encode(sorted(files, key=lambda file: file.name))

    async def file(self, folder: str, name: str, *, known: str | None) -> DroppedContent:
        """Return a file; without its content where its mark is the ``known`` one.

        Raises ``Refused``, and ``LookupError`` where there is none.
        """
        path = _checked(f"{folder}/{name}" if folder else name)
        if not self._inside(path):
            raise Refused(f"{name} leads out of the folder")
        try:
            meta = await obstore.head_async(self._store, path)
            if meta["size"] > self._max_bytes:
                raise Refused(f"{name} has {meta['size']:,} bytes, more than are taken")
            if known is not None and meta["e_tag"] == known:
                return DroppedContent(None, known, meta["last_modified"])
            found = await obstore.get_async(self._store, path)
        except FileNotFoundError as error:
            raise LookupError(path) from error
        content = bytes(await found.bytes_async())
        return DroppedContent(content, found.meta["e_tag"], found.meta["last_modified"])

    async def _objects(self, prefix: str) -> AsyncIterator[tuple[str, int, str]]:
        left = MAX_FILES + 1
        async for batch in obstore.list(self._store, prefix=prefix or None):
            for meta in batch:
                path = str(meta["path"])
                hidden = path.rsplit("/", 1)[-1].startswith(".")
                if left <= 0 or hidden or not self._inside(path):
                    continue
                left -= 1
                yield path, meta["size"], meta["e_tag"] or str(meta["last_modified"])

    def _inside(self, path: str) -> bool:
        """Say whether a path stays in the folder when its links are followed."""
        if self._folder is None:
            return True
        return (self._folder / path).resolve().is_relative_to(self._folder)


class WithDroppedFiles:
    """Takes sites of platform ``file_drop`` from ``drops``, and asks ``others`` for the rest."""

    def __init__(self, others: Fetcher, drops: Drops | None) -> None:
        self._others = others
        self._drops = drops

    async def fetch(
        self,
        site: Site,
        request: PageRequest,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
    ) -> Fetched:
        """Return a page or a file, as ``Fetcher.fetch`` does."""
        if site.platform != PLATFORM:
            return await self._others.fetch(site, request, etag=etag, last_modified=last_modified)
        must_be_collectable(site)
        if self._drops is None:
            raise Refused("TAXLIEN_SCRAPER_DROPS_URL is not set: there is no folder of files")
        folder = str(site.start.get("folder", site.name)).strip("/")
        name = unquote(request.path).strip("/")
        now = datetime.now(UTC)
        url = f"{site.base_url.rstrip('/')}#{folder}/{name}"
        try:
            if not name:
                content = await self._drops.listing(folder)
                return Fetched(
                    url=url,
                    status=200,
                    headers={"content-type": "application/json"},
                    content=content,
                    fetched_at=now,
                    bytes_read=len(content),
                )
            found = await self._drops.file(folder, name, known=etag)
        except LookupError:
            return Fetched(url=url, status=404, headers={}, content=b"", fetched_at=now)
        except (OSError, obstore.exceptions.BaseError) as error:
            raise Unreachable(f"the folder of files: {type(error).__name__}") from error
        return Fetched(
            url=url,
            status=200,
            headers={"last-modified": found.put_at.isoformat()},
            content=found.content or b"",
            fetched_at=now,
            etag=found.mark,
            not_modified=found.content is None,
            bytes_read=len(found.content or b""),
        )

    async def renew_session(self, site: Site, session: str) -> None:
        """Forget a session; files have none."""
        if site.platform != PLATFORM:
            await self._others.renew_session(site, session)

    async def robots(self, site: Site) -> RobotsFacts:
        """Return what robots.txt says; a folder has none, as a host that answers 404."""
        if site.platform != PLATFORM:
            return await self._others.robots(site)
        empty = hashlib.sha256(b"").hexdigest()
        return RobotsFacts(url="", status=404, fetched_at=datetime.now(UTC), sha256=empty)


def _checked(path: str) -> str:
    parts = path.split("/")
    if any(part in {"", ".", ".."} or "\x00" in part for part in parts):
        raise Refused(f"{path!r} is no path inside the folder of files")
    return path
