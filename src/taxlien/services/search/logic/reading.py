"""How the values of parameters are read. Every refusal is an ``InvalidInput`` that names the parameter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation
from typing import TypeVar

import msgspec

from taxlien.kit.errors import InvalidInput

MAX_CHOICES = 60

_I64 = 2**63 - 1
_LONGEST_NUMBER = 40
_MOST_DIGITS = 30
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
    if not values:
        return ()
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
    """Read ``name_min`` and ``name_max`` as whole parts, ``scale`` to one: those that lie between."""
    if low is None and high is None:
        return None
    first = _number(f"{name}_min", low)
    last = _number(f"{name}_max", high)
    if first is not None and last is not None and first > last:
        raise InvalidInput(f"{name}_max", f"is below {name}_min")
    if first is None and last is None:
        return None
    return Span(_parts(first, scale, ROUND_CEILING), _parts(last, scale, ROUND_FLOOR))


def day_span(name: str, first: str | None, last: str | None) -> Span | None:
    """Read ``name_from`` and ``name_to`` as proleptic ordinals of ISO dates."""
    low, high = _day(f"{name}_from", first), _day(f"{name}_to", last)
    if low is not None and high is not None and low > high:
        raise InvalidInput(f"{name}_to", f"is before {name}_from")
    return None if low is None and high is None else Span(low, high)


def truth(field: str, text: str | None) -> bool | None:
    """Read ``true`` or ``false``; None where nothing was given."""
    word = (text or "").strip().casefold()
    if word not in ("", "true", "false"):
        raise InvalidInput(field, "must be true or false")
    return word == "true" if word else None


def _number(field: str, text: str | None) -> Decimal | None:
    """Read a number that is not negative and has fewer than thirty digits before the point."""
    if text is None or not text.strip():
        return None
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        value = Decimal("nan")
    known = value.is_finite() and abs(value.adjusted()) < _MOST_DIGITS
    if not known or len(text) > _LONGEST_NUMBER:
        raise InvalidInput(field, "must be a number, such as 1500 or 12.5")
    if value < 0:
        raise InvalidInput(field, "must not be negative")
    return value


def _parts(value: Decimal | None, scale: int, rounding: str) -> int | None:
    if value is None:
        return None
    return min(int((value * scale).to_integral_value(rounding)), _I64)


def _day(field: str, text: str | None) -> int | None:
    text = (text or "").strip()
    if not text:
        return None
    try:
        # Other forms of ISO 8601, such as weeks, are nobody's meaning here.
        day = date.fromisoformat(text) if len(text) == 10 and text[4] == "-" == text[7] else None
    except ValueError:
        day = None
    if day is None:
        raise InvalidInput(field, "must be a date, such as 2026-11-28")
    return day.toordinal()
