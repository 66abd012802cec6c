"""The finished ZIP of an export in the object store, sealed."""

from __future__ import annotations

import asyncio
from uuid import UUID

from taxlien.kit.security.sealing import Keyring, SealBroken
from taxlien.kit.settings import KitSettings, read_settings

from .uploads import ObjectMissing, Objects

_MEDIA_TYPE = "application/octet-stream"
_ARCHIVE_CONTEXT = "users.export"


class ArchiveUnreadable(Exception):
    """A finished export is not there, or does not open."""


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


def _keyring() -> Keyring:
    return Keyring.from_settings(read_settings(KitSettings))
