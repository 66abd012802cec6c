"""When a signing key is made, signs, and is forgotten.

A key is published before it signs, so that every verifier has fetched it by then, and stays published
until the last token it signed is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple


class KeyTimes(NamedTuple):
    """One key, as far as the schedule goes."""

    kid: str
    signs_from: datetime


class KeyRules(NamedTuple):
    """How long a key signs, how long before that it is published, how long its tokens live."""

    signs_for: timedelta
    published_ahead: timedelta
    tokens_live: timedelta


def signing_now(keys: Sequence[KeyTimes], now: datetime) -> KeyTimes | None:
    """Return the key that signs at ``now``: the last that began. It goes on where no successor was made."""
    return max((k for k in keys if k.signs_from <= now), key=lambda k: k.signs_from, default=None)


def next_start(keys: Sequence[KeyTimes], now: datetime, rules: KeyRules) -> datetime | None:
    """Return when a new key has to begin, or None while none is needed yet.

    The first key of all begins at once. A successor is needed ``published_ahead`` before the last key's
    time is over; one that is late is still published that long before it signs.
    """
    if not keys:
        return now
    over = max(key.signs_from for key in keys) + rules.signs_for
    if now < over - rules.published_ahead:
        return None
    return max(over, now + rules.published_ahead)


def forgotten(keys: Sequence[KeyTimes], now: datetime, rules: KeyRules) -> list[str]:
    """Return the kids of keys whose successor has signed for longer than any of their tokens lives."""
    ordered = sorted(keys, key=lambda key: key.signs_from)
    return [
        key.kid
        for key, successor in pairwise(ordered)
        if successor.signs_from + rules.tokens_live < now
    ]
