"""Names of answers: what was asked, without its words, and which page; signed, and kept nowhere.

A ``search_id`` is the URL-safe base64 of a page, the hour it was answered in and a BLAKE2b code of both.
Everybody who gets the same stored answer has the same one: it names a question, not a person.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import struct
from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple, get_args

from taxlien.kit.errors import InvalidInput

from .counting import OUTCOMES, Kind
from .query import DISTANCE_SORTS, SORTS, Filters
from .words import Role

HOURS_VALID = 24
"""An id is taken in the hour it was made in and in as many more."""

_ROLES: tuple[str, ...] = get_args(Role)
_FILTERS = Filters.__struct_fields__
_ORDERS = (*SORTS, *DISTANCE_SORTS)
_PAGE = struct.Struct(">HQBBIIB5s")  # with the code 42 bytes: 56 characters, none of them padding
_CODE_BYTES = 16
_LONGEST = 64
# Numbers stand for names: an id that was made by other tables must not be read by these.
_TABLES = blake2b(repr((_ROLES, _FILTERS, _ORDERS, OUTCOMES)).encode(), digest_size=16).digest()


class ShownPage(NamedTuple):
    """One page of an answer: ``shown`` liens after the first ``before`` of those found."""

    kind: Kind
    before: int
    shown: int


class SearchIds:
    """Makes ids with the first of ``keys`` and knows those of all: a key that was replaced stays a day."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys:
            raise ValueError("ids need a key")
        self._keys = tuple(keys)

    def issue(self, page: ShownPage, question: bytes, at: datetime) -> str:
        """Return the id of ``page``; ``question`` tells it from others of its kind and is not in it."""
        kind = page.kind
        mark = blake2b(question, digest_size=5, key=self._keys[0]).digest()
        packed = _PAGE.pack(
            _bits(_ROLES, kind.roles),
            _bits(_FILTERS, kind.filters),
            _ORDERS.index(kind.sort),
            OUTCOMES.index(kind.outcome),
            _hour(at),
            page.before,
            page.shown,
            mark,
        )
        return base64.urlsafe_b64encode(packed + _code(packed, self._keys[0])).decode()

    def read(self, search_id: str, at: datetime) -> ShownPage:
        """Return the page that an id names. Raises ``InvalidInput`` naming ``search_id`` for one that was
        not made here, and for one that is older than a day."""
        packed = self._checked(search_id)
        roles, filters, order, outcome, hour, before, shown, _ = _PAGE.unpack(packed)
        if not hour <= _hour(at) + 1 or _hour(at) - hour > HOURS_VALID:
            raise InvalidInput("search_id", "is older than a day: search again")
        kind = Kind(
            tuple(sorted(_named(_ROLES, roles))),
            tuple(sorted(_named(_FILTERS, filters))),
            _ORDERS[order],
            OUTCOMES[outcome],
        )
        return ShownPage(kind, before, shown)

    def _checked(self, search_id: str) -> bytes:
        try:
            raw = base64.b64decode(search_id[: _LONGEST + 1], altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        packed, code = raw[: _PAGE.size], raw[_PAGE.size :]
        if len(code) == _CODE_BYTES:
            for key in self._keys:
                if hmac.compare_digest(code, _code(packed, key)):
                    return packed
        raise InvalidInput("search_id", "is not one that an answer of /v1/search gave")


def _code(packed: bytes, key: bytes) -> bytes:
    return blake2b(packed, digest_size=_CODE_BYTES, key=key, person=_TABLES).digest()


def _hour(at: datetime) -> int:
    return int(at.timestamp()) // 3600


def _bits(table: Sequence[str], names: Iterable[str]) -> int:
    return sum(1 << table.index(name) for name in names)


def _named(table: Sequence[str], bits: int) -> Iterable[str]:
    return (name for number, name in enumerate(table) if bits >> number & 1)
