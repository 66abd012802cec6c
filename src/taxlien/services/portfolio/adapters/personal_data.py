"""Keys and objects that an export of somebody's data is sealed and stored with, opened at first use."""

from __future__ import annotations

from functools import cache

from taxlien.kit.blobs import Blobs
from taxlien.kit.security.sealing import Keyring
from taxlien.kit.settings import KitSettings, read_settings


@cache
def keyring() -> Keyring:
    """Return the keys that seal an export. Raises ``SettingsError``."""
    return Keyring.from_settings(read_settings(KitSettings))


@cache
def blobs() -> Blobs:
    """Return the store of export parts. Raises ``SettingsError``."""
    return Blobs.from_settings(read_settings(KitSettings))
