"""What failed attempts are counted for: an account from devices it does not know, a device, an address."""

from __future__ import annotations

import hashlib
from ipaddress import IPv6Address, ip_address
from typing import Literal, NamedTuple
from uuid import UUID

Scope = Literal["password", "second_factor", "mail", "sign_up"]


class Subject(NamedTuple):
    """``name`` is what is counted, hashed; at most ``limit`` in ``window`` seconds."""

    name: str
    limit: int
    window: float


def subject_name(kind: str, value: str) -> str:
    """Return a name that tells nobody what it stands for: no address is kept to count failures."""
    return f"{kind}:{hashlib.sha256(value.encode()).hexdigest()[:32]}"


def account_name(scope: Scope, account: str, device_id: UUID | None) -> str:
    """Return what counts for an account.

    A device that the account knows counts for itself: whoever fails on purpose elsewhere cannot lock the
    owner out of a browser that was used before.
    """
    kind = f"{scope}.account" if device_id is None else f"{scope}.device"
    return subject_name(kind, account if device_id is None else f"{account} {device_id}")


def address_name(scope: Scope, address: str) -> str:
    """Return what counts for an IP address; an IPv6 network of 64 bits is one household."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return subject_name(f"{scope}.address", "unknown")
    if isinstance(parsed, IPv6Address):
        mapped = parsed.ipv4_mapped
        parsed_text = str(mapped) if mapped else f"{int(parsed) >> 64:x}"
        return subject_name(f"{scope}.address", parsed_text)
    return subject_name(f"{scope}.address", str(parsed))
