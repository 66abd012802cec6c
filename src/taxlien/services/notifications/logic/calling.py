"""What a user's webhook is told, and how an address is known without being kept."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

import msgspec

from .letters import Parameters


def call_body(
    *, message_id: UUID, kind: str, at: datetime, title: str, body: str, link: str, told: Parameters
) -> bytes:
    """Return the JSON of one message for a webhook; ``told`` is what a mail of it is written from."""
    return msgspec.json.encode(
        {
            "message_id": message_id,
            "kind": kind,
            "at": at,
            "title": title,
            "body": body,
            "link": link,
            "data": told,
        }
    )


def address_hash(channel: str, address: str) -> bytes:
    """Return by what an address is found again; mail addresses are one in either case of letters."""
    plain = address.strip().lower() if channel == "email" else address.strip()
    return hashlib.sha256(f"{channel}\n{plain}".encode()).digest()
