"""Exports in the object store: parts of services and the finished ZIP, all of them sealed."""

from __future__ import annotations

import asyncio
import hashlib
from typing import NamedTuple
from uuid import UUID

from taxlien.interfaces.users import EXPORT_CONTEXT
from taxlien.kit.blobs import BlobDamaged, BlobMissing, Blobs
from taxlien.kit.security.sealing import Keyring, SealBroken
from taxlien.kit.settings import KitSettings, read_settings

from .uploads import ObjectMissing, Objects

_MEDIA_TYPE = "application/octet-stream"
_ARCHIVE_CONTEXT = "users.export"


class PartUnreadable(Exception):
    """A part is not there, or is not what its service sealed: waiting will not help."""


class ArchiveUnreadable(Exception):
    """A finished export is not there, or does not open."""


class SealedPart(NamedTuple):
    """A part ready to be stored under ``sha256``."""

    sha256: str
    content: bytes


def seal_part(export_id: UUID, service: str, body: bytes) -> SealedPart:
    """Seal a service's part. Sealing twice gives different bytes, so nobody else has this object."""
    content = _keyring().seal(body, _part_context(export_id, service))
    return SealedPart(hashlib.sha256(content).hexdigest(), content)


async def put_part(part: SealedPart) -> None:
    """Store a sealed part."""
    await _blobs().put_if_absent(part.content)


async def read_part(export_id: UUID, service: str, sha256: str) -> bytes:
    """Return a part, opened. Raises ``PartUnreadable``."""
    try:
        content = await _blobs().get(sha256)
        return _keyring().open(content, _part_context(export_id, service))
    except (BlobMissing, BlobDamaged, SealBroken, ValueError) as error:
        raise PartUnreadable(f"{service}: {type(error).__name__}") from None


async def remove_blob(sha256: str) -> None:
    """Remove an object of kit's store; it need not be there."""
    await _blobs().delete(sha256)


async def put_archive(key: str, export_id: UUID, content: bytes) -> None:
    """Seal a finished export and store it."""
    context = f"{_ARCHIVE_CONTEXT}:{export_id}"
    sealed = await asyncio.to_thread(_keyring().seal, content, context)
    await Objects.from_environment().write(key, sealed, _MEDIA_TYPE)


async def read_archive(key: str, export_id: UUID, *, at_most: int) -> bytes:
    """Return a finished export, opened. Raises ``ArchiveUnreadable``."""
    try:
        sealed = await Objects.from_environment().read(key, at_most=at_most)
        context = f"{_ARCHIVE_CONTEXT}:{export_id}"
        return await asyncio.to_thread(_keyring().open, sealed, context)
    except (ObjectMissing, SealBroken) as error:
        raise ArchiveUnreadable(type(error).__name__) from None


def _part_context(export_id: UUID, service: str) -> str:
    return f"{EXPORT_CONTEXT}:{export_id}:{service}"


def _keyring() -> Keyring:
    return Keyring.from_settings(read_settings(KitSettings))


def _blobs() -> Blobs:
    return Blobs.from_settings(read_settings(KitSettings))
