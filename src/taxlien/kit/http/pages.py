"""Lists by cursor: an opaque position in an order, never an offset.

A cursor carries the sort values of the last item sent. It is no secret and opens nothing: its checksum
catches mistakes, and its values are decoded into the types the endpoint names, so a tampered cursor is
a 400 that says so.
"""

from __future__ import annotations

import base64
import binascii
from hashlib import blake2s
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from fastapi import Query
from pydantic import BaseModel, Field

from taxlien.kit.http.errors import FieldError, Problem

T = TypeVar("T")
P = TypeVar("P")

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
_CHECKSUM_BYTES = 6
_VERSION = b"taxlien-cursor-1"


class Page(BaseModel, Generic[T]):
    """One page of a list. ``next_cursor`` is null on the last page."""

    items: list[T]
    next_cursor: str | None = Field(
        default=None, description="pass it as `cursor` for the next page"
    )


LimitParam = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="items a page, at most 200")]
CursorParam = Annotated[
    str | None, Query(max_length=1024, description="`next_cursor` of the page before")
]


def encode_cursor(position: object) -> str:
    """Return a position (a tuple, list, struct or plain value that msgspec can write) as opaque text."""
    body = msgspec.json.encode(position)
    return base64.urlsafe_b64encode(_checksum(body) + body).rstrip(b"=").decode()


def decode_cursor(text: str, kind: type[P] | Any) -> P:
    """Read a cursor as ``kind``, such as ``tuple[Decimal, UUID]``. Raises a 400 ``Problem``."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        body = raw[_CHECKSUM_BYTES:]
        if _checksum(body) != raw[:_CHECKSUM_BYTES]:
            raise _bad_cursor()
        position: P = msgspec.json.decode(body, type=kind)
    except (binascii.Error, ValueError, UnicodeError, msgspec.MsgspecError):
        raise _bad_cursor() from None
    return position


def _checksum(body: bytes) -> bytes:
    return blake2s(body, digest_size=_CHECKSUM_BYTES, key=_VERSION).digest()


def _bad_cursor() -> Problem:
    message = "is not a cursor of this list; ask for the first page without one"
    return Problem(400, "bad_cursor", f"cursor {message}", errors=[FieldError("cursor", message)])
