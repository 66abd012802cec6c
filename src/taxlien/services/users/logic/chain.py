"""The chain of the audit log: each row's hash covers the row and the hash before it.

The database computes the same bytes when a row is written (migration 0002); this is the reading side,
written a second time on purpose, so that one mistake or one changed function cannot agree with itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from struct import Struct
from typing import NamedTuple
from uuid import UUID

START = bytes(32)
"""What the first row names as the hash before it."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FORMAT = b"taxlien-audit-1"
_int4 = Struct("!i").pack
_int8_pair = Struct("!qq").pack
_NULL = _int4(-1)


class AuditRow(NamedTuple):
    """A row of the audit log. ``fields`` are names of what was seen or changed, never values."""

    id: int
    at: datetime
    actor_id: UUID | None
    actor_roles: Sequence[str]
    subject_id: UUID
    action: str
    fields: Sequence[str]
    reason: str | None
    request_id: str | None
    previous_hash: bytes
    hash: bytes


class Break(NamedTuple):
    """The first place where the log is not what was written. ``id`` is the row's number."""

    id: int
    what: str


def hash_of(row: AuditRow) -> bytes:
    """Return what the row's hash must be, from its values and the hash before it."""
    since_1970 = row.at - _EPOCH
    micros = (since_1970.days * 86_400 + since_1970.seconds) * 1_000_000 + since_1970.microseconds
    return hashlib.sha256(
        b"".join(
            (
                row.previous_hash,
                _FORMAT,
                _int8_pair(row.id, micros),
                _part(row.actor_id.bytes if row.actor_id else None),
                _parts(row.actor_roles),
                _part(row.subject_id.bytes),
                _text(row.action),
                _parts(row.fields),
                _text(row.reason),
                _text(row.request_id),
            )
        )
    ).digest()


class Walk:
    """Checks rows in the order of their numbers, and remembers how far it came."""

    def __init__(self, first: int = 1, previous_hash: bytes = START) -> None:
        """``first`` is the number of the row to come, ``previous_hash`` the hash of the one before."""
        self.rows = 0
        self.head_id = first - 1
        self.head_hash = previous_hash

    def step(self, row: AuditRow) -> Break | None:
        """Check one row; return what is wrong with it, or None and go on."""
        expected = self.head_id + 1
        if row.id != expected:
            return Break(expected, "the row is missing")
        if row.previous_hash != self.head_hash:
            return Break(row.id, "the row does not follow the one before it")
        if hash_of(row) != row.hash:
            return Break(row.id, "the row was altered")
        self.rows += 1
        self.head_id, self.head_hash = row.id, row.hash
        return None


def _part(value: bytes | None) -> bytes:
    return _NULL if value is None else _int4(len(value)) + value


def _text(value: str | None) -> bytes:
    return _part(None if value is None else value.encode())


def _parts(values: Sequence[str]) -> bytes:
    return _int4(len(values)) + b"".join([_text(value) for value in values])
