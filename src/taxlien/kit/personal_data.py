"""What one service keeps of a person, handed over: tables of rows, sealed and stored under their hash.

Parts are written seldom, so keys and store are opened at each use: none outlives a change of settings.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from taxlien.kit.blobs import BlobDamaged, BlobMissing, Blobs
from taxlien.kit.security.sealing import Keyring, SealBroken
from taxlien.kit.settings import KitSettings, read_settings

Tables = Mapping[str, Sequence[Mapping[str, Any]]]
"""Rows by the name of their table."""


class PartUnreadable(Exception):
    """A part is not there, or is not what its service sealed: waiting will not help."""


class Part(NamedTuple):
    """A sealed part. ``sha256`` names it in the store; ``rows`` counts those of all its tables."""

    sha256: str
    rows: int
    content: bytes


async def hand_over(tables: Tables, context: str) -> Part:
    """Seal tables, bound to ``context``, and store them. Raises ``SettingsError`` and what the store does.

    Done again it stores another object: no two seals are alike, and the last part told of counts.
    """
    part = await seal(tables, context)
    await store(part)
    return part


async def seal(tables: Tables, context: str) -> Part:
    """Return tables as a sealed part, for who must know its name before it is stored."""
    return await asyncio.to_thread(_sealed, tables, context)


async def store(part: Part) -> None:
    """Store a part; done twice it is there once."""
    await _blobs().put_if_absent(part.content)


async def read(sha256: str, context: str) -> bytes:
    """Return the JSON of a part's tables. Raises ``PartUnreadable``, which names no content."""
    try:
        content = await _blobs().get(sha256)
        return await asyncio.to_thread(_keyring().open, content, context)
    except (BlobMissing, BlobDamaged, SealBroken, ValueError) as error:
        raise PartUnreadable(type(error).__name__) from None


async def remove(sha256: str) -> None:
    """Remove a part; it need not be there."""
    await _blobs().delete(sha256)


def _sealed(tables: Tables, context: str) -> Part:
    content = _keyring().seal(msgspec.json.encode(tables), context)
    return Part(hashlib.sha256(content).hexdigest(), sum(map(len, tables.values())), content)


def _keyring() -> Keyring:
    return Keyring.from_settings(read_settings(KitSettings))


def _blobs() -> Blobs:
    return Blobs.from_settings(read_settings(KitSettings))
