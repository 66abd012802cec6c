"""Stored objects on any S3 server, addressed by the SHA-256 of their content.

The same bytes are stored once, nothing is ever overwritten with something else, and what comes back can
be checked against its own name.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple, Self

import obstore
from obstore.exceptions import NotFoundError
from obstore.store import S3Store

from taxlien.kit.buckets import open_bucket
from taxlien.kit.settings import KitSettings

_SHA256 = re.compile(r"[0-9a-f]{64}")
_CHUNK = 5 * 1024 * 1024


class BlobMissing(LookupError):
    """There is no object of this content."""


class BlobDamaged(Exception):
    """What the store holds under a name is not the content that the name promises."""


class Stored(NamedTuple):
    """What a put did: the name, the size in bytes, and whether the content was new here."""

    sha256: str
    size: int
    is_new: bool


class Blobs:
    """One bucket, or a prefix in one. Names are 64 lower-case hex digits."""

    def __init__(self, store: S3Store) -> None:
        self._store = store

    @classmethod
    def from_settings(cls, settings: KitSettings) -> Self:
        """Return the store that the settings name. Raises ``SettingsError`` when they do not."""
        return cls(open_bucket(settings.require("objects_url"), settings))

    async def put_if_absent(self, content: bytes) -> Stored:
        """Store ``content`` unless it is there already."""
        sha256 = hashlib.sha256(content).hexdigest()
        if await self.exists(sha256):
            return Stored(sha256, len(content), is_new=False)
        await obstore.put_async(self._store, _path(sha256), content)
        return Stored(sha256, len(content), is_new=True)

    async def put_file(self, file: Path) -> Stored:
        """Store a file of any size unless its content is there already; memory stays small."""
        sha256, size = await asyncio.to_thread(_digest, file)
        if await self.exists(sha256):
            return Stored(sha256, size, is_new=False)
        await obstore.put_async(self._store, _path(sha256), file, chunk_size=_CHUNK)
        return Stored(sha256, size, is_new=True)

    async def get(self, sha256: str) -> bytes:
        """Return the whole content. Raises ``BlobMissing``, or ``BlobDamaged`` when it changed."""
        try:
            result = await obstore.get_async(self._store, _path(sha256))
        except (NotFoundError, FileNotFoundError):
            raise BlobMissing(sha256) from None
        content = bytes(await result.bytes_async())
        if hashlib.sha256(content).hexdigest() != sha256:
            raise BlobDamaged(sha256)
        return content

    async def stream(self, sha256: str) -> AsyncIterator[bytes]:
        """Yield the content in pieces. Raises as ``get``; damage shows after the last piece."""
        try:
            result = await obstore.get_async(self._store, _path(sha256))
        except (NotFoundError, FileNotFoundError):
            raise BlobMissing(sha256) from None
        digest = hashlib.sha256()
        async for piece in result.stream(min_chunk_size=256 * 1024):
            content = bytes(piece)
            digest.update(content)
            yield content
        if digest.hexdigest() != sha256:
            raise BlobDamaged(sha256)

    async def get_range(self, sha256: str, start: int, length: int) -> bytes:
        """Return ``length`` bytes from ``start``, fewer at the end. Raises ``BlobMissing``."""
        try:
            part = await obstore.get_range_async(
                self._store, _path(sha256), start=start, length=length
            )
        except (NotFoundError, FileNotFoundError):
            raise BlobMissing(sha256) from None
        return bytes(part)

    async def exists(self, sha256: str) -> bool:
        """Say whether the content is stored."""
        try:
            await obstore.head_async(self._store, _path(sha256))
        except (NotFoundError, FileNotFoundError):
            return False
        return True

    async def delete(self, sha256: str) -> None:
        """Remove the content; it need not be there."""
        try:
            await obstore.delete_async(self._store, _path(sha256))
        except (NotFoundError, FileNotFoundError):
            return

    async def ping(self) -> None:
        """Ask the server whether it lives. Raises what the driver raises; for readiness checks."""
        await self.exists("0" * 64)


def _path(sha256: str) -> str:
    """Return the key, spread over folders that stay small. Raises ``ValueError`` for another name."""
    if not _SHA256.fullmatch(sha256):
        raise ValueError("an object's name is 64 lower-case hex digits")
    return f"sha256/{sha256[:2]}/{sha256[2:4]}/{sha256}"


def _digest(file: Path) -> tuple[str, int]:
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256")
        return digest.hexdigest(), content.tell()
