"""Heads of the audit log, kept where who can write the database cannot: small objects, sealed.

An anchor's key says which row had which hash, so that a listing is enough to compare; its content is
the same under a seal, which only a holder of the key can make.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from obstore.exceptions import BaseError

from taxlien.kit.security.sealing import Keyring, SealBroken
from taxlien.kit.settings import KitSettings, read_settings

from .uploads import ObjectMissing, Objects

_FOLDER = "audit-anchors"
_KEY = re.compile(rf"{_FOLDER}/([0-9]{{20}})-([0-9a-f]{{64}})")
_CONTEXT = "users.audit_anchor"
_MOST_BYTES = 4096


class AnchorsAway(Exception):
    """The object store does not answer."""


class Anchor(NamedTuple):
    """Row ``id`` of the audit log had ``hash``."""

    id: int
    hash: bytes


async def put_anchor(anchor: Anchor) -> str:
    """Store an anchor and return its key. Stored again it stays the same."""
    key = _key_of(anchor)
    sealed = _keyring().seal(key.encode(), _CONTEXT)
    await Objects.from_environment().write(key, sealed, "application/octet-stream")
    return key


async def list_anchors() -> list[Anchor]:
    """Return the anchors that are stored, the oldest first, by their keys. Raises ``AnchorsAway``."""
    try:
        keys = await Objects.from_environment().keys(_FOLDER)
    except BaseError as error:
        raise AnchorsAway(type(error).__name__) from None
    found = [_KEY.fullmatch(key) for key in keys]
    return [Anchor(int(m[1]), bytes.fromhex(m[2])) for m in found if m is not None]


async def is_genuine(anchor: Anchor) -> bool:
    """Say whether an anchor was written by us: somebody else's proves nothing."""
    key = _key_of(anchor)
    try:
        sealed = await Objects.from_environment().read(key, at_most=_MOST_BYTES)
        return _keyring().open(sealed, _CONTEXT) == key.encode()
    except (ObjectMissing, SealBroken):
        return False


def _key_of(anchor: Anchor) -> str:
    return f"{_FOLDER}/{anchor.id:020d}-{anchor.hash.hex()}"


def _keyring() -> Keyring:
    return Keyring.from_settings(read_settings(KitSettings))
