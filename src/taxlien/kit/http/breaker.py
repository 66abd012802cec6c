"""Circuit breaker: after a row of failures a target gets a rest, then one trial call decides."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

from taxlien.kit.telemetry.metrics import BREAKER_OPEN

State = Literal["closed", "open", "half_open"]


class Breaker:
    """State of one target. Every ``allow()`` that says yes is followed by exactly one outcome call."""

    def __init__(
        self,
        target: str,
        *,
        failures_to_open: int = 5,
        rest_seconds: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.target = target
        self._failures_to_open = failures_to_open
        self._rest_seconds = rest_seconds
        self._clock = clock
        self._failures = 0
        self._opened_at: float | None = None
        self._trial_runs = False

    @property
    def state(self) -> State:
        """Return ``closed`` (calls pass), ``open`` (refused) or ``half_open`` (one trial may pass)."""
        if self._opened_at is None:
            return "closed"
        rested = self._clock() - self._opened_at >= self._rest_seconds
        return "half_open" if rested else "open"

    def allow(self) -> bool:
        """Say whether a call may go out now."""
        if self.state == "closed":
            return True
        if self.state == "open" or self._trial_runs:
            return False
        self._trial_runs = True
        return True

    def succeeded(self) -> None:
        """The target answered, whatever it said short of a server error."""
        self._failures = 0
        self._opened_at = None
        self._trial_runs = False
        BREAKER_OPEN.labels(self.target).set(0)

    def failed(self) -> None:
        """The target broke or did not answer."""
        self._failures += 1
        trial_failed = self._trial_runs
        self._trial_runs = False
        if trial_failed or self._failures >= self._failures_to_open:
            self._opened_at = self._clock()
            BREAKER_OPEN.labels(self.target).set(1)

    def abandoned(self) -> None:
        """Our own caller gave up before the target could answer: that says nothing about the target."""
        self._trial_runs = False
