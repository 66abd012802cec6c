"""Python rows as PostgreSQL COPY text, a column at a time: one type check per column, not per value."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from itertools import repeat
from uuid import UUID

import msgspec
from psycopg.types.json import Json, Jsonb

_SPECIAL = re.compile(r"[\\\t\n\r]")
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
_QUOTED = str.maketrans({"\\": r"\\", '"': r"\""})
_json = msgspec.json.Encoder()


def encode_rows(rows: Sequence[Sequence[object]], width: int) -> bytes:
    """Return ``rows`` as COPY text, UTF-8. Raises ``ValueError`` when a row has not ``width`` values."""
    if not set(map(len, rows)) <= {width}:
        raise ValueError(f"a row has not {width} values")
    columns = [_encode_column(column) for column in zip(*rows, strict=True)]
    return ("\n".join(map("\t".join, zip(*columns, strict=True))) + "\n").encode()


def _encode_column(values: tuple[object, ...]) -> Iterable[str]:
    # Much is the same in every row: who said it, when, the county. Only the very same object counts,
    # since equal values may be written differently (1.0 and 1.00).
    if values[0] is values[-1] and len(set(map(id, values))) == 1:
        return repeat(_encode_value(values[0]), len(values))
    kinds = set(map(type, values))
    if len(kinds) == 1:
        return _encode_same(kinds.pop(), values)
    if len(kinds) == 2 and type(None) in kinds:
        kinds.discard(type(None))
        present = iter(
            _encode_same(kinds.pop(), tuple(value for value in values if value is not None))
        )
        return [r"\N" if value is None else next(present) for value in values]
    return map(_encode_value, values)


def _encode_same(kind: type, values: tuple[object, ...]) -> Iterable[str]:
    if kind is str:
        texts: tuple[str, ...] = values  # type: ignore[assignment]
        # One search through all of them is far cheaper than one per value, and mostly finds nothing.
        if not _SPECIAL.search("\0".join(texts)):
            return texts
        return [text.translate(_ESCAPES) for text in texts]
    return map(_encoder(kind), values)


def _encode_value(value: object) -> str:
    return _encoder(type(value))(value)


def _encoder(kind: type) -> Callable[[object], str]:
    """Return how values of ``kind`` are written. Raises ``TypeError`` for a kind it does not know."""
    found = _ENCODERS.get(kind)
    if found is None:
        for known, encoder in _BY_PARENT:
            if issubclass(kind, known):
                return _ENCODERS.setdefault(kind, encoder)
        raise TypeError(f"cannot COPY a {kind.__name__}")
    return found


def _text(value: str) -> str:
    return value.translate(_ESCAPES)


def _enum(value: Enum) -> str:
    return _encode_value(value.value)


def _jsonb(value: Json | Jsonb) -> str:
    return _text(_json.encode(value.obj).decode())


def _array(value: Iterable[object]) -> str:
    return _text(_array_literal(value))


def _array_literal(value: Iterable[object]) -> str:
    return "{" + ",".join(map(_array_item, value)) + "}"


def _array_item(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, (list, tuple)):
        return _array_literal(value)
    if isinstance(value, Enum):
        return _array_item(value.value)
    text = _json.encode(value).decode() if isinstance(value, dict) else _plain(value)
    return '"' + text.translate(_QUOTED) + '"'


def _plain(value: object) -> str:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return r"\x" + value.hex()
    return _encode_value(value)


_ENCODERS: dict[type, Callable[..., str]] = {
    type(None): lambda _: r"\N",
    str: _text,
    int: int.__repr__,
    float: float.__repr__,
    bool: lambda value: "t" if value else "f",
    bytes: lambda value: r"\\x" + value.hex(),
    bytearray: lambda value: r"\\x" + value.hex(),
    memoryview: lambda value: r"\\x" + value.hex(),
    Decimal: Decimal.__str__,
    datetime: datetime.isoformat,
    date: date.isoformat,
    time: time.isoformat,
    timedelta: lambda value: f"{value.total_seconds():.6f} seconds",
    UUID: lambda value: f"{value.int:032x}",
    dict: lambda value: _text(_json.encode(value).decode()),
    Json: _jsonb,
    Jsonb: _jsonb,
    list: _array,
    tuple: _array,
    msgspec.Raw: lambda value: _text(bytes(value).decode()),
}

_BY_PARENT: tuple[tuple[type, Callable[..., str]], ...] = (
    (Enum, _enum),
    (str, _text),
    (bool, _ENCODERS[bool]),
    (int, _ENCODERS[int]),
    (float, _ENCODERS[float]),
    (UUID, _ENCODERS[UUID]),
    (Decimal, _ENCODERS[Decimal]),
    (datetime, _ENCODERS[datetime]),
    (date, _ENCODERS[date]),
    (dict, _ENCODERS[dict]),
    (list, _array),
    (tuple, _array),
)
