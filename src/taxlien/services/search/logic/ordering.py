"""The order of liens: by a column's value, equal values by id, unknown values last whichever way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import msgspec

TIE_BITS = 26
"""Bits of an order value that hold the beginning of ``Key.low``."""

_SIGN = 1 << 63
_LOW_BITS = 64
HIGHEST = (1 << (_LOW_BITS - 1 - TIE_BITS)) - 1


class Key(msgspec.Struct, frozen=True):
    """Where a lien stands in an order: its value in the order's column, then its id.

    ``value`` is whole units of the column (cents, basis points, ordinals of days, ...), within what
    ``order_value`` can hold; None is unknown. ``low`` is the lower half of the id, as a signed number:
    62 bits of it are random, so that a million liens have two alike once in ten million indexes.
    """

    value: int | None
    low: Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


def order_value(value: int, low: int) -> int:
    """Return one number that sorts as ``Key(value, low)``, up to the first ``TIE_BITS`` of ``low``.

    Values beyond 37 bits (1.37 billion dollars in cents) stand at the end as if they were equal.
    """
    held = min(max(value, -HIGHEST - 1), HIGHEST)
    return (held << TIE_BITS) | _tie(low)


def order_values(values: Iterable[int | None], low: int) -> list[int | None]:
    """Return ``order_value`` of each value of one lien, at a third of the cost; None of None."""
    tie = _tie(low)
    return [
        None
        if value is None
        else value << TIE_BITS | tie
        if -HIGHEST <= value <= HIGHEST
        else order_value(value, low)
        for value in values
    ]


def _tie(low: int) -> int:
    return (low + _SIGN) >> (_LOW_BITS - TIE_BITS)


def plain_value(order: int) -> int:
    """Return the value that an order value was made of, as far as it holds it."""
    return order >> TIE_BITS
