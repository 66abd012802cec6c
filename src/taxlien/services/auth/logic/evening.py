"""Answers that take the same time whatever was found."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def evenly(seconds: float, work: Callable[[], Awaitable[T]]) -> T:
    """Return what ``work`` returns, ``seconds`` after the start at the earliest, also when it raises.

    ``work`` must not hold a database connection when it ends: others would wait for it.
    """
    started = time.monotonic()
    try:
        return await work()
    finally:
        await asyncio.sleep(max(0.0, started + seconds - time.monotonic()))
