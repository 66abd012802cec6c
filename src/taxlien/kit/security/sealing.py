"""Values that only holders of a key can read: AES-256-GCM with keys that rotate.

A sealed value is one version byte, the key's name behind its length, a nonce of 96 random bits, and the
ciphertext with its tag. It is bound to a context such as ``users.tin:<user id>``: moved to another row or
column it does not open.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Mapping
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from taxlien.kit.settings import KitSettings, SettingsError

KEY_BYTES = 32
_VERSION = 1
_NONCE_BYTES = 12
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,32}")


class SealBroken(Exception):
    """A sealed value cannot be opened: damaged, of another context, or of a key that is gone."""


class Keyring:
    """Named keys. The first one seals, all of them open: to rotate, put a new one in front."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """``keys`` maps names (at most 32 letters, digits, ``_.-``) to 32 bytes each, newest first."""
        if not keys:
            raise ValueError("a keyring needs a key")
        for name, key in keys.items():
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} cannot name a key")
            if len(key) != KEY_BYTES:
                raise ValueError(f"key {name} has {len(key)} bytes, not {KEY_BYTES}")
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}
        self.current = next(iter(keys))

    @classmethod
    def from_settings(cls, settings: KitSettings) -> Self:
        """Read ``TAXLIEN_SEALING_KEYS``. Raises ``SettingsError`` that never shows a key."""
        try:
            return cls(parse_keys(settings.require("sealing_keys")))
        except ValueError as error:
            raise SettingsError(f"TAXLIEN_SEALING_KEYS is malformed: {error}") from None

    def seal(self, plain: bytes, context: str) -> bytes:
        """Return ``plain`` sealed under the current key and bound to ``context``."""
        name = self.current.encode()
        head = bytes((_VERSION, len(name))) + name
        nonce = os.urandom(_NONCE_BYTES)
        return (
            head
            + nonce
            + self._ciphers[self.current].encrypt(nonce, plain, head + context.encode())
        )

    def open(self, sealed: bytes, context: str) -> bytes:
        """Return what was sealed. Raises ``SealBroken``."""
        name = self.key_of(sealed)
        cipher = self._ciphers.get(name)
        if cipher is None:
            raise SealBroken(f"sealed with key {name}, which is not on the ring")
        start = 2 + len(name)
        nonce = sealed[start : start + _NONCE_BYTES]
        head = sealed[:start]
        try:
            return cipher.decrypt(nonce, sealed[start + _NONCE_BYTES :], head + context.encode())
        except (InvalidTag, ValueError):
            raise SealBroken("the sealed value is damaged or belongs elsewhere") from None

    def seal_text(self, plain: str, context: str) -> str:
        """Seal a text; the result is URL-safe text, for events and JSON."""
        return base64.urlsafe_b64encode(self.seal(plain.encode(), context)).decode()

    def open_text(self, sealed: str, context: str) -> str:
        """Return the text. Raises ``SealBroken``."""
        try:
            return self.open(base64.urlsafe_b64decode(sealed), context).decode()
        except (binascii.Error, UnicodeDecodeError, ValueError):
            raise SealBroken("the sealed value is damaged or belongs elsewhere") from None

    def is_current(self, sealed: bytes) -> bool:
        """Say whether ``sealed`` is under the current key; if not, open and seal it again."""
        return self.key_of(sealed) == self.current

    @staticmethod
    def key_of(sealed: bytes) -> str:
        """Return the name of the key a value was sealed with. Raises ``SealBroken``."""
        if len(sealed) < 2 or sealed[0] != _VERSION:
            raise SealBroken("this is not a sealed value")
        name = sealed[2 : 2 + sealed[1]].decode("ascii", "replace")
        if not _NAME.fullmatch(name):
            raise SealBroken("this is not a sealed value")
        return name


def parse_keys(text: str) -> dict[str, bytes]:
    """Read ``name:base64,name:base64``, newest first. Raises ``ValueError`` naming the entry by number."""
    keys: dict[str, bytes] = {}
    for number, entry in enumerate(text.split(","), start=1):
        name, separator, encoded = entry.strip().partition(":")
        if not separator or name in keys:
            raise ValueError(f"entry {number} is not name:base64 with a name of its own")
        try:
            keys[name] = base64.b64decode(encoded, altchars=b"-_", validate=True)
        except binascii.Error:
            raise ValueError(f"entry {number} is not base64") from None
    return keys
