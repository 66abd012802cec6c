"""Addresses and parameters of messages at rest: they hold links that open an account."""

from __future__ import annotations

from uuid import UUID

import msgspec

from taxlien.kit.security.sealing import Keyring
from taxlien.services.notifications.logic.letters import Parameters


class Contents(msgspec.Struct):
    """What a message needs to be written; ``to`` is None while the address is not known."""

    to: str | None
    parameters: Parameters


def seal(keyring: Keyring, message_id: UUID, to: str | None, parameters: Parameters) -> bytes:
    """Seal what a message says, for this message alone."""
    plain = msgspec.json.encode(Contents(to, parameters))
    return keyring.seal(plain, _context(message_id))


def unseal(keyring: Keyring, message_id: UUID, sealed: bytes) -> Contents:
    """Return what a message says. Raises ``SealBroken``."""
    plain = keyring.open(sealed, _context(message_id))
    return msgspec.json.decode(plain, type=Contents)


def _context(message_id: UUID) -> str:
    return f"notifications.message:{message_id}"
