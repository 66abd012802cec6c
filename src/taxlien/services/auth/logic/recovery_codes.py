"""Recovery codes: what lets people in when the phone is gone. Random, so a plain hash keeps them."""

from __future__ import annotations

import hashlib
import secrets
from uuid import UUID

COUNT = 10
_LETTERS = "abcdefghjkmnpqrstvwxyz0123456789"  # 32, without i, l, o, u: those are misread
_LENGTH = 16  # 80 bits: too many to try, even against a stolen table
_GROUP = 4
_MISREAD = str.maketrans({"i": "1", "l": "1", "o": "0", "-": "", " ": ""})


def new_codes() -> tuple[str, ...]:
    """Return ten codes such as ``7k2m-pq9d-x4ha-t6vn``."""
    return tuple(_new_code() for _ in range(COUNT))


def hash_of(user_id: UUID, code: str) -> bytes:
    """Return what is stored of ``code``: SHA-256 over its user and its letters, however typed."""
    letters = code.strip().lower().translate(_MISREAD)
    return hashlib.sha256(user_id.bytes + letters.encode("utf-8", "surrogatepass")).digest()


def _new_code() -> str:
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    return "-".join(letters[i : i + _GROUP] for i in range(0, _LENGTH, _GROUP))
