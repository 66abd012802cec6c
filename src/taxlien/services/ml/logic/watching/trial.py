"""A trial of a challenger beside the champion: who sees which, and when it must stop.

A person is assigned by a hash, so that it is the same model at every visit and on every server, and
raising the share only moves people to the challenger, never back. A guardrail is looked at again and
again; a test that allows that is the mixture sequential probability ratio test (Robbins 1970; Johari,
Pekelis and Walsh 2017): over a whole trial it stops a harmless challenger with at most ``ALPHA``.
"""

from __future__ import annotations

import math
from hashlib import blake2b
from typing import Literal
from uuid import UUID

import msgspec

Arm = Literal["champion", "challenger"]

ALPHA = 0.01
FEWEST = 50  # of each arm: below it the normal law of the means is not near enough


class Trial(msgspec.Struct, frozen=True):
    """``share_pct`` of the people see the challenger; ``name`` mixes people anew for every trial."""

    name: str
    share_pct: float


class Measured(msgspec.Struct, frozen=True):
    """A metric of one arm where more is worse (an error, a latency): its count and moments."""

    count: int
    total: float
    squares: float

    @property
    def mean(self) -> float:
        return self.total / self.count

    @property
    def variance(self) -> float:
        """Of the mean."""
        spread = max(0.0, self.squares / self.count - self.mean**2)
        return spread / (self.count - 1)


def arm_of(trial: Trial, user_id: UUID) -> Arm:
    """Return which model this person sees in this trial."""
    digest = blake2b(user_id.bytes, digest_size=8, person=_person(trial.name)).digest()
    place = int.from_bytes(digest, "big") / 2**64
    return "challenger" if place < trial.share_pct / 100.0 else "champion"


def must_stop(champion: Measured, challenger: Measured, scale: float) -> bool:
    """Return whether the challenger is surely worse in this metric.

    ``scale``: how large a difference would matter (same unit): the test is most powerful about there.
    """
    if min(champion.count, challenger.count) < FEWEST:
        return False
    difference = challenger.mean - champion.mean
    variance = champion.variance + challenger.variance
    if difference <= 0:
        return False
    if variance == 0:
        return True
    return _log_ratio(difference, variance, scale) > math.log(1.0 / ALPHA)


def _log_ratio(difference: float, variance: float, scale: float) -> float:
    """Log likelihood ratio of differences spread normally with ``scale`` against none at all."""
    mixed = variance + scale**2
    return 0.5 * math.log(variance / mixed) + difference**2 * scale**2 / (2 * variance * mixed)


def _person(name: str) -> bytes:
    return blake2b(name.encode(), digest_size=16).digest()
