"""When a mail that did not go out is tried again."""

from __future__ import annotations

import random

JITTER = 0.25


def pause_after(attempts: int, *, first: float, longest: float) -> float:
    """Return seconds until the next attempt: ``first`` after one, doubling, at most ``longest``.

    Up to a quarter is taken off at random, so that those who failed together do not return so.
    """
    pause = min(longest, first * 2.0 ** min(max(attempts, 1) - 1, 32))
    return pause * random.uniform(1 - JITTER, 1.0)  # noqa: S311
