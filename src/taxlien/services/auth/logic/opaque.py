"""Tokens that mean nothing by themselves: random, and stored only as their SHA-256."""

from __future__ import annotations

import hashlib
import secrets

TOKEN_BYTES = 32
MAX_LENGTH = 128


def new_token() -> str:
    """Return 256 random bits as URL-safe text."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest(token: str) -> bytes:
    """Return what is stored of a token. With 256 random bits there is nothing a slow hash would add."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
