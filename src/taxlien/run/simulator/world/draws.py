"""Numbers that look random and follow from their keys alone: no state, so any record can be drawn first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar
from zlib import crc32

T = TypeVar("T")

_MASK = (1 << 64) - 1
_STEP = 0x9E3779B97F4A7C15


def mixed(value: int) -> int:
    """Spread ``value`` over 64 bits (the finalizer of splitmix64)."""
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def topic(name: str) -> int:
    """A number for a word, the same in every process."""
    return crc32(name.encode())


class Draw:
    """A stream of draws that its keys determine."""

    __slots__ = ("_state",)

    def __init__(self, *keys: int) -> None:
        state = 0
        for key in keys:
            state = mixed((state + _STEP + key) & _MASK)
        self._state = state

    def number(self) -> int:
        """A whole number below 2**64."""
        self._state = (self._state + _STEP) & _MASK
        return mixed(self._state)

    def below(self, limit: int) -> int:
        """A whole number from 0 to ``limit - 1``."""
        return self.number() % limit

    def between(self, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``, both included."""
        return low + self.number() % (high - low + 1)

    def share(self) -> float:
        """A number from 0 to below 1."""
        return (self.number() >> 11) / 9007199254740992.0

    def chance(self, share: float) -> bool:
        """True in ``share`` of all cases."""
        return self.share() < share

    def pick(self, choices: Sequence[T]) -> T:
        """One of ``choices``."""
        return choices[self.number() % len(choices)]

    def waiting(self, mean: float) -> float:
        """A time until something happens that happens every ``mean``."""
        return -mean * math.log(1.0 - self.share())

    def log_normal(self, median: float, sigma: float) -> float:
        """A positive amount; ``sigma`` is that of its logarithm."""
        size = math.sqrt(-2.0 * math.log(1.0 - self.share()))
        return median * math.exp(sigma * size * math.cos(2.0 * math.pi * self.share()))
