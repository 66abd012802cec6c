"""How the values of parameters are read. Every refusal is an ``InvalidInput`` that names the parameter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TypeVar

import msgspec

from taxlien.kit.errors import InvalidInput

MAX_CHOICES = 60

_I64 = 2**63 - 1
_LONGEST_NUMBER = 40
_HUNDREDTHS = 100
T = TypeVar("T")


class Span(msgspec.Struct, frozen=True):
    """An inclusive range of integers; None is open."""

    low: int | None = None
    high: int | None = None


def choices(field: str, values: Sequence[str], read: Callable[[str], T]) -> tuple[T, ...]:
    """Read ``a,b`` and repeated parameters alike; an empty one filters nothing.

    ``read`` raises ``ValueError`` for a value that it does not know.
    """
    parts = [p.strip() for value in values for p in value.split(",") if p.strip()]
    if len(parts) > MAX_CHOICES:
        raise InvalidInput(field, f"has too many values: at most {MAX_CHOICES}")
    try:
        return tuple(dict.fromkeys(read(p) for p in parts))
    except ValueError as error:
        raise InvalidInput(field, str(error)) from None


def one_of(known: Sequence[str]) -> Callable[[str], str]:
    """Return what reads one of the ``known`` words, whatever its case."""

    def read(text: str) -> str:
        word = text.casefold()
        if word not in known:
            raise ValueError(f"unknown: take one of {', '.join(known)}")
        return word

    return read


def span(name: str, low: str | None, high: str | None, scale: int = _HUNDREDTHS) -> Span | None:
    """Read ``name_min`` and ``name_max`` as whole parts, ``scale`` to one."""
    return _ordered((f"{name}_min", low), (f"{name}_max", high), lambda f, t: _scaled(f, t, scale))


def day_span(name: str, first: str | None, last: str | None) -> Span | None:
    """Read ``name_from`` and ``name_to`` as proleptic ordinals of ISO dates."""
    return _ordered((f"{name}_from", first), (f"{name}_to", last), _day)


def truth(field: str, text: str | None) -> bool | None:
    """Read ``true`` or ``false``; None where nothing was given."""
    word = (text or "").strip().casefold()
    if word not in ("", "true", "false"):
        raise InvalidInput(field, "must be true or false")
    return word == "true" if word else None


def _ordered(
    low: tuple[str, str | None],
    high: tuple[str, str | None],
    read: Callable[[str, str], int],
) -> Span | None:
    first, last = (read(f, t.strip()) if t and t.strip() else None for f, t in (low, high))
    if first is None and last is None:
        return None
    if first is not None and last is not None and first > last:
        raise InvalidInput(high[0], f"is below {low[0]}")
    return Span(first, last)


def _scaled(field: str, text: str, scale: int) -> int:
    try:
        value = Decimal(text)
        whole = int(value * scale) if value.is_finite() and abs(value.adjusted()) < 30 else None
    except (InvalidOperation, ValueError):
        whole = None
    if whole is None or len(text) > _LONGEST_NUMBER:
        raise InvalidInput(field, "must be a number, such as 1500 or 12.5")
    if whole < 0:
        raise InvalidInput(field, "must not be negative")
    return min(whole, _I64)


def _day(field: str, text: str) -> int:
    try:
        # Other forms of ISO 8601, such as weeks, are nobody's meaning here.
        day = date.fromisoformat(text) if len(text) == 10 and text[4] == "-" == text[7] else None
    except ValueError:
        day = None
    if day is None:
        raise InvalidInput(field, "must be a date, such as 2026-11-28")
    return day.toordinal()
